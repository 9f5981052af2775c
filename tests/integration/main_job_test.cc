// The main job, with every part as people run it: a webhook arrives, GitHub
// shows pending, a farm reports over gRPC, GitHub shows the result.

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <signal.h>

#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "signalbox/v1/status_service.grpc.pb.h"
#include "tests/integration/simulator_counters.h"
#include "tests/support/lasting_address.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

using nlohmann::json;

constexpr char kRepository[] = "acme/app";
constexpr char kSecret[] = "It's a Secret to Everybody";
constexpr char kToken[] = "the-hidden-pat";

// A farm's connection to the server.
class Farm {
 public:
  explicit Farm(const std::string& address)
      : stub_(v1::StatusService::NewStub(grpc::CreateChannel(
            address, grpc::InsecureChannelCredentials()))) {}

  // The guide's way: no number, the default context.
  grpc::Status Result(const std::string& sha, v1::Result result,
                      int64_t attempt = 0) {
    v1::ReportResultRequest request;
    request.set_repository(kRepository);
    request.set_sha(sha);
    request.set_result(result);
    request.set_attempt(attempt);
    grpc::ClientContext context;
    v1::ReportResultResponse response;
    return stub_->ReportResult(&context, request, &response);
  }

  v1::GetCommitStatusResponse Commit(const std::string& sha) {
    v1::GetCommitStatusRequest request;
    request.set_repository(kRepository);
    request.set_sha(sha);
    grpc::ClientContext context;
    v1::GetCommitStatusResponse response;
    stub_->GetCommitStatus(&context, request, &response);
    return response;
  }

 private:
  std::unique_ptr<v1::StatusService::Stub> stub_;
};

class MainJobTest : public testing::Test {
 protected:
  void SetUp() override {
    secret_file_ = dir_.path() + "/secret";
    std::ofstream(secret_file_) << kSecret << "\n";
    simulator_ = StartProgram("signalbox-github-simulator",
                              {"--listen", "127.0.0.1:0", "--token", kToken,
                               "--webhook-secret-file", secret_file_});
    simulator_address_ = simulator_->WaitForLine("listening on ");
    StartServer();
    shim_ = StartProgram("signalbox-shim",
                         {"--listen", "127.0.0.1:0", "--server", grpc_address_,
                          "--webhook-secret-file", secret_file_});
    shim_address_ = shim_->WaitForLine("listening on ");
  }

  void TearDown() override {
    ExpectGoodConduct("http://" + simulator_address_);
  }

  // Uses the address of the former server, if there was one.
  void StartServer() {
    server_ = StartProgram("signalbox-server",
                           {"--listen", grpc_address_, "--web-listen",
                            "127.0.0.1:0", "--data-dir", dir_.path() + "/data",
                            "--github-api-url", "http://" + simulator_address_},
                           {.environment = {{"GITHUB_TOKEN", kToken}}});
    server_->WaitForLine("grpc listening on ");
    web_address_ = server_->WaitForLine("web listening on ");
  }

  json Simulator(const std::string& target) {
    httplib::Client client("http://" + simulator_address_);
    client.set_read_timeout(40);
    const auto answer = client.Get(target.c_str());
    EXPECT_TRUE(answer) << target;
    return answer ? json::parse(answer->body, nullptr, false) : json();
  }

  json TellSimulator(const std::string& path, const json& body) {
    httplib::Client client("http://" + simulator_address_);
    client.set_read_timeout(40);
    const auto answer =
        client.Post(path.c_str(), body.dump(), "application/json");
    EXPECT_TRUE(answer) << path;
    EXPECT_TRUE(answer && answer->status < 300) << path;
    return answer ? json::parse(answer->body, nullptr, false) : json();
  }

  void ClearFaults() {
    httplib::Client client("http://" + simulator_address_);
    EXPECT_TRUE(client.Delete("/_simulator/faults"));
  }

  json SendWebhook(json webhook) {
    webhook["url"] = "http://" + shim_address_ + "/event_handler";
    if (!webhook.contains("repository")) webhook["repository"] = kRepository;
    return TellSimulator("/_simulator/webhooks", webhook);
  }

  // Opens a pull request; returns its head.
  std::string OpenPullRequest() {
    const json delivery =
        SendWebhook({{"event", "pull_request"}, {"action", "opened"}});
    EXPECT_EQ(delivery.value("status", 0), 202) << delivery.dump();
    return delivery.value("sha", "");
  }

  // Waits until GitHub shows `state` for the commit's ci/build.
  void ExpectShown(const std::string& sha, const std::string& state) {
    for (int rounds = 0; rounds < 20; ++rounds) {
      const int64_t seen = Simulator("/_simulator/events?after=0&wait=0")
                               .value("next", int64_t{0});
      const json shown = Simulator(absl::StrCat(
          "/_simulator/statuses?repository=", kRepository, "&sha=", sha));
      for (const json& status : shown.value("shown", json::array())) {
        if (status.value("context", "") == "ci/build" &&
            status.value("state", "") == state) {
          return;
        }
      }
      Simulator(absl::StrCat("/_simulator/events?after=", seen, "&wait=3"));
    }
    ADD_FAILURE() << "GitHub never showed " << state << "; server's log:\n"
                  << server_->Errors();
  }

  std::vector<std::string> StatesOf(const std::string& sha) {
    std::vector<std::string> states;
    const json shown = Simulator(absl::StrCat(
        "/_simulator/statuses?repository=", kRepository, "&sha=", sha));
    for (const json& row : shown.value("rows", json::array())) {
      states.push_back(row.value("state", ""));
    }
    return states;
  }

  TempDir dir_;
  std::string secret_file_;
  std::unique_ptr<Process> simulator_;
  std::unique_ptr<Process> server_;
  std::unique_ptr<Process> shim_;
  std::string simulator_address_;
  const std::string grpc_address_ = LastingAddress();
  std::string web_address_;
  std::string shim_address_;
};

TEST_F(MainJobTest, APullRequestGoesFromPendingToSuccess) {
  const std::string sha = OpenPullRequest();
  ExpectShown(sha, "pending");
  Farm farm(grpc_address_);
  ASSERT_TRUE(farm.Result(sha, v1::RESULT_SUCCESS).ok());
  ExpectShown(sha, "success");
  EXPECT_EQ(StatesOf(sha), (std::vector<std::string>{"pending", "success"}));
  EXPECT_EQ(farm.Commit(sha).state(), v1::COMMIT_STATE_SUCCESS);
}

TEST_F(MainJobTest, TheFormContentTypeWorksAsWell) {
  const json delivery = SendWebhook({{"event", "pull_request"},
                                     {"action", "opened"},
                                     {"content_type", "form"}});
  EXPECT_EQ(delivery.value("status", 0), 202);
  ExpectShown(delivery.value("sha", ""), "pending");
}

// After the ack the report is on disk, and the next process posts it.
TEST_F(MainJobTest, AResultSurvivesKillBetweenAckAndPost) {
  const std::string sha = OpenPullRequest();
  ExpectShown(sha, "pending");
  TellSimulator("/_simulator/faults",
                {{"name", "server_error_html"}, {"count", -1}});
  ASSERT_TRUE(Farm(grpc_address_).Result(sha, v1::RESULT_FAILURE, 5).ok());
  server_->Signal(SIGKILL);
  EXPECT_EQ(server_->Wait(), -SIGKILL);
  EXPECT_EQ(StatesOf(sha).back(), "pending");
  ClearFaults();
  StartServer();
  ExpectShown(sha, "failure");
}

TEST_F(MainJobTest, ADeliveryWhileTheServerIsAwayIsRefusedAndRedelivered) {
  server_->Signal(SIGTERM);
  EXPECT_EQ(server_->Wait(), 0);
  const json delivery =
      SendWebhook({{"event", "pull_request"}, {"action", "opened"}});
  EXPECT_EQ(delivery.value("status", 0), 503);
  StartServer();
  const json again = SendWebhook({{"redeliver", delivery["delivery"]}});
  EXPECT_EQ(again.value("status", 0), 202) << again.dump();
  ExpectShown(delivery.value("sha", ""), "pending");
}

TEST_F(MainJobTest, ADuplicateDeliveryChangesNothing) {
  const json delivery =
      SendWebhook({{"event", "pull_request"}, {"action", "opened"}});
  const std::string sha = delivery.value("sha", "");
  ExpectShown(sha, "pending");
  ASSERT_TRUE(Farm(grpc_address_).Result(sha, v1::RESULT_SUCCESS).ok());
  ExpectShown(sha, "success");
  const json again = SendWebhook({{"redeliver", delivery["delivery"]}});
  EXPECT_EQ(again.value("status", 0), 202);
  EXPECT_EQ(Farm(grpc_address_).Commit(sha).state(), v1::COMMIT_STATE_SUCCESS);
  EXPECT_EQ(StatesOf(sha), (std::vector<std::string>{"pending", "success"}));
}

TEST_F(MainJobTest, APushOfABranchIsShownAndItsDeletionIsNot) {
  const json push = SendWebhook({{"event", "push"}});
  EXPECT_EQ(push.value("status", 0), 202) << push.dump();
  ExpectShown(push.value("sha", ""), "pending");
  const json ping = SendWebhook({{"event", "ping"}});
  EXPECT_EQ(ping.value("status", 0), 200) << ping.dump();
}

// GitHub is slow. Stopping waits for the answer and loses nothing.
TEST_F(MainJobTest, StoppingFinishesOrGivesBackWhatIsInFlight) {
  const std::string sha = OpenPullRequest();
  ExpectShown(sha, "pending");
  TellSimulator("/_simulator/faults", {{"name", "slow"}, {"count", 1}});
  ASSERT_TRUE(Farm(grpc_address_).Result(sha, v1::RESULT_SUCCESS).ok());
  ExpectShown(sha, "success");  // Applied, and not yet answered.
  server_->Signal(SIGTERM);
  EXPECT_EQ(server_->Wait(absl::Seconds(10)), 0);
  StartServer();
  EXPECT_EQ(Farm(grpc_address_).Commit(sha).state(), v1::COMMIT_STATE_SUCCESS);
}

TEST_F(MainJobTest, TheWebPagesAnswer) {
  httplib::Client client("http://" + web_address_);
  EXPECT_EQ(client.Get("/healthz")->status, 200);
  EXPECT_EQ(client.Get("/readyz")->status, 200);
  const std::string sha = OpenPullRequest();
  ExpectShown(sha, "pending");
  const auto metrics = client.Get("/metrics");
  EXPECT_NE(metrics->body.find("signalbox_calls_total"), std::string::npos);
  EXPECT_EQ(metrics->body.find(kToken), std::string::npos);
}

}  // namespace
}  // namespace signalbox
