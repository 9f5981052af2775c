// A server that posts as a GitHub App, with every part as people run it.

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <signal.h>

#include <cstdint>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "signalbox/v1/status_service.grpc.pb.h"
#include "tests/github_simulator/app_key.h"
#include "tests/integration/commit.h"
#include "tests/integration/simulator_counters.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

using nlohmann::json;

constexpr int64_t kAppId = 12;

class AppTest : public testing::Test {
 protected:
  void SetUp() override {
    WriteKey(key_);
    std::ofstream(dir_.Path("token")) << "pat";
    std::ofstream(dir_.Path("server.yaml"))
        << "github:\n"
        << "  - accounts: [acme]\n"
        << "    app: {client_id: Iv23abc, private_key_file: "
        << dir_.Path("app.pem") << "}\n"
        << "  - accounts: [labs]\n"
        << "    token_file: " << dir_.Path("token") << "\n";
    simulator_ = StartProgram("signalbox-github-simulator",
                              {"--listen", "127.0.0.1:0", "--token", "pat"});
    simulator_address_ = simulator_->WaitForLine("listening on ");
    TellApp(key_);
    Install(77, "acme");
    for (const char* name : {"acme/app", "labs/app"}) {
      Tell("repositories",
           {{"full_name", name}, {"commits", json::array({kSha})}});
    }
  }

  // Nothing secret may be in the log.
  void TearDown() override {
    ExpectGoodConduct("http://" + simulator_address_);
    for (const char* secret : {"ghs_", "eyJ", "PRIVATE KEY", "Bearer"}) {
      EXPECT_EQ(server_->Errors().find(secret), std::string::npos)
          << server_->Errors();
    }
  }

  void WriteKey(const AppKey& key) {
    // Configuration systems have `\n` instead of newlines.
    std::string line;
    for (const char c : key.PrivatePem()) {
      absl::StrAppend(&line, c == '\n' ? "\\n" : std::string(1, c));
    }
    std::ofstream(dir_.Path("app.pem.new")) << line;
    ASSERT_EQ(
        rename(dir_.Path("app.pem.new").c_str(), dir_.Path("app.pem").c_str()),
        0);
  }

  void StartServer() {
    server_ = StartProgram(
        "signalbox-server",
        {"--config", dir_.Path("server.yaml"), "--listen", "127.0.0.1:0",
         "--web-listen", "127.0.0.1:0", "--data-dir", dir_.Path("data"),
         "--github-api-url", "http://" + simulator_address_});
    stub_ = v1::StatusService::NewStub(
        grpc::CreateChannel(server_->WaitForLine("grpc listening on "),
                            grpc::InsecureChannelCredentials()));
    web_address_ = server_->WaitForLine("web listening on ");
  }

  json Simulator(const std::string& target) {
    httplib::Client client("http://" + simulator_address_);
    client.set_read_timeout(40);
    const auto answer = client.Get(target.c_str());
    EXPECT_TRUE(answer) << target;
    return answer ? json::parse(answer->body, nullptr, false) : json();
  }

  void Tell(const std::string& what, const json& body) {
    httplib::Client client("http://" + simulator_address_);
    const auto answer = client.Post(("/_simulator/" + what).c_str(),
                                    body.dump(), "application/json");
    EXPECT_TRUE(answer && answer->status < 300) << what;
  }

  void TellApp(const AppKey& key) {
    Tell("apps", {{"id", kAppId},
                  {"client_id", "Iv23abc"},
                  {"slug", "box"},
                  {"public_key", key.PublicPem()}});
  }

  void Install(int64_t id, const std::string& account, bool suspended = false) {
    Tell("installations", {{"id", id},
                           {"app_id", kAppId},
                           {"account", account},
                           {"suspended", suspended}});
  }

  void Report(const std::string& repository, const std::string& context,
              v1::Result result = v1::RESULT_SUCCESS) {
    v1::ReportResultRequest request;
    request.set_repository(repository);
    request.set_sha(kSha);
    request.set_context(context);
    request.set_result(result);
    grpc::ClientContext call;
    v1::ReportResultResponse response;
    const grpc::Status status = stub_->ReportResult(&call, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
  }

  // Waits until GitHub shows a success; returns who made it.
  std::string CreatorOf(const std::string& repository,
                        const std::string& context) {
    for (int rounds = 0; rounds < 20; ++rounds) {
      const int64_t seen = Simulator("/_simulator/events?after=0&wait=0")
                               .value("next", int64_t{0});
      const json shown = Simulator(absl::StrCat(
          "/_simulator/statuses?repository=", repository, "&sha=", kSha));
      for (const json& status : shown.value("shown", json::array())) {
        if (status.value("context", "") == context &&
            status.value("state", "") == "success") {
          return status.value("creator", "");
        }
      }
      Simulator(absl::StrCat("/_simulator/events?after=", seen, "&wait=3"));
    }
    ADD_FAILURE() << "GitHub never showed it; server's log:\n"
                  << server_->Errors();
    return "";
  }

  // Waits until the metrics have this line.
  void ExpectMetric(const std::string& line) {
    httplib::Client client("http://" + web_address_);
    std::string text;
    for (int rounds = 0; rounds < 300; ++rounds) {
      const auto answer = client.Get("/metrics");
      text = answer ? answer->body : "";
      if (text.find(line) != std::string::npos) return;
      absl::SleepFor(absl::Milliseconds(50));
    }
    ADD_FAILURE() << text << server_->Errors();
  }

  TempDir dir_;
  const AppKey key_;
  std::unique_ptr<Process> simulator_;
  std::unique_ptr<Process> server_;
  std::unique_ptr<v1::StatusService::Stub> stub_;
  std::string simulator_address_;
  std::string web_address_;
};

TEST_F(AppTest, PostsAsTheAppWhereItIsInstalledAndByTokenElsewhere) {
  StartServer();
  Report("acme/app", "ci/build");
  Report("labs/app", "ci/build");
  EXPECT_EQ(CreatorOf("acme/app", "ci/build"), "box[bot]");
  EXPECT_NE(CreatorOf("labs/app", "ci/build"), "box[bot]");
  server_->Signal(SIGTERM);
  EXPECT_EQ(server_->Wait(), 0);
}

// The server stores the numbers of installations. After a restart it asks for
// tokens alone, even with thousands of installations.
TEST_F(AppTest, ARestartAsksForNoInstallationAgain) {
  StartServer();
  Report("acme/app", "ci/build");
  EXPECT_EQ(CreatorOf("acme/app", "ci/build"), "box[bot]");
  server_->Signal(SIGTERM);
  EXPECT_EQ(server_->Wait(), 0);
  // GitHub refuses GET /orgs/acme/installation, and the same of a user.
  Tell("faults", {{"name", "answer"},
                  {"count", -1},
                  {"target_contains", "acme/installation"},
                  {"status", 404},
                  {"message", "Not Found"}});
  StartServer();
  Report("acme/app", "ci/lint");
  EXPECT_EQ(CreatorOf("acme/app", "ci/lint"), "box[bot]");
}

// Its posts wait until a person resumes it, and delay no others.
TEST_F(AppTest, ASuspendedInstallationIsShownAndDelaysNoOther) {
  Install(77, "acme", /*suspended=*/true);
  StartServer();
  Report("acme/app", "ci/build");
  ExpectMetric(
      "signalbox_credential_stopped{credential=\"github.com/acme\",reason="
      "\"INSTALLATION_SUSPENDED\"} 1");
  Report("labs/app", "ci/build");
  EXPECT_NE(CreatorOf("labs/app", "ci/build"), "");
}

// Changing the key in time loses nothing. A late change costs time.
TEST_F(AppTest, ANewKeyIsUsedWithoutARestart) {
  const AppKey other;
  TellApp(other);
  StartServer();
  Report("acme/app", "ci/build");
  ExpectMetric(
      "signalbox_credential_stopped{credential=\"github.com/acme\",reason="
      "\"APP_REFUSED\"} 1");
  WriteKey(other);
  EXPECT_EQ(CreatorOf("acme/app", "ci/build"), "box[bot]");
  ExpectMetric(
      "signalbox_credential_stopped{credential=\"github.com/acme\",reason="
      "\"APP_REFUSED\"} 0");
}

// GitHub spreads a new token with a delay.
TEST_F(AppTest, ATokenThatIsNotKnownYetIsTriedAgain) {
  Tell("installations", {{"id", 77},
                         {"app_id", kAppId},
                         {"account", "acme"},
                         {"young_for_seconds", 2}});
  StartServer();
  Report("acme/app", "ci/build");
  EXPECT_EQ(CreatorOf("acme/app", "ci/build"), "box[bot]");
}

TEST_F(AppTest, AKeyThatIsNoneRefusesToStart) {
  std::ofstream(dir_.Path("app.pem")) << "canary";
  server_ = StartProgram(
      "signalbox-server",
      {"--config", dir_.Path("server.yaml"), "--listen", "127.0.0.1:0",
       "--web-listen", "127.0.0.1:0", "--data-dir", dir_.Path("data")});
  EXPECT_EQ(server_->Wait(), 2);
  const std::string error = server_->Errors();
  EXPECT_NE(error.find(dir_.Path("app.pem")), std::string::npos) << error;
  EXPECT_EQ(error.find("canary"), std::string::npos) << error;
}

}  // namespace
}  // namespace signalbox
