// What GitHub sends beside reports, and what it failed to send, with every part
// as people run it.

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <signal.h>

#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "signalbox/v1/status_service.grpc.pb.h"
#include "tests/github_simulator/app_key.h"
#include "tests/integration/simulator_counters.h"
#include "tests/support/lasting_address.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

using nlohmann::json;

class RecoveryProgramsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::ofstream(dir_.Path("secret")) << "hook-secret";
    simulator_ = StartProgram("signalbox-github-simulator",
                              {"--listen", "127.0.0.1:0", "--token", "pat",
                               "--webhook-secret-file", dir_.Path("secret")});
    simulator_address_ = simulator_->WaitForLine("listening on ");
    Tell("repositories", {{"full_name", "acme/app"}});
  }

  void TearDown() override {
    ExpectGoodConduct("http://" + simulator_address_);
    for (const char* secret : {"ghs_", "eyJ", "PRIVATE KEY", "hook-secret"}) {
      EXPECT_EQ(server_->Errors().find(secret), std::string::npos)
          << server_->Errors();
    }
  }

  void StartServer(const std::string& config) {
    std::ofstream(dir_.Path("server.yaml")) << config;
    server_ = StartProgram(
        "signalbox-server",
        {"--config", dir_.Path("server.yaml"), "--listen", grpc_address_,
         "--web-listen", "127.0.0.1:0", "--data-dir", dir_.Path("data"),
         "--github-api-url", "http://" + simulator_address_});
    server_->WaitForLine("grpc listening on ");
    stub_ = v1::StatusService::NewStub(
        grpc::CreateChannel(grpc_address_, grpc::InsecureChannelCredentials()));
  }

  void StartShim() {
    shim_ = StartProgram("signalbox-shim",
                         {"--listen", "127.0.0.1:0", "--server", grpc_address_,
                          "--webhook-secret-file", dir_.Path("secret")});
    shim_address_ = shim_->WaitForLine("listening on ");
  }

  // A server that posts with the token, and reads the repository's hook.
  std::string TokenConfig(const std::string& more = "") {
    std::ofstream(dir_.Path("token")) << "pat";
    Tell("roles", {{"where", "acme/app"}, {"token", "pat"}, {"role", "admin"}});
    return absl::StrCat(
        "github:\n  - accounts: [acme]\n    token_file: ", dir_.Path("token"),
        "\nrepositories:\n  - match: acme/app\n", more);
  }

  void AddHook() {
    Tell("hooks",
         {{"repository", "acme/app"},
          {"url", "http://" +
                      (shim_address_.empty() ? std::string("127.0.0.1:9")
                                             : shim_address_) +
                      "/event_handler"},
          {"secret", "hook-secret"},
          {"events", {"*"}}});
  }

  json Simulator(const std::string& target) {
    httplib::Client client("http://" + simulator_address_);
    client.set_read_timeout(40);
    const auto answer = client.Get(target.c_str());
    EXPECT_TRUE(answer) << target;
    return answer ? json::parse(answer->body, nullptr, false) : json();
  }

  json Tell(const std::string& what, const json& body) {
    httplib::Client client("http://" + simulator_address_);
    client.set_read_timeout(40);
    const auto answer = client.Post(("/_simulator/" + what).c_str(),
                                    body.dump(), "application/json");
    EXPECT_TRUE(answer && answer->status < 300)
        << what << (answer ? answer->body : "");
    return answer ? json::parse(answer->body, nullptr, false) : json();
  }

  // Opens a pull request; returns its head.
  std::string OpenPullRequest() {
    return Tell("webhooks",
                {{"event", "pull_request"}, {"repository", "acme/app"}})["sha"];
  }

  // Waits until GitHub shows `state` for a commit.
  bool Shows(const std::string& sha, const std::string& state,
             const std::string& repository = "acme/app") {
    // Other events may come meanwhile.
    int64_t after = 0;
    for (int idle_waits = 0; idle_waits < 2;) {
      const json statuses = Simulator(absl::StrCat(
          "/_simulator/statuses?repository=", repository, "&sha=", sha));
      if (!statuses["shown"].empty() &&
          statuses["shown"][0]["state"] == state) {
        return true;
      }
      const int64_t next = Simulator(
          absl::StrCat("/_simulator/events?wait=15&after=", after))["next"];
      if (next == after) ++idle_waits;
      after = next;
    }
    return false;
  }

  void Report(const std::string& sha, v1::Result result) {
    grpc::ClientContext context;
    v1::ReportResultRequest request;
    request.set_repository("acme/app");
    request.set_sha(sha);
    request.set_result(result);
    v1::ReportResultResponse response;
    const grpc::Status status =
        stub_->ReportResult(&context, request, &response);
    ASSERT_TRUE(status.ok()) << status.error_message();
  }

  TempDir dir_;
  std::unique_ptr<Process> simulator_, server_, shim_;
  const std::string grpc_address_ = LastingAddress();
  std::string simulator_address_, shim_address_;
  std::unique_ptr<v1::StatusService::Stub> stub_;
};

TEST_F(RecoveryProgramsTest, WhatAnAppsHookMissedBecomesPendingAfterAll) {
  const AppKey key;
  std::ofstream(dir_.Path("app.pem")) << key.PrivatePem();
  Tell("apps",
       {{"id", 12}, {"client_id", "Iv23abc"}, {"public_key", key.PublicPem()}});
  Tell("installations", {{"id", 77}, {"app_id", 12}, {"account", "acme"}});
  const std::string config = absl::StrCat(
      "github:\n  - accounts: [acme]\n    app: {client_id: "
      "Iv23abc, private_key_file: ",
      dir_.Path("app.pem"), "}\n");
  StartServer(config);
  StartShim();
  server_->Signal(SIGKILL);
  server_->Wait();
  Tell("hooks", {{"app_id", 12},
                 {"url", "http://" + shim_address_ + "/event_handler"},
                 {"secret", "hook-secret"},
                 {"events", {"*"}}});
  // The shim is up, but its server is not: 503.
  std::vector<std::string> heads;
  for (int i = 0; i < 2; ++i) heads.push_back(OpenPullRequest());
  // The shim is down.
  Tell("settings", {{"webhooks_fail", 0}});
  for (int i = 0; i < 3; ++i) heads.push_back(OpenPullRequest());
  Tell("settings", {{"webhooks_fail", -1}});
  StartServer(config);
  for (const std::string& head : heads) EXPECT_TRUE(Shows(head, "pending"));
}

TEST_F(RecoveryProgramsTest, WithoutAPublicAddressDeliveriesArePulled) {
  AddHook();
  const std::string before = OpenPullRequest();
  StartServer(TokenConfig() + "recovery: {pull: true, pull_every: 5s}\n");
  EXPECT_TRUE(Shows(before, "pending"));
  EXPECT_TRUE(Shows(OpenPullRequest(), "pending"));
}

TEST_F(RecoveryProgramsTest, HeadsThatNoWebhookToldOfAreFound) {
  Tell("repositories", {{"full_name", "acme/app"}});
  const std::string sha(40, 'a');
  Tell("pull_requests", {{"full_name", "acme/app"}, {"sha", sha}});
  const std::string config = TokenConfig();
  // The token may set statuses, but sees no hooks.
  Tell("roles", {{"where", "acme/app"}, {"token", "pat"}, {"role", "write"}});
  StartServer(config);
  EXPECT_TRUE(Shows(sha, "pending"));
}

// The wish is on disk before the shim answers GitHub.
TEST_F(RecoveryProgramsTest, ARetestSurvivesAKill) {
  const std::string config = TokenConfig();
  StartServer(config);
  StartShim();
  AddHook();
  Tell("roles",
       {{"where", "acme/app"}, {"login", "octocat"}, {"role", "write"}});
  const std::string head = OpenPullRequest();
  ASSERT_TRUE(Shows(head, "pending"));
  Report(head, v1::RESULT_FAILURE);
  ASSERT_TRUE(Shows(head, "failure"));

  // GitHub cannot tell octocat's role yet.
  Tell("faults", {{"name", "server_error_json"},
                  {"count", -1},
                  {"target_contains", "/pulls/"}});
  Tell("reruns",
       {{"full_name", "acme/app"}, {"sha", head}, {"context", "ci/build"}});
  const json told = Tell(
      "webhooks", {{"event", "issue_comment"}, {"repository", "acme/app"}});
  ASSERT_EQ(told["status"], 202);
  server_->Signal(SIGKILL);
  server_->Wait();
  httplib::Client("http://" + simulator_address_).Delete("/_simulator/faults");
  StartServer(config);
  EXPECT_TRUE(Shows(head, "pending"));
}

TEST_F(RecoveryProgramsTest, ARenamedRepositoryKeepsItsStatuses) {
  StartServer(TokenConfig());
  StartShim();
  AddHook();
  const std::string head = OpenPullRequest();
  ASSERT_TRUE(Shows(head, "pending"));
  const json told = Tell("webhooks", {{"event", "repository"},
                                      {"action", "renamed"},
                                      {"repository", "acme/app"},
                                      {"new_full_name", "acme/new"}});
  ASSERT_EQ(told["status"], 202) << told.dump();
  grpc::ClientContext context;
  v1::GetCommitStatusRequest request;
  request.set_repository("acme/new");
  request.set_sha(head);
  v1::GetCommitStatusResponse commit;
  ASSERT_TRUE(stub_->GetCommitStatus(&context, request, &commit).ok());
  EXPECT_EQ(commit.repository(), "acme/new");
  Report(head, v1::RESULT_SUCCESS);  // By its old name.
  EXPECT_TRUE(Shows(head, "success", "acme/new"));
}

}  // namespace
}  // namespace signalbox
