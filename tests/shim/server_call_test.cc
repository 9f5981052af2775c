#include "shim/server_call.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/rpc/server_connection.h"
#include "tests/common/webhook/hook_results.h"
#include "tests/shim/fake_server.h"

namespace signalbox {
namespace {

class ServerCallTest : public ::testing::Test {
 protected:
  ServerCallTest() {
    server_.Start();
    stub_ = *ConnectToServer(absl::StrCat("127.0.0.1:", server_.port()));
  }

  // Makes the call that a delivery asks for.
  ServerAnswer Deliver(const std::string& event, const Json& payload) {
    const HookResult result = Read(event, payload);
    if (!IsCall(result)) {
      ADD_FAILURE() << event << ": " << Why(result);
      return {};
    }
    v1::Delivery delivery;
    delivery.set_id("an-id");
    delivery.set_event(event);
    delivery.set_digest(std::string(32, 'd'));
    if (link_ == nullptr) {
      link_ = std::make_unique<ServerLink>(*stub_, Secret(token_));
    }
    return CallServer(std::get<HookCall>(result), delivery,
                      std::chrono::steady_clock::now() + timeout_, *link_);
  }

  std::string token_;
  std::chrono::milliseconds timeout_{60'000};

  // As Deliver. Returns the one request of its kind that the server got.
  v1::ReportPendingRequest Pending(const std::string& event,
                                   const Json& payload) {
    EXPECT_TRUE(Deliver(event, payload).status.ok());
    ExpectDelivery(server_.Requests().back(), event, payload);
    return server_.Requests().back();
  }
  v1::ReportResultRequest Result(const std::string& event,
                                 const Json& payload) {
    EXPECT_TRUE(Deliver(event, payload).status.ok());
    ExpectDelivery(server_.Results().back(), event, payload);
    return server_.Results().back();
  }
  v1::ReportEventRequest Event(const std::string& event, const Json& payload) {
    EXPECT_TRUE(Deliver(event, payload).status.ok());
    ExpectDelivery(server_.Events().back(), event, payload);
    return server_.Events().back();
  }

  template <typename Request>
  void ExpectDelivery(const Request& request, const std::string& event,
                      const Json& payload) {
    EXPECT_EQ(request.delivery().id(), "an-id");
    EXPECT_EQ(server_.RequestIds().back(), "an-id");
    EXPECT_EQ(request.delivery().digest(), std::string(32, 'd'));
    EXPECT_EQ(request.delivery().event(), event);
    EXPECT_EQ(request.delivery().action(), payload.value("action", ""));
  }

  FakeServer server_;
  std::unique_ptr<v1::StatusService::Stub> stub_;
  std::unique_ptr<ServerLink> link_;  // Made by the first delivery.
};

template <typename Repeated>
std::vector<std::string> Texts(const Repeated& repeated) {
  return {repeated.begin(), repeated.end()};
}

TEST_F(ServerCallTest, TheServerMayWantToKnowWhoCalls) {
  EXPECT_TRUE(Deliver("pull_request", PullRequestPayload()).status.ok());
  EXPECT_EQ(server_.Authorization(), "");
  token_ = "shim-token";
  for (const auto streams :
       {FakeServer::Streams::kAll, FakeServer::Streams::kNone}) {
    link_ = nullptr;
    server_.Offer(streams);
    EXPECT_TRUE(Deliver("pull_request", PullRequestPayload()).status.ok());
    EXPECT_EQ(server_.Authorization(), "Bearer shim-token");
  }
  EXPECT_EQ(server_.Streamed(), 2);
}

TEST_F(ServerCallTest, ReportsGoOverOneStreamAndEventsDoNot) {
  for (int i = 0; i < 3; ++i) {
    Pending("push", PushPayload());
    Result("status", StatusPayload());
    Event("repository", RenamedPayload());
  }
  EXPECT_EQ(server_.Streamed(), 6);
  EXPECT_EQ(server_.Requests().size(), 3u);
  EXPECT_EQ(server_.Results().size(), 3u);
}

// What the shim learns must not depend on how it asks.
TEST_F(ServerCallTest, AStreamAnswersAsTheCallsDo) {
  const auto text = [&](const char* event, const Json& payload) {
    const ServerAnswer answer = Deliver(event, payload);
    return absl::StrCat(answer.status.error_code(), " ",
                        answer.status.error_message(), " ", answer.not_granted,
                        " ", answer.nothing_done);
  };
  const std::pair<const char*, Json> deliveries[] = {
      {"push", PushPayload()}, {"status", StatusPayload()}};
  for (const auto& [event, payload] : deliveries) {
    std::vector<std::vector<std::string>> answers;
    for (const auto streams :
         {FakeServer::Streams::kAll, FakeServer::Streams::kNone,
          FakeServer::Streams::kWithoutNotGranted}) {
      link_ = nullptr;
      server_.Offer(streams);
      answers.emplace_back();
      for (int code = 1; code <= 16; ++code) {
        server_.Answer(grpc::Status(static_cast<grpc::StatusCode>(code), "so"));
        answers.back().push_back(text(event, payload));
      }
      for (const int receipts : {0, 1}) {
        server_.Answer(grpc::Status::OK, receipts);
        answers.back().push_back(text(event, payload));
      }
      for (const char* lacks : {"right", "repository", ""}) {
        server_.AnswerNotGranted(lacks);
        answers.back().push_back(text(event, payload));
      }
      server_.Answer(grpc::Status::OK);
    }
    EXPECT_EQ(answers[0], answers[1]) << event;
    EXPECT_EQ(answers[0], answers[2]) << event;
  }
}

TEST_F(ServerCallTest, ALateAnswerIsNoAnswer) {
  server_.Hold();
  timeout_ = std::chrono::milliseconds(100);
  EXPECT_EQ(Deliver("push", PushPayload()).status.error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
  server_.Release();
  timeout_ = std::chrono::minutes(1);
  EXPECT_TRUE(Deliver("push", PushPayload()).status.ok());
  EXPECT_EQ(server_.Streamed(), 2);
}

// A description fits, whatever GitHub lets people write. Only a report with
// very many contexts does not.
TEST_F(ServerCallTest, ALargeReportDoesNotRiskTheStream) {
  HookReport report;
  report.repository = "acme/app";
  report.sha = kHeadSha;
  report.contexts.assign(1000, std::string(200, 'x'));
  ServerLink link(*stub_, Secret());
  EXPECT_TRUE(CallServer({"", report}, v1::Delivery(),
                         std::chrono::steady_clock::now() + timeout_, link)
                  .status.ok());
  EXPECT_EQ(server_.Streamed(), 0);
  EXPECT_EQ(server_.Requests().size(), 1u);
}

// From the delivery's action the server learns that the base has changed.
TEST_F(ServerCallTest, AnotherBaseIsARerunOfThePullRequest) {
  const v1::ReportPendingRequest call =
      Pending("pull_request", RetargetPayload());
  EXPECT_TRUE(call.rerun());
  EXPECT_EQ(call.delivery().action(), "edited");
  EXPECT_EQ(call.change().event(), "pull_request");
  EXPECT_EQ(call.change().pull_request_number(), 2);
  EXPECT_FALSE(call.has_observed());
}

TEST_F(ServerCallTest, MergeGroupIsAPendingWithItsRefs) {
  const v1::ReportPendingRequest call =
      Pending("merge_group", MergeGroupPayload());
  EXPECT_EQ(call.repository(), "Codertocat/Hello-World");
  EXPECT_EQ(call.repository_id(), 186853002);
  EXPECT_EQ(call.sha(), kHeadSha);
  EXPECT_FALSE(call.rerun());
  EXPECT_TRUE(call.contexts().empty());
  EXPECT_EQ(call.change().event(), "merge_group");
  EXPECT_EQ(call.change().base_ref(), "refs/heads/main");
  EXPECT_EQ(call.change().head_ref(),
            "refs/heads/gh-readonly-queue/main/pr-104-929f8209");
  EXPECT_FALSE(call.change().has_updated_time());
}

TEST_F(ServerCallTest, ReRunsTellOfNoChange) {
  v1::ReportPendingRequest call = Pending("check_run", CheckRunPayload());
  EXPECT_EQ(call.sha(), kHeadSha);
  EXPECT_TRUE(call.rerun());
  EXPECT_EQ(Texts(call.contexts()), std::vector<std::string>{"ci/build"});
  EXPECT_FALSE(call.has_change());

  call = Pending("check_suite", CheckSuitePayload());
  EXPECT_EQ(call.sha(), kHeadSha);
  EXPECT_TRUE(call.rerun());
  EXPECT_TRUE(call.contexts().empty());
  EXPECT_FALSE(call.has_change());
}

TEST_F(ServerCallTest, StatusIsAnObservedReport) {
  const auto expect_observed = [](const auto& call) {
    EXPECT_EQ(call.repository(), "Codertocat/Hello-World");
    EXPECT_EQ(call.repository_id(), 186853002);
    EXPECT_EQ(call.sha(), kHeadSha);
    EXPECT_EQ(call.description(), "Built in 3 s");
    EXPECT_EQ(call.target_url(), "https://ci.example.com/7");
    EXPECT_EQ(call.observed().status_id(), 6805126730);
    EXPECT_EQ(call.observed().creator_login(), "octocat");
    EXPECT_EQ(call.attempt(), 0);
  };
  const v1::ReportPendingRequest pending =
      Pending("status", StatusPayload("pending"));
  expect_observed(pending);
  EXPECT_EQ(Texts(pending.contexts()), std::vector<std::string>{"ci/build"});
  EXPECT_FALSE(pending.rerun());
  EXPECT_FALSE(pending.has_change());

  const std::pair<const char*, v1::Result> results[] = {
      {"success", v1::RESULT_SUCCESS},
      {"failure", v1::RESULT_FAILURE},
      {"error", v1::RESULT_ERROR}};
  for (const auto& [state, result] : results) {
    const v1::ReportResultRequest call = Result("status", StatusPayload(state));
    expect_observed(call);
    EXPECT_EQ(call.context(), "ci/build");
    EXPECT_EQ(call.result(), result) << state;
  }
  EXPECT_EQ(server_.Requests().size(), 1u);
}

TEST_F(ServerCallTest, RetestIsARequestForARerun) {
  const v1::ReportEventRequest call =
      Event("issue_comment", CommentPayload("/retest a\n/retest \"b c\""));
  ASSERT_TRUE(call.has_rerun_requested());
  const v1::RerunRequested& event = call.rerun_requested();
  EXPECT_EQ(event.repository(), "Codertocat/Hello-World");
  EXPECT_EQ(event.pull_request_number(), 2);
  EXPECT_EQ(Texts(event.contexts()), (std::vector<std::string>{"a", "b c"}));
  EXPECT_EQ(event.login(), "Codertocat");
  EXPECT_EQ(event.author_association(), "OWNER");
}

TEST_F(ServerCallTest, RepositoriesTellWhatBecameOfThem) {
  v1::ReportEventRequest call = Event("repository", RenamedPayload());
  ASSERT_TRUE(call.has_repository_renamed());
  EXPECT_EQ(call.repository_renamed().repository(), "Codertocat/Hello-World");
  EXPECT_EQ(call.repository_renamed().old_repository(), "Codertocat/Old.World");
  EXPECT_EQ(call.repository_renamed().repository_id(), 186853002);

  call = Event("repository", TransferredPayload());
  ASSERT_TRUE(call.has_repository_transferred());
  EXPECT_EQ(call.repository_transferred().repository(),
            "Codertocat/Hello-World");
  EXPECT_EQ(call.repository_transferred().old_repository(),
            "old-owner/Hello-World");
  EXPECT_EQ(call.repository_transferred().repository_id(), 186853002);

  for (const bool archived : {true, false}) {
    call = Event("repository",
                 RepositoryEventPayload(archived ? "archived" : "unarchived"));
    ASSERT_TRUE(call.has_repository_archived());
    EXPECT_EQ(call.repository_archived().repository(),
              "Codertocat/Hello-World");
    EXPECT_EQ(call.repository_archived().repository_id(), 186853002);
    EXPECT_EQ(call.repository_archived().archived(), archived);
  }
}

TEST_F(ServerCallTest, InstallationsTellTheirAction) {
  const std::pair<const char*, Json> deliveries[] = {
      {"installation", InstallationPayload("suspend")},
      {"installation_repositories",
       InstallationRepositoriesPayload("removed")}};
  for (const auto& [name, payload] : deliveries) {
    const v1::ReportEventRequest call = Event(name, payload);
    ASSERT_TRUE(call.has_installation_changed());
    EXPECT_EQ(call.installation_changed().installation_id(), 957387);
    EXPECT_EQ(call.installation_changed().account(), "Codertocat");
    EXPECT_EQ(call.installation_changed().action(),
              payload["action"].get<std::string>());
    EXPECT_EQ(call.installation_changed().app_id(), 29310);
  }
}

TEST_F(ServerCallTest, SaysWhyNothingWasDone) {
  EXPECT_EQ(Deliver("push", PushPayload()).nothing_done, "");
  server_.Answer(grpc::Status::OK, 0);
  EXPECT_EQ(Deliver("push", PushPayload()).nothing_done,
            "the server expects no context for it");
  EXPECT_EQ(Deliver("installation", InstallationPayload()).nothing_done, "");
  server_.Answer(grpc::Status(grpc::UNIMPLEMENTED, ""));
  const ServerAnswer answer = Deliver("installation", InstallationPayload());
  EXPECT_TRUE(answer.status.ok());
  EXPECT_NE(answer.nothing_done, "");
  EXPECT_FALSE(Deliver("push", PushPayload()).status.ok());
}

TEST_F(ServerCallTest, SummaryIsForTheLog) {
  const auto summary = [](const char* event, const Json& payload) {
    const CallSummary found =
        Summarize(std::get<HookCall>(Read(event, payload)));
    return absl::StrCat(found.method, " ", found.repository, " ", found.sha);
  };
  const std::string commit = absl::StrCat(" Codertocat/Hello-World ", kHeadSha);
  EXPECT_EQ(summary("push", PushPayload()), "ReportPending" + commit);
  EXPECT_EQ(summary("status", StatusPayload()), "ReportResult" + commit);
  EXPECT_EQ(summary("status", StatusPayload("pending")),
            "ReportPending" + commit);
  EXPECT_EQ(summary("issue_comment", CommentPayload()),
            "ReportEvent Codertocat/Hello-World ");
  EXPECT_EQ(summary("installation", InstallationPayload()),
            "ReportEvent Codertocat ");
}

}  // namespace
}  // namespace signalbox
