// What GitHub does not show, as an operator finds and retries it.

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "signalbox/v1/status_service.grpc.pb.h"
#include "tests/integration/commit.h"
#include "tests/integration/simulator_counters.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

using nlohmann::json;

class ListingTest : public testing::Test {
 protected:
  void SetUp() override {
    simulator_ = StartProgram("signalbox-github-simulator",
                              {"--listen", "127.0.0.1:0", "--token", "token"});
    simulator_address_ = simulator_->WaitForLine("listening on ");
    for (const char* name : {"acme/app", "acme/lib"}) {
      Tell("repositories",
           {{"full_name", name}, {"commits", json::array({kSha})}});
    }
    server_ = StartProgram(
        "signalbox-server",
        {"--listen", "127.0.0.1:0", "--web-listen", "127.0.0.1:0", "--data-dir",
         dir_.Path("data"), "--github-api-url", "http://" + simulator_address_},
        {.environment = {{"GITHUB_TOKEN", "token"}}});
    grpc_address_ = server_->WaitForLine("grpc listening on ");
  }

  void TearDown() override {
    ExpectGoodConduct("http://" + simulator_address_);
  }

  void Tell(const std::string& what, const json& body) {
    httplib::Client client("http://" + simulator_address_);
    const auto answer = client.Post(("/_simulator/" + what).c_str(),
                                    body.dump(), "application/json");
    EXPECT_TRUE(answer && answer->status < 300) << what;
  }

  // Requests whose target has this text get this answer.
  void Refuse(const std::string& target, int status,
              const std::string& message) {
    Tell("faults", {{"name", "answer"},
                    {"count", -1},
                    {"target_contains", target},
                    {"status", status},
                    {"message", message}});
  }

  // Runs the command line; returns what it wrote to stdout.
  std::string Signalbox(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--server", grpc_address_});
    const std::unique_ptr<Process> process =
        StartProgram("signalbox", arguments);
    EXPECT_EQ(process->Wait(), 0) << process->Output() << process->Errors();
    return process->Output();
  }

  void Report(const std::string& repository, const std::string& context) {
    Signalbox({"result", "success", "--repository", repository, "--sha", kSha,
               "--context", context});
  }

  // "REPOSITORY CONTEXT REASON" of all that `list` says with these flags.
  std::set<std::string> List(std::vector<std::string> flags) {
    flags.insert(flags.begin(), {"list", "--json"});
    const std::string output = Signalbox(flags);
    const json list = json::parse(output, nullptr, false);
    std::set<std::string> found;
    for (const json& one : list.value("statuses", json::array())) {
      const json status = one.value("status", json::object());
      found.insert(absl::StrCat(
          one.value("repository", ""), " ", status.value("context", ""), " ",
          status.value("posting", json::object()).value("reason", "")));
    }
    return found;
  }

  // Waits until `list` says this.
  void Await(const std::vector<std::string>& flags,
             const std::set<std::string>& wanted) {
    std::set<std::string> found;
    for (int rounds = 0; rounds < 150; ++rounds) {
      found = List(flags);
      if (found == wanted) return;
      absl::SleepFor(absl::Milliseconds(100));
    }
    EXPECT_EQ(found, wanted) << server_->Errors();
  }

  TempDir dir_;
  std::unique_ptr<Process> simulator_;
  std::unique_ptr<Process> server_;
  std::string simulator_address_;
  std::string grpc_address_;
};

// Only a retry brings an abandoned status back. A status that waits for a
// permission has another reason, and stays.
TEST_F(ListingTest, WhatIsStuckIsListedAndTriedAgainByItsReason) {
  EXPECT_TRUE(absl::StrContains(Signalbox({"list"}), "nothing is left"));
  const auto refuse_app = [this] {
    Refuse("acme/app/statuses", 403, "Resource not accessible by integration");
  };
  refuse_app();
  Refuse("acme/lib/statuses", 422, "Validation Failed");
  Report("acme/app", "ci/build");
  Report("acme/lib", "ci/build");
  Report("acme/lib", "ci/lint");
  const std::set<std::string> waiting = {
      "acme/app ci/build PERMISSION_MISSING"};
  const std::set<std::string> abandoned = {
      "acme/lib ci/build VALIDATION_FAILED",
      "acme/lib ci/lint VALIDATION_FAILED"};
  std::set<std::string> stuck = waiting;
  stuck.insert(abandoned.begin(), abandoned.end());
  Await({"--stuck"}, stuck);
  EXPECT_EQ(List({}), stuck);
  EXPECT_EQ(List({"--stuck", "--reason", "PERMISSION_MISSING"}), waiting);
  EXPECT_EQ(List({"--posting", "abandoned"}), abandoned);
  EXPECT_EQ(List({"--repository", "acme/a*"}), waiting);
  const std::string table = Signalbox({"list", "--stuck"});
  EXPECT_TRUE(absl::StrContains(table, "acme/app")) << table;
  EXPECT_TRUE(absl::StrContains(table, "ci/lint")) << table;

  httplib::Client("http://" + simulator_address_).Delete("/_simulator/faults");
  refuse_app();
  const std::string retried =
      Signalbox({"retry", "--all", "--reason", "VALIDATION_FAILED"});
  EXPECT_TRUE(absl::StrContains(retried, "2 statuses")) << retried;
  Await({"--posting", "posted"}, {"acme/lib ci/build ", "acme/lib ci/lint "});
  EXPECT_EQ(List({"--stuck"}), waiting);
}

}  // namespace
}  // namespace signalbox
