// Callers' tokens: made, used and replaced while the server runs.

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <atomic>
#include <cstdio>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/mutex.h"
#include "signalbox/v1/status_service.grpc.pb.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

struct MadeToken {
  std::string token;
  std::string digest;
};

class TokenTest : public testing::Test {
 protected:
  static MadeToken Make() {
    const auto program =
        StartProgram("signalbox-server", {"token", "new", "farm"});
    EXPECT_EQ(program->Wait(), 0) << program->Errors();
    const std::string& output = program->Output();
    const size_t digest = output.find("echo ") + 5;
    return {output.substr(0, output.find('\n')), output.substr(digest, 64)};
  }

  // Replaces a file in one step, as an operator should.
  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = dir_.path() + "/" + name;
    std::ofstream(path + ".new") << text << "\n";
    EXPECT_EQ(std::rename((path + ".new").c_str(), path.c_str()), 0);
    return path;
  }

  void Start(const std::string& config) {
    server_ = StartProgram(
        "signalbox-server",
        {"--listen", "127.0.0.1:0", "--web-listen", "127.0.0.1:0", "--data-dir",
         dir_.path() + "/data", "--config", Write("server.yaml", config)});
    server_->WaitForLine("grpc listening on ");
    stub_ = v1::StatusService::NewStub(grpc::CreateChannel(
        server_->found(), grpc::InsecureChannelCredentials()));
    server_->WaitForLine("web listening on ");
  }

  // Whether `condition` becomes true in time.
  static bool Becomes(const std::function<bool()>& condition) {
    const absl::Time end = absl::Now() + absl::Seconds(30);
    while (!condition()) {
      if (absl::Now() > end) return false;
      absl::SleepFor(absl::Milliseconds(10));
    }
    return true;
  }

  grpc::StatusCode CallWith(const std::string& token) {
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer " + token);
    v1::GetServerInfoResponse response;
    return stub_->GetServerInfo(&context, {}, &response).error_code();
  }

  TempDir dir_;
  std::unique_ptr<Process> server_;
  std::unique_ptr<v1::StatusService::Stub> stub_;
};

// A farm with two tokens takes the newer one as soon as the server knows it,
// and then the operator replaces the other one.
TEST_F(TokenTest, ChangingTokensCostsNoCall) {
  constexpr int kChanges = 4;
  MadeToken current = Make();
  const std::string files[] = {Write("0.sha256", current.digest),
                               Write("1.sha256", Make().digest)};
  Start(absl::StrCat("callers:\n- name: farm\n  tokens:\n  - sha256_file: ",
                     files[0], "\n  - sha256_file: ", files[1],
                     "\n  repositories: [acme/*]\n  contexts: [ci/*]\n"));
  Mutex mu;
  std::string used = current.token;
  std::atomic<bool> stop = false;
  std::atomic<int> calls = 0;
  std::atomic<int> failures = 0;
  std::thread farm([&] {
    while (!stop) {
      std::string token;
      {
        MutexLock lock(&mu);
        token = used;
      }
      if (CallWith(token) != grpc::StatusCode::OK) ++failures;
      ++calls;
    }
  });
  std::string replaced;
  for (int change = 1; change <= kChanges; ++change) {
    const MadeToken next = Make();
    Write(absl::StrCat(change % 2, ".sha256"), next.digest);
    EXPECT_TRUE(
        Becomes([&] { return CallWith(next.token) == grpc::StatusCode::OK; }));
    EXPECT_EQ(CallWith(current.token), grpc::StatusCode::OK);
    if (!replaced.empty()) {
      EXPECT_EQ(CallWith(replaced), grpc::StatusCode::UNAUTHENTICATED);
    }
    {
      MutexLock lock(&mu);
      used = next.token;
    }
    // The farm has a call under way with the token that is replaced next.
    EXPECT_TRUE(
        Becomes([&, before = calls.load()] { return calls > before + 1; }));
    replaced = current.token;
    current = next;
  }
  stop = true;
  farm.join();
  EXPECT_EQ(failures, 0) << "of " << calls;
  server_->Signal(SIGTERM);
  EXPECT_EQ(server_->Wait(), 0);
  EXPECT_FALSE(absl::StrContains(server_->Errors(), current.token));
}

TEST_F(TokenTest, AFileThatIsBrokenLaterChangesNothing) {
  const MadeToken made = Make();
  const std::string file = Write("farm.sha256", made.digest);
  Start(absl::StrCat("callers:\n- name: farm\n  token_sha256_file: ", file,
                     "\n  repositories: [acme/*]\n  contexts: [ci/*]\n"));
  EXPECT_EQ(CallWith(made.token), grpc::StatusCode::OK);
  Write("farm.sha256", "not a digest");
  EXPECT_TRUE(Becomes([&] {
    return absl::StrContains(server_->Errors(), file + ":1: ");
  })) << server_->Errors();
  EXPECT_EQ(CallWith(made.token), grpc::StatusCode::OK);
}

// A deployment must not end the tokens of the jobs that run meanwhile.
TEST_F(TokenTest, AnIssuedTokenSurvivesARestart) {
  const MadeToken made = Make();
  const std::string config =
      absl::StrCat("callers:\n- name: farm\n  token_sha256_file: ",
                   Write("farm.sha256", made.digest),
                   "\n  repositories: [acme/*]\n  contexts: [ci/*]\n");
  Start(config);
  grpc::ClientContext context;
  context.AddMetadata("authorization", "Bearer " + made.token);
  v1::IssueTokenResponse issued;
  ASSERT_TRUE(stub_->IssueToken(&context, {}, &issued).ok());
  const std::string keys = dir_.path() + "/data/issued_token_keys";
  struct stat found;
  ASSERT_EQ(stat(keys.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
  EXPECT_EQ(CallWith(issued.token()), grpc::StatusCode::OK);
  server_->Signal(SIGKILL);
  server_->Wait();
  Start(config);
  EXPECT_EQ(CallWith(issued.token()), grpc::StatusCode::OK);
  server_->Signal(SIGTERM);
  EXPECT_EQ(server_->Wait(), 0);
  EXPECT_FALSE(absl::StrContains(server_->Errors(), issued.token()));
  // Without its keys, the server knows none of its tokens.
  ASSERT_EQ(std::remove(keys.c_str()), 0);
  Start(config);
  EXPECT_EQ(CallWith(issued.token()), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(CallWith(made.token), grpc::StatusCode::OK);
}

TEST_F(TokenTest, ANameThatIsNoneIsRefused) {
  const auto program =
      StartProgram("signalbox-server", {"token", "new", "a b"});
  EXPECT_EQ(program->Wait(), 2);
  EXPECT_TRUE(absl::StrContains(program->Errors(), "NAME: \"a b\""));
  EXPECT_EQ(program->Output(), "");
}

}  // namespace
}  // namespace signalbox
