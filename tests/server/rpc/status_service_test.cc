#include "server/rpc/status_service.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/error.h"
#include "common/request_id.h"
#include "tests/server/rpc/service_test.h"
#include "tests/support/rename_repository.h"
#include "tests/support/turns.h"

namespace signalbox {
namespace {

class StatusServiceTest : public ServiceTest {
 protected:
  v1::ReportPendingRequest Pending(const std::string& context = "ci/build") {
    v1::ReportPendingRequest request;
    request.set_repository("acme/app");
    request.set_sha(kSha);
    request.add_contexts(context);
    return request;
  }

  v1::ReportResultRequest ResultOf(v1::Result result, int64_t attempt = 0) {
    v1::ReportResultRequest request;
    request.set_repository("acme/app");
    request.set_sha(kSha);
    request.set_result(result);
    request.set_attempt(attempt);
    return request;
  }

  v1::GetCommitStatusResponse Commit(
      const std::string& repository = "acme/app") {
    grpc::ClientContext context;
    v1::GetCommitStatusRequest request;
    request.set_repository(repository);
    request.set_sha(kSha);
    v1::GetCommitStatusResponse response;
    const grpc::Status status =
        stub_->GetCommitStatus(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }

  grpc::Status Report(const v1::ReportResultRequest& request,
                      v1::ReportResultResponse* response,
                      std::string* reason = nullptr) {
    grpc::ClientContext context;
    const grpc::Status status =
        stub_->ReportResult(&context, request, response);
    if (reason != nullptr) *reason = Trailer(context, "signalbox-reason");
    return status;
  }
};

TEST_F(StatusServiceTest, ReportsAreKeptAndShown) {
  grpc::ClientContext context;
  v1::ReportPendingRequest pending = Pending();
  pending.add_contexts("ci/lint");
  v1::ReportPendingResponse pending_response;
  ASSERT_TRUE(stub_->ReportPending(&context, pending, &pending_response).ok());
  ASSERT_EQ(pending_response.receipts_size(), 2);
  EXPECT_EQ(pending_response.receipts(0).context(), "ci/build");
  EXPECT_EQ(pending_response.receipts(0).disposition(),
            v1::DISPOSITION_ACCEPTED);
  EXPECT_EQ(pending_response.receipts(1).context(), "ci/lint");
  EXPECT_GT(pending_response.receipts(1).sequence(),
            pending_response.receipts(0).sequence());

  v1::ReportResultResponse response;
  ASSERT_TRUE(Report(ResultOf(v1::RESULT_SUCCESS), &response).ok());
  EXPECT_EQ(response.receipt().disposition(), v1::DISPOSITION_ACCEPTED);

  const v1::GetCommitStatusResponse commit = Commit();
  EXPECT_EQ(commit.state(), v1::COMMIT_STATE_PENDING);
  ASSERT_EQ(commit.statuses_size(), 2);
  EXPECT_EQ(commit.statuses(0).context(), "ci/build");
  EXPECT_EQ(commit.statuses(0).state(), v1::COMMIT_STATE_SUCCESS);
  EXPECT_EQ(commit.statuses(1).state(), v1::COMMIT_STATE_PENDING);
}

// Every page and every question finds such a name again.
TEST_F(StatusServiceTest, AContextMayHaveAnyLetters) {
  std::string wide;
  while (wide.size() < 3 * 255) wide += "\u20ac";
  v1::ReportPendingRequest pending = Pending("Tests \u00bb Gr\u00fcn");
  pending.add_contexts(wide);
  pending.add_contexts("\u0421\u0431\u043e\u0440\u043a\u0430");
  grpc::ClientContext context;
  v1::ReportPendingResponse receipts;
  ASSERT_TRUE(stub_->ReportPending(&context, pending, &receipts).ok());
  v1::GetCommitStatusRequest request;
  request.set_repository("acme/app");
  request.set_sha(kSha);
  request.set_page_size(1);
  std::vector<std::string> shown;
  do {
    grpc::ClientContext asked;
    v1::GetCommitStatusResponse page;
    ASSERT_TRUE(stub_->GetCommitStatus(&asked, request, &page).ok());
    ASSERT_EQ(page.statuses_size(), 1);
    shown.push_back(page.statuses(0).context());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(shown, (std::vector<std::string>{pending.contexts(0),
                                             pending.contexts(2), wide}));
  v1::ExplainStatusRequest explained;
  explained.set_repository("acme/app");
  explained.set_sha(kSha);
  explained.set_context("tests \u00bb gr\u00fcn");
  grpc::ClientContext asked;
  v1::ExplainStatusResponse why;
  ASSERT_TRUE(stub_->ExplainStatus(&asked, explained, &why).ok());
  EXPECT_EQ(why.status().context(), pending.contexts(0));
}

TEST_F(StatusServiceTest, RepeatingANumberedResultChangesNothing) {
  v1::ReportResultResponse first;
  v1::ReportResultResponse second;
  ASSERT_TRUE(Report(ResultOf(v1::RESULT_FAILURE, 3), &first).ok());
  ASSERT_TRUE(Report(ResultOf(v1::RESULT_FAILURE, 3), &second).ok());
  EXPECT_EQ(second.receipt().disposition(), v1::DISPOSITION_UNCHANGED);
  EXPECT_EQ(second.receipt().sequence(), first.receipt().sequence());
}

// Two shards of one build share a context. A failure stays, whichever ends
// last.
TEST_F(StatusServiceTest, OfTwoResultsOfOneAttemptTheWorseOneStands) {
  v1::ReportResultResponse response;
  ASSERT_TRUE(Report(ResultOf(v1::RESULT_SUCCESS, 78), &response).ok());
  ASSERT_TRUE(Report(ResultOf(v1::RESULT_FAILURE, 78), &response).ok());
  EXPECT_EQ(response.receipt().disposition(), v1::DISPOSITION_ACCEPTED);
  const int64_t sequence = response.receipt().sequence();
  ASSERT_TRUE(Report(ResultOf(v1::RESULT_SUCCESS, 78), &response).ok());
  EXPECT_EQ(response.receipt().disposition(), v1::DISPOSITION_SUPERSEDED);
  EXPECT_EQ(response.receipt().sequence(), sequence);
  EXPECT_EQ(Commit().state(), v1::COMMIT_STATE_FAILURE);
}

// Another job has another counter.
TEST_F(StatusServiceTest, NumbersOfTwoSeriesAreNotCompared) {
  v1::ReportResultRequest request = ResultOf(v1::RESULT_FAILURE, 300);
  request.set_series("jenkins:https://ci.example.com/job/app");
  v1::ReportResultResponse response;
  ASSERT_TRUE(Report(request, &response).ok());
  request = ResultOf(v1::RESULT_SUCCESS, 12);
  request.set_series("jenkins:https://ci.example.com/job/nightly");
  ASSERT_TRUE(Report(request, &response).ok());
  EXPECT_EQ(response.receipt().disposition(), v1::DISPOSITION_ACCEPTED);
  EXPECT_EQ(Commit().state(), v1::COMMIT_STATE_SUCCESS);
  EXPECT_EQ(Commit().statuses(0).attempt(), 12);
  EXPECT_EQ(Commit().statuses(0).series(), request.series());
}

TEST_F(StatusServiceTest, BadInputIsRefusedWithAReasonAndLeavesNothing) {
  v1::ReportResultRequest request = ResultOf(v1::RESULT_SUCCESS);
  request.set_sha("main");
  v1::ReportResultResponse response;
  std::string reason;
  const grpc::Status status = Report(request, &response, &reason);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(),
            "sha: \"main\" is not a full SHA (40 or 64 hexadecimal digits)");
  EXPECT_EQ(reason, "INVALID_SHA");

  grpc::ClientContext context;
  v1::ListCommitsResponse commits;
  ASSERT_TRUE(
      stub_->ListCommits(&context, v1::ListCommitsRequest(), &commits).ok());
  EXPECT_EQ(commits.commits_size(), 0);
}

TEST_F(StatusServiceTest, AnUnknownCommitIsNotFound) {
  grpc::ClientContext context;
  v1::GetCommitStatusRequest request;
  request.set_repository("acme/app");
  request.set_sha(kSha);
  v1::GetCommitStatusResponse response;
  const grpc::Status status =
      stub_->GetCommitStatus(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(Trailer(context, "signalbox-reason"), "NOTHING_REPORTED");
}

TEST_F(StatusServiceTest, CommitsAreListedNewestFirstPageByPage) {
  for (int i = 0; i < 5; ++i) {
    v1::ReportResultRequest request = ResultOf(v1::RESULT_SUCCESS);
    request.set_sha(std::string(39, 'a') + std::to_string(i));
    v1::ReportResultResponse response;
    ASSERT_TRUE(Report(request, &response).ok());
  }
  std::string seen;
  std::string token;
  int pages = 0;
  do {
    grpc::ClientContext context;
    v1::ListCommitsRequest request;
    request.set_repository("ACME/app");
    request.set_page_size(2);
    request.set_page_token(token);
    v1::ListCommitsResponse response;
    ASSERT_TRUE(stub_->ListCommits(&context, request, &response).ok());
    for (const v1::CommitSummary& commit : response.commits()) {
      seen += commit.sha().back();
      EXPECT_EQ(commit.status_count(), 1);
      EXPECT_EQ(commit.state(), v1::COMMIT_STATE_SUCCESS);
    }
    token = response.next_page_token();
    ++pages;
  } while (!token.empty() && pages < 10);
  EXPECT_EQ(seen, "43210");
}

TEST_F(StatusServiceTest, RefusesABadPage) {
  for (const char* token : {"x", "-1", "0", "9999999999999999999999"}) {
    grpc::ClientContext context;
    v1::ListCommitsRequest request;
    request.set_page_token(token);
    v1::ListCommitsResponse response;
    EXPECT_EQ(stub_->ListCommits(&context, request, &response).error_code(),
              grpc::StatusCode::INVALID_ARGUMENT)
        << token;
  }
  grpc::ClientContext context;
  v1::ListCommitsRequest request;
  request.set_page_size(-1);
  v1::ListCommitsResponse response;
  EXPECT_EQ(stub_->ListCommits(&context, request, &response).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(StatusServiceTest, EventsAreStoredOnce) {
  v1::ReportResultResponse ended;
  ASSERT_TRUE(Report(ResultOf(v1::RESULT_SUCCESS, 1), &ended).ok());
  v1::ReportEventRequest request;
  request.mutable_delivery()->set_id("d1");
  request.mutable_delivery()->set_event("repository");
  request.mutable_repository_renamed()->set_repository("acme/new");
  request.mutable_repository_renamed()->set_old_repository("acme/app");
  request.mutable_repository_renamed()->set_repository_id(7);
  for (int i = 0; i < 2; ++i) {
    grpc::ClientContext context;
    v1::ReportEventResponse response;
    ASSERT_TRUE(stub_->ReportEvent(&context, request, &response).ok());
  }
  EXPECT_EQ(Commit("acme/new").repository(), "acme/new");
  EXPECT_EQ(events_stored_, 1);

  grpc::ClientContext context;
  v1::ReportEventResponse response;
  request.clear_repository_renamed();
  EXPECT_EQ(stub_->ReportEvent(&context, request, &response).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Trailer(context, "signalbox-reason"), "INVALID_EVENT");
}

TEST_F(StatusServiceTest, DiagnosesARepository) {
  diagnosis_.credential = "github.com/acme";
  diagnosis_.permissions = {"statuses=write"};
  diagnosis_.rate_limit = 5000;
  diagnosis_.rate_limit_remaining = 4321;
  diagnosis_.rate_limit_reset_time = absl::FromUnixSeconds(1'800'000'000);
  diagnosis_.problems = {{"REPOSITORY_ARCHIVED", "It is archived."}};
  diagnosis_.hook_settings = {"Hook 5 sends push."};
  grpc::ClientContext context;
  v1::DiagnoseRepositoryRequest request;
  request.set_repository("Acme/App");
  v1::DiagnoseRepositoryResponse response;
  ASSERT_TRUE(stub_->DiagnoseRepository(&context, request, &response).ok());
  EXPECT_THAT(response.expected_contexts(), testing::ElementsAre("ci/build"));
  EXPECT_NE(response.expected_contexts_reason(), "");
  EXPECT_EQ(response.credential(), "github.com/acme");
  EXPECT_THAT(response.permissions(), testing::ElementsAre("statuses=write"));
  EXPECT_EQ(response.rate_limit(), 5000);
  EXPECT_EQ(response.rate_limit_remaining(), 4321);
  EXPECT_EQ(response.rate_limit_reset_time().seconds(), 1'800'000'000);
  ASSERT_EQ(response.problems_size(), 1);
  EXPECT_EQ(response.problems(0).code(), "REPOSITORY_ARCHIVED");
  EXPECT_EQ(response.problems(0).message(), "It is archived.");
  EXPECT_THAT(response.hook_settings(),
              testing::ElementsAre("Hook 5 sends push."));

  request.set_repository("acme");
  grpc::ClientContext bad_context;
  EXPECT_EQ(
      stub_->DiagnoseRepository(&bad_context, request, &response).error_code(),
      grpc::StatusCode::INVALID_ARGUMENT);
}

// A diagnosis without questions to GitHub ends in the reaction of gRPC, which
// must not wait for the disk.
TEST_F(StatusServiceTest, ADiagnosisReadsTheStoreOnTheReadQueue) {
  grpc::ClientContext context;
  v1::DiagnoseRepositoryRequest request;
  request.set_repository("acme/app");
  v1::DiagnoseRepositoryResponse response;
  ASSERT_TRUE(stub_->DiagnoseRepository(&context, request, &response).ok());
  EXPECT_NE(gate_->name_thread(), std::thread::id());
  EXPECT_NE(gate_->name_thread(), diagnosis_thread_.load());
}

TEST_F(StatusServiceTest, SaysWhichServerItIs) {
  grpc::ClientContext context;
  v1::GetServerInfoResponse response;
  ASSERT_TRUE(stub_->GetServerInfo(&context, {}, &response).ok());
  EXPECT_EQ(response.version(), "1.2.3");
  EXPECT_EQ(response.revision(), "6dcb09b");
  ASSERT_EQ(response.hosts_size(), 1);
  EXPECT_EQ(response.hosts(0).name(), "github.com");
  EXPECT_EQ(response.hosts(0).api_url(), "https://api.github.com");
  EXPECT_THAT(
      response.features(),
      testing::ElementsAre("bookmarks", "if_sequence", "newest_text_wins",
                           "never_expires", "issue_token"));
  EXPECT_EQ(response.grants().caller(), "");
  EXPECT_THAT(response.grants().rights(),
              testing::UnorderedElementsAre("report", "read", "operate",
                                            "webhook", "admin"));
  EXPECT_THAT(response.grants().repositories(), testing::ElementsAre("*"));
  EXPECT_THAT(response.grants().contexts(), testing::ElementsAre("*"));
}

TEST_F(StatusServiceTest, SaysWhoTheCallerIs) {
  StopServing();
  Serve({CallerOf("farm", {"acme/*"}, {"ci/*"}, {Right::kReport}),
         CallerOf("other", {"other/*"}, {}, {Right::kRead})});
  const auto ask = [this](const std::string& token,
                          v1::GetServerInfoResponse* response) {
    grpc::ClientContext context;
    if (!token.empty()) {
      context.AddMetadata("authorization", "Bearer " + token);
    }
    return stub_->GetServerInfo(&context, {}, response).error_code();
  };
  v1::GetServerInfoResponse response;
  EXPECT_EQ(ask("", &response), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(ask("nobody", &response), grpc::StatusCode::UNAUTHENTICATED);
  ASSERT_EQ(ask("farm", &response), grpc::StatusCode::OK);
  EXPECT_EQ(response.grants().caller(), "farm");
  EXPECT_THAT(response.grants().rights(), testing::ElementsAre("report"));
  EXPECT_THAT(response.grants().repositories(), testing::ElementsAre("acme/*"));
  EXPECT_THAT(response.grants().contexts(), testing::ElementsAre("ci/*"));
  EXPECT_FALSE(response.grants().has_token_expire_time());
  EXPECT_FALSE(response.grants().forward());
}

// The shim sends requests on to GitHub only if the answer says so.
TEST_F(StatusServiceTest, SaysWhetherTheTokenIsGitHubsOwn) {
  StopServing();
  Caller tool = CallerOf("ghp_tool", {"acme/*"}, {"ci/*"}, {Right::kRead});
  tool.forward = true;
  // By mistake: its token is Signalbox's, and must not reach GitHub.
  Caller wrong = CallerOf("sbt_wrong", {"acme/*"}, {"ci/*"}, {Right::kRead});
  wrong.forward = true;
  Serve({tool, wrong,
         CallerOf("ghp_farm", {"acme/*"}, {"ci/*"}, {Right::kReport})});
  for (const auto& [token, forwards] :
       {std::pair{"ghp_tool", true}, std::pair{"sbt_wrong", false},
        std::pair{"ghp_farm", false}}) {
    grpc::ClientContext context;
    context.AddMetadata("authorization", absl::StrCat("token ", token));
    v1::GetServerInfoResponse response;
    ASSERT_TRUE(stub_->GetServerInfo(&context, {}, &response).ok());
    EXPECT_EQ(response.grants().forward(), forwards) << token;
  }
}

TEST_F(StatusServiceTest, SaysWhenTheTokenEnds) {
  StopServing();
  const absl::Time hour = absl::FromUnixSeconds(
      absl::ToUnixSeconds(Clock::System()->Now() + absl::Hours(1)));
  Caller lasting = CallerOf("lasting", {"acme/*"}, {"ci/*"}, {Right::kReport});
  lasting.tokens[0].expire_time = hour;
  Caller ended = CallerOf("ended", {"acme/*"}, {"ci/*"}, {Right::kReport});
  ended.tokens[0].expire_time = hour - absl::Hours(2);
  Serve({lasting, ended});
  v1::GetServerInfoResponse response;
  grpc::ClientContext first;
  first.AddMetadata("authorization", "Bearer lasting");
  ASSERT_TRUE(stub_->GetServerInfo(&first, {}, &response).ok());
  EXPECT_EQ(response.grants().token_expire_time().seconds(),
            absl::ToUnixSeconds(hour));
  grpc::ClientContext second;
  second.AddMetadata("authorization", "Bearer ended");
  EXPECT_EQ(stub_->GetServerInfo(&second, {}, &response).error_code(),
            grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(Trailer(second, "signalbox-reason"), "TOKEN_EXPIRED");
}

// The client's id if it sent one, else one of the server's.
TEST_F(StatusServiceTest, EachCallHasARequestId) {
  const auto stored = [this](const std::string& context) {
    const auto history = outbox_->GetHistory(
        StatusKey::Of(*ParseRepository("acme/app"), *ParseSha(kSha), context));
    return history.ok() ? history->reports.back().request_id : "";
  };
  for (const std::string& sent :
       {std::string("farm:4.2_x-1"), std::string(), std::string("two words"),
        std::string(65, 'a')}) {
    SCOPED_TRACE(sent);
    grpc::ClientContext context;
    if (!sent.empty()) context.AddMetadata("signalbox-request-id", sent);
    v1::ReportResultRequest request = ResultOf(v1::RESULT_FAILURE);
    request.set_context("ci/" + std::to_string(sent.size()));
    v1::ReportResultResponse answer;
    ASSERT_TRUE(stub_->ReportResult(&context, request, &answer).ok());
    const std::string id = Trailer(context, "signalbox-request-id");
    EXPECT_TRUE(IsRequestId(id)) << id;
    EXPECT_EQ(id == sent, sent == "farm:4.2_x-1") << id;
    EXPECT_EQ(stored(request.context()), id);
  }
  grpc::ClientContext context;
  context.AddMetadata("signalbox-request-id", "id-of-an-error");
  v1::ReportResultResponse answer;
  EXPECT_FALSE(stub_->ReportResult(&context, {}, &answer).ok());
  EXPECT_EQ(Trailer(context, "signalbox-request-id"), "id-of-an-error");
}

TEST_F(StatusServiceTest, AcceptsOnlyWhatTheCallerHasSeen) {
  v1::ReportResultRequest first = ResultOf(v1::RESULT_FAILURE);
  first.set_if_sequence(0);
  v1::ReportResultResponse answer;
  ASSERT_TRUE(Report(first, &answer).ok());
  const int64_t seen = answer.receipt().sequence();

  // A repeat of the held report is unchanged.
  ASSERT_TRUE(Report(first, &answer).ok());
  EXPECT_EQ(answer.receipt().disposition(), v1::DISPOSITION_UNCHANGED);

  v1::ReportResultRequest another = ResultOf(v1::RESULT_SUCCESS);
  another.set_if_sequence(seen - 1);
  grpc::ClientContext context;
  const grpc::Status refused = stub_->ReportResult(&context, another, &answer);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::ABORTED);
  EXPECT_EQ(Trailer(context, "signalbox-reason"), "CHANGED");
  EXPECT_EQ(refused.error_message(),
            absl::StrCat("if_sequence: ", seen - 1,
                         " is older than the newest report of ci/build "
                         "(failure), so the server did not accept this one; "
                         "read the status again before you report"));

  another.set_if_sequence(seen);
  ASSERT_TRUE(Report(another, &answer).ok());
  EXPECT_EQ(answer.receipt().disposition(), v1::DISPOSITION_ACCEPTED);
}

TEST_F(StatusServiceTest, IfSequenceIsOfOneContextAndOfNoWebhook) {
  const auto reason_of = [this](const v1::ReportPendingRequest& request) {
    grpc::ClientContext context;
    v1::ReportPendingResponse response;
    EXPECT_EQ(stub_->ReportPending(&context, request, &response).error_code(),
              grpc::StatusCode::INVALID_ARGUMENT);
    return Trailer(context, "signalbox-reason");
  };
  v1::ReportPendingRequest request;
  request.set_repository("acme/app");
  request.set_sha(kSha);
  request.set_if_sequence(-1);
  EXPECT_EQ(reason_of(request), "INVALID_IF_SEQUENCE");
  request.set_if_sequence(0);
  request.add_contexts("ci/a");
  request.add_contexts("ci/b");
  EXPECT_EQ(reason_of(request), "INVALID_IF_SEQUENCE");
  request.mutable_contexts()->RemoveLast();
  request.mutable_delivery()->set_id("1");
  request.mutable_delivery()->set_event("push");
  EXPECT_EQ(reason_of(request), "INVALID_IF_SEQUENCE");
  request.clear_delivery();
  request.mutable_observed()->set_status_id(5);
  EXPECT_EQ(reason_of(request), "INVALID_IF_SEQUENCE");
}

TEST_F(StatusServiceTest, SaysThatANameIsAnOldOne) {
  v1::ReportResultResponse ended;
  ASSERT_TRUE(Report(ResultOf(v1::RESULT_SUCCESS, 7), &ended).ok());
  ASSERT_TRUE(RenameRepository(*outbox_, *ParseRepository("acme/app"),
                               *ParseRepository("acme/site"), 7,
                               Clock::System()->Now())
                  .ok());
  for (const std::string name : {"acme/app", "acme/site"}) {
    grpc::ClientContext explain_context;
    v1::ExplainStatusRequest explain;
    explain.set_repository(name);
    explain.set_sha(kSha);
    v1::ExplainStatusResponse explained;
    ASSERT_TRUE(
        stub_->ExplainStatus(&explain_context, explain, &explained).ok());
    grpc::ClientContext diagnose_context;
    v1::DiagnoseRepositoryRequest diagnose;
    diagnose.set_repository(name);
    v1::DiagnoseRepositoryResponse diagnosis;
    ASSERT_TRUE(
        stub_->DiagnoseRepository(&diagnose_context, diagnose, &diagnosis)
            .ok());
    const std::string old = "acme/app is an old name of acme/site";
    if (name == "acme/app") {
      EXPECT_THAT(explained.next_step(), testing::StartsWith(old));
      ASSERT_EQ(diagnosis.problems_size(), 1);
      EXPECT_EQ(diagnosis.problems(0).code(), "OLD_NAME");
      EXPECT_THAT(diagnosis.problems(0).message(), testing::StartsWith(old));
    } else {
      EXPECT_THAT(explained.next_step(),
                  testing::Not(testing::HasSubstr("old name")));
      EXPECT_THAT(diagnosis.problems(), testing::IsEmpty());
    }
  }
}

TEST_F(StatusServiceTest, ExplainsAStatus) {
  trouble_ = {"RATE_LIMITED", absl::InfinitePast()};
  grpc::ClientContext report_context;
  v1::ReportPendingRequest pending = Pending();
  pending.set_attempt(7);
  v1::ReportPendingResponse accepted;
  ASSERT_TRUE(stub_->ReportPending(&report_context, pending, &accepted).ok());
  v1::ReportResultResponse ended;
  ASSERT_TRUE(Report(ResultOf(v1::RESULT_FAILURE, 7), &ended).ok());
  Try attempted;
  attempted.http_status = 502;
  attempted.request_id = "AB:12";
  attempted.reason = "SERVER_ERROR";
  attempted.message = "Server Error";
  LeaseRequest take;
  take.credential = "github.com/acme";
  take.lease_time = absl::Hours(1);
  const auto lease = signalbox::TakeDue(*outbox_, take, Clock::System()->Now());
  ASSERT_TRUE(lease.ok() && lease->has_value());
  Settlement settlement;
  settlement.entry_id = (*lease)->entry_id;
  settlement.version = (*lease)->version;
  settlement.kind = Settlement::Kind::kRetry;
  settlement.reason = "SERVER_ERROR";
  settlement.retry_in = absl::Hours(24);
  settlement.attempted = attempted;
  ASSERT_TRUE(
      signalbox::Settle(*outbox_, settlement, Clock::System()->Now()).ok());

  grpc::ClientContext context;
  v1::ExplainStatusRequest request;
  request.set_repository("acme/app");
  request.set_sha(kSha);
  v1::ExplainStatusResponse response;
  ASSERT_TRUE(stub_->ExplainStatus(&context, request, &response).ok());
  EXPECT_EQ(response.status().state(), v1::COMMIT_STATE_FAILURE);
  EXPECT_EQ(response.status().posting().state(), v1::POSTING_STATE_WAITING);
  ASSERT_EQ(response.reports_size(), 2);
  EXPECT_EQ(response.reports(0).state(), v1::COMMIT_STATE_PENDING);
  EXPECT_EQ(response.reports(0).attempt(), 7);
  EXPECT_EQ(response.reports(1).result(), v1::RESULT_FAILURE);
  EXPECT_EQ(response.reports(1).disposition(), v1::DISPOSITION_ACCEPTED);
  EXPECT_EQ(response.reports(1).sequence(), ended.receipt().sequence());
  EXPECT_TRUE(IsRequestId(response.reports(0).request_id()));
  EXPECT_NE(response.reports(0).request_id(), response.reports(1).request_id());
  ASSERT_EQ(response.tries_size(), 1);
  EXPECT_EQ(response.tries(0).http_status(), 502);
  EXPECT_EQ(response.tries(0).request_id(), "AB:12");
  EXPECT_EQ(response.tries(0).reason(), "SERVER_ERROR");
  EXPECT_EQ(response.tries(0).message(), "Server Error");
  EXPECT_EQ(response.tries(0).decision(), "the server will try again");
  EXPECT_EQ(response.tries(0).sequence(), ended.receipt().sequence());
  EXPECT_NE(response.next_step().find("SERVER_ERROR"), std::string::npos);

  v1::ReportResultRequest waiting = ResultOf(v1::RESULT_SUCCESS);
  waiting.set_context("ci/waits");
  ASSERT_TRUE(Report(waiting, &ended).ok());
  const v1::GetCommitStatusResponse commit = Commit();
  for (const v1::CommitStatus& status : commit.statuses()) {
    EXPECT_EQ(status.posting().state(), v1::POSTING_STATE_WAITING);
    EXPECT_EQ(status.posting().reason(),
              status.context() == "ci/waits" ? "RATE_LIMITED" : "SERVER_ERROR");
  }
  EXPECT_NE(response.next_step().find("RATE_LIMITED"), std::string::npos);
}

TEST_F(StatusServiceTest, RetriesWhatWasAbandoned) {
  v1::ReportResultResponse ended;
  ASSERT_TRUE(Report(ResultOf(v1::RESULT_SUCCESS), &ended).ok());
  LeaseRequest take;
  take.credential = "github.com/acme";
  take.lease_time = absl::Hours(1);
  const auto lease = signalbox::TakeDue(*outbox_, take, Clock::System()->Now());
  ASSERT_TRUE(lease.ok() && lease->has_value());
  Settlement settlement;
  settlement.entry_id = (*lease)->entry_id;
  settlement.version = (*lease)->version;
  settlement.kind = Settlement::Kind::kAbandoned;
  settlement.reason = "PERMISSION_MISSING";
  ASSERT_TRUE(
      signalbox::Settle(*outbox_, settlement, Clock::System()->Now()).ok());
  EXPECT_EQ(Commit().statuses(0).posting().state(),
            v1::POSTING_STATE_ABANDONED);

  v1::RetryPostRequest request;
  request.set_repository("ACME/app");
  request.set_sha(kSha);
  request.set_context("CI/build");
  for (int repeats = 0; repeats < 2; ++repeats) {
    grpc::ClientContext context;
    v1::RetryPostResponse response;
    ASSERT_TRUE(stub_->RetryPost(&context, request, &response).ok());
    EXPECT_EQ(response.status().posting().state(), v1::POSTING_STATE_DUE);
    EXPECT_EQ(response.status().posting().reason(), "");
  }
  EXPECT_EQ(became_due_, 2);
}

// This test's client has gRPC's default limit.
TEST_F(StatusServiceTest, LargeAnswersComeInPages) {
  for (int i = 0; i < 8; ++i) {
    v1::ReportPendingRequest pending = Pending(absl::StrCat("ci/", i, "00"));
    for (int j = 1; j < 100; ++j) {
      pending.add_contexts(absl::StrCat("ci/", i * 100 + j, "/x"));
    }
    pending.set_description(std::string(4096, 'd'));
    pending.set_target_url("https://e/" + std::string(2000, 'u'));
    grpc::ClientContext context;
    v1::ReportPendingResponse response;
    ASSERT_TRUE(stub_->ReportPending(&context, pending, &response).ok());
  }
  std::set<std::string> contexts;
  v1::GetCommitStatusRequest get;
  get.set_repository("acme/app");
  get.set_sha(kSha);
  int pages = 0;
  do {
    grpc::ClientContext context;
    v1::GetCommitStatusResponse page;
    const grpc::Status status = stub_->GetCommitStatus(&context, get, &page);
    ASSERT_TRUE(status.ok()) << status.error_message();
    for (const v1::CommitStatus& commit : page.statuses()) {
      EXPECT_TRUE(contexts.insert(commit.context()).second);
    }
    EXPECT_EQ(page.state(), v1::COMMIT_STATE_PENDING);
    get.set_page_token(page.next_page_token());
    ++pages;
  } while (!get.page_token().empty());
  EXPECT_EQ(contexts.size(), 800u);
  EXPECT_GT(pages, 1);

  for (int i = 0; i < 900; ++i) {
    v1::ReportResultRequest result = ResultOf(v1::RESULT_SUCCESS, 1000 + i);
    result.set_description(std::string(4096, 'd'));
    result.set_target_url("https://e/" + std::string(2000, 'u'));
    v1::ReportResultResponse response;
    ASSERT_TRUE(Report(result, &response).ok());
  }
  v1::ExplainStatusRequest explain;
  explain.set_repository("acme/app");
  explain.set_sha(kSha);
  int64_t before = 1900;
  do {
    grpc::ClientContext context;
    v1::ExplainStatusResponse page;
    const grpc::Status status = stub_->ExplainStatus(&context, explain, &page);
    ASSERT_TRUE(status.ok()) << status.error_message();
    ASSERT_GT(page.reports_size(), 0);
    EXPECT_EQ(page.reports().rbegin()->attempt(), before - 1);
    before = page.reports(0).attempt();
    EXPECT_EQ(page.status().attempt(), 1899);
    explain.set_page_token(page.next_page_token());
  } while (!explain.page_token().empty());
  EXPECT_EQ(before, 1000);
}

TEST_F(StatusServiceTest, RefusesBadPagesOfCommitsAndHistories) {
  v1::ReportResultResponse response;
  ASSERT_TRUE(Report(ResultOf(v1::RESULT_SUCCESS), &response).ok());
  for (const auto& [size, token, reason] :
       std::vector<std::tuple<int, std::string, std::string>>{
           {-1, "", "INVALID_PAGE_SIZE"}, {0, "!", "INVALID_PAGE_TOKEN"}}) {
    grpc::ClientContext get_context;
    v1::GetCommitStatusRequest get;
    get.set_repository("acme/app");
    get.set_sha(kSha);
    get.set_page_size(size);
    get.set_page_token(token);
    v1::GetCommitStatusResponse commit;
    EXPECT_EQ(stub_->GetCommitStatus(&get_context, get, &commit).error_code(),
              grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_EQ(Trailer(get_context, "signalbox-reason"), reason);
    grpc::ClientContext explain_context;
    v1::ExplainStatusRequest explain;
    explain.set_repository("acme/app");
    explain.set_sha(kSha);
    explain.set_page_size(size);
    explain.set_page_token(token);
    v1::ExplainStatusResponse explained;
    EXPECT_EQ(stub_->ExplainStatus(&explain_context, explain, &explained)
                  .error_code(),
              grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_EQ(Trailer(explain_context, "signalbox-reason"), reason);
  }
}

TEST_F(StatusServiceTest, WhatNobodyReportedCannotBeExplainedOrRetried) {
  grpc::ClientContext explain_context;
  v1::ExplainStatusRequest explain;
  explain.set_repository("acme/app");
  explain.set_sha(kSha);
  v1::ExplainStatusResponse explained;
  EXPECT_EQ(
      stub_->ExplainStatus(&explain_context, explain, &explained).error_code(),
      grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(Trailer(explain_context, "signalbox-reason"), "NOTHING_REPORTED");
  grpc::ClientContext retry_context;
  v1::RetryPostRequest retry;
  retry.set_repository("acme/app");
  retry.set_sha("main");
  v1::RetryPostResponse retried;
  EXPECT_EQ(stub_->RetryPost(&retry_context, retry, &retried).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Trailer(retry_context, "signalbox-reason"), "INVALID_SHA");
}

TEST_F(StatusServiceTest, WhatIsSeenAtGitHubIsShownAsSeen) {
  v1::ReportResultRequest seen = ResultOf(v1::RESULT_FAILURE);
  seen.set_context("Tests / Grün");
  seen.mutable_observed()->set_status_id(int64_t{1} << 40);
  seen.mutable_observed()->set_creator_login("octocat");
  v1::ReportResultResponse response;
  ASSERT_TRUE(Report(seen, &response).ok());
  const v1::GetCommitStatusResponse commit = Commit();
  ASSERT_EQ(commit.statuses_size(), 1);
  EXPECT_EQ(commit.statuses(0).context(), "Tests / Grün");
  EXPECT_EQ(commit.statuses(0).state(), v1::COMMIT_STATE_FAILURE);
  EXPECT_EQ(commit.statuses(0).posting().state(), v1::POSTING_STATE_OBSERVED);
  EXPECT_EQ(commit.state(), v1::COMMIT_STATE_PENDING);
}

TEST_F(StatusServiceTest, AFullDiskIsToldWithoutPaths) {
  gate_->FailWith(Error(absl::StatusCode::kResourceExhausted, "DISK_FULL",
                        "database \"/var/lib/x.db\": no room"));
  v1::ReportResultResponse response;
  std::string reason;
  const grpc::Status status =
      Report(ResultOf(v1::RESULT_SUCCESS), &response, &reason);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(reason, "DISK_FULL");
  EXPECT_THAT(status.error_message(), testing::Not(testing::HasSubstr("/var")));
}

TEST_F(StatusServiceTest, AClosedIntakeAsksToRepeat) {
  intake_->Close();
  grpc::ClientContext context;
  v1::ReportResultResponse response;
  const grpc::Status status =
      stub_->ReportResult(&context, ResultOf(v1::RESULT_SUCCESS), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(Trailer(context, "signalbox-reason"), "SHUTTING_DOWN");
  EXPECT_NE(Trailer(context, "grpc-retry-pushback-ms"), "");
}

TEST_F(StatusServiceTest, AFullDiskAsksToRepeatLater) {
  gate_->FailWith(
      Error(absl::StatusCode::kResourceExhausted, "DISK_FULL", "full"));
  std::set<std::string> pushbacks;
  for (int i = 0; i < 5; ++i) {
    grpc::ClientContext context;
    v1::ReportResultResponse response;
    const grpc::Status status =
        stub_->ReportResult(&context, ResultOf(v1::RESULT_SUCCESS), &response);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
    EXPECT_EQ(Trailer(context, "signalbox-reason"), "DISK_FULL");
    const std::string pushback = Trailer(context, "grpc-retry-pushback-ms");
    EXPECT_EQ(pushback.size(), 4u) << pushback;
    EXPECT_GE(pushback, "2000");
    EXPECT_LE(pushback, "5000");
    pushbacks.insert(pushback);
  }
  EXPECT_EQ(pushbacks.size(), 5u);
}

// A farm that waits for a result uses this to renew its pending.
TEST_F(StatusServiceTest, AReceiptTellsWhenAPendingExpiresAndWhatIsShown) {
  v1::ReportPendingRequest pending = Pending();
  pending.mutable_expires_after()->set_seconds(60);
  const int64_t before = absl::ToUnixSeconds(Clock::System()->Now());
  grpc::ClientContext context;
  v1::ReportPendingResponse pending_response;
  ASSERT_TRUE(stub_->ReportPending(&context, pending, &pending_response).ok());
  const v1::Receipt& receipt = pending_response.receipts(0);
  EXPECT_GE(receipt.expire_time().seconds(), before + 60);
  EXPECT_LE(receipt.expire_time().seconds(), before + 120);
  EXPECT_EQ(receipt.state(), v1::COMMIT_STATE_PENDING);

  v1::ReportResultResponse response;
  ASSERT_TRUE(Report(ResultOf(v1::RESULT_TIMED_OUT, 3), &response).ok());
  EXPECT_FALSE(response.receipt().has_expire_time());
  EXPECT_EQ(response.receipt().state(), v1::COMMIT_STATE_ERROR);
  ASSERT_TRUE(Report(ResultOf(v1::RESULT_SUCCESS, 2), &response).ok());
  EXPECT_EQ(response.receipt().disposition(), v1::DISPOSITION_SUPERSEDED);
  EXPECT_EQ(response.receipt().state(), v1::COMMIT_STATE_ERROR);
}

// No call waits for ever for a disk that hangs, and a later commit must not
// touch the answer.
TEST_F(StatusServiceTest, ACallThatTakesTooLongIsEnded) {
  StopServing();
  max_call_time_ = absl::ZeroDuration();
  Serve({});
  intake_worker_->Stop();
  v1::ReportResultResponse response;
  std::string reason;
  EXPECT_EQ(
      Report(ResultOf(v1::RESULT_SUCCESS), &response, &reason).error_code(),
      grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(reason, "SERVER_TOO_SLOW");
  intake_->RunOnce();
  const auto commit =
      outbox_->GetCommit(*ParseRepository("acme/app"), *ParseSha(kSha));
  ASSERT_TRUE(commit.ok());
  EXPECT_EQ(commit->statuses.size(), 1u);
}

TEST_F(StatusServiceTest, CallersSeeAndDoOnlyWhatIsGranted) {
  StopServing();
  Serve({CallerOf(
      "token", {"acme/*"}, {"ci/*"},
      {Right::kReport, Right::kRead, Right::kOperate, Right::kWebhook})});

  const auto report = [this](const std::string& token,
                             const std::string& repository) {
    grpc::ClientContext context;
    if (!token.empty()) context.AddMetadata("authorization", "Bearer " + token);
    v1::ReportResultRequest request = ResultOf(v1::RESULT_SUCCESS);
    request.set_repository(repository);
    v1::ReportResultResponse response;
    return stub_->ReportResult(&context, request, &response).error_code();
  };
  EXPECT_EQ(report("", "acme/app"), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(report("wrong", "acme/app"), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(report("token", "other/app"), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(report("token", "acme/app"), grpc::StatusCode::OK);

  // A transferred repository takes its statuses along.
  ASSERT_TRUE(RenameRepository(*outbox_, *ParseRepository("acme/app"),
                               *ParseRepository("other/app"), 7,
                               Clock::System()->Now())
                  .ok());
  EXPECT_EQ(report("token", "acme/app"), grpc::StatusCode::PERMISSION_DENIED);
  const auto read = [this](const std::string& repository) {
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer token");
    v1::ExplainStatusRequest explain;
    explain.set_repository(repository);
    explain.set_sha(kSha);
    v1::ExplainStatusResponse explained;
    grpc::ClientContext get_context;
    get_context.AddMetadata("authorization", "Bearer token");
    v1::GetCommitStatusRequest get;
    get.set_repository(repository);
    get.set_sha(kSha);
    v1::GetCommitStatusResponse commit;
    grpc::ClientContext retry_context;
    retry_context.AddMetadata("authorization", "Bearer token");
    v1::RetryPostRequest retry;
    retry.set_repository(repository);
    retry.set_sha(kSha);
    v1::RetryPostResponse retried;
    return std::vector<grpc::StatusCode>{
        stub_->ExplainStatus(&context, explain, &explained).error_code(),
        stub_->GetCommitStatus(&get_context, get, &commit).error_code(),
        stub_->RetryPost(&retry_context, retry, &retried).error_code()};
  };
  EXPECT_EQ(read("acme/app"),
            (std::vector<grpc::StatusCode>{grpc::StatusCode::NOT_FOUND,
                                           grpc::StatusCode::NOT_FOUND,
                                           grpc::StatusCode::NOT_FOUND}));
  EXPECT_EQ(report("token", "acme/lib"), grpc::StatusCode::OK);
  EXPECT_EQ(read("acme/lib"), (std::vector<grpc::StatusCode>{
                                  grpc::StatusCode::OK, grpc::StatusCode::OK,
                                  grpc::StatusCode::OK}));

  grpc::ClientContext anonymous;
  v1::ListCommitsResponse commits;
  EXPECT_EQ(stub_->ListCommits(&anonymous, v1::ListCommitsRequest(), &commits)
                .error_code(),
            grpc::StatusCode::UNAUTHENTICATED);
  grpc::ClientContext known;
  known.AddMetadata("authorization", "Bearer token");
  ASSERT_TRUE(
      stub_->ListCommits(&known, v1::ListCommitsRequest(), &commits).ok());
  EXPECT_EQ(commits.commits_size(), 1);

  // A caller that reports a rename must be trusted with both names.
  const auto rename = [this](const std::string& from, const std::string& to) {
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer token");
    v1::ReportEventRequest request;
    request.mutable_delivery()->set_id(from + to);
    request.mutable_delivery()->set_event("repository");
    request.mutable_repository_transferred()->set_repository(to);
    request.mutable_repository_transferred()->set_old_repository(from);
    request.mutable_repository_transferred()->set_repository_id(9);
    v1::ReportEventResponse response;
    return stub_->ReportEvent(&context, request, &response).error_code();
  };
  EXPECT_EQ(rename("acme/lib", "other/lib"),
            grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(rename("other/lib", "acme/lib"),
            grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(rename("acme/lib", "acme/library"), grpc::StatusCode::OK);

  grpc::ClientContext diagnose_context;
  diagnose_context.AddMetadata("authorization", "Bearer token");
  v1::DiagnoseRepositoryRequest diagnose;
  diagnose.set_repository("other/app");
  v1::DiagnoseRepositoryResponse diagnosis;
  EXPECT_EQ(stub_->DiagnoseRepository(&diagnose_context, diagnose, &diagnosis)
                .error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
}

// Neither empty pages nor page tokens reveal how much others report.
TEST_F(StatusServiceTest, CommitsOfOthersTakeNoPlaceInAPage) {
  StopServing();
  const std::vector<Right> rights = {Right::kReport, Right::kRead};
  Serve({CallerOf("few", {"acme/*"}, {"*"}, rights),
         CallerOf("many", {"other/*"}, {"*"}, rights)});
  const auto report = [this](const std::string& token, int commit) {
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer " + token);
    v1::ReportResultRequest request = ResultOf(v1::RESULT_SUCCESS);
    request.set_repository(token == "few" ? "acme/app" : "other/app");
    request.set_sha(absl::StrFormat("%040x", commit + 1));
    v1::ReportResultResponse response;
    EXPECT_TRUE(stub_->ReportResult(&context, request, &response).ok());
  };
  for (int i = 0; i < 3; ++i) {
    report("few", i);
    for (int j = 0; j < 7; ++j) report("many", 10 * i + j);
  }
  std::vector<int> pages;
  std::string token;
  do {
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer few");
    v1::ListCommitsRequest request;
    request.set_page_size(2);
    request.set_page_token(token);
    v1::ListCommitsResponse response;
    ASSERT_TRUE(stub_->ListCommits(&context, request, &response).ok());
    pages.push_back(response.commits_size());
    token = response.next_page_token();
  } while (!token.empty() && pages.size() < 10);
  EXPECT_EQ(pages, (std::vector<int>{2, 1}));
}

// Calls and streams each need their own right.
TEST_F(StatusServiceTest, EachRightIsNeededForItsOwn) {
  StopServing();
  Serve({CallerOf("farm", {"acme/*"}, {"*"}, {Right::kReport}),
         CallerOf("shim", {"acme/*"}, {"*"}, {Right::kWebhook}),
         CallerOf("operator", {"acme/*"}, {"*"}, {Right::kOperate})});
  std::string lacks;
  const auto as = [&lacks](const std::string& token, const auto& make_call) {
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer " + token);
    const grpc::StatusCode code = make_call(&context).error_code();
    lacks = Trailer(context, "signalbox-not-granted");
    return code;
  };
  v1::ReportPendingRequest pending = Pending();
  v1::ReportPendingResponse taken;
  const auto report = [&](grpc::ClientContext* context) {
    return stub_->ReportPending(context, pending, &taken);
  };
  EXPECT_EQ(as("farm", report), grpc::StatusCode::OK);
  EXPECT_EQ(as("operator", report), grpc::StatusCode::PERMISSION_DENIED);
  pending.mutable_delivery()->set_id("d1");
  pending.mutable_delivery()->set_event("push");
  EXPECT_EQ(as("farm", report), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(lacks, "right");
  EXPECT_EQ(as("shim", report), grpc::StatusCode::PERMISSION_DENIED);

  const auto event = [&](grpc::ClientContext* context) {
    v1::ReportEventRequest request;
    *request.mutable_delivery() = pending.delivery();
    request.mutable_repository_archived()->set_repository("acme/app");
    request.mutable_repository_archived()->set_repository_id(7);
    v1::ReportEventResponse response;
    return stub_->ReportEvent(context, request, &response);
  };
  EXPECT_EQ(as("farm", event), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(lacks, "right");
  EXPECT_EQ(as("shim", event), grpc::StatusCode::OK);

  const auto retry = [&](grpc::ClientContext* context) {
    v1::RetryPostRequest request;
    request.set_repository("acme/app");
    request.set_sha(kSha);
    v1::RetryPostResponse response;
    return stub_->RetryPost(context, request, &response);
  };
  EXPECT_EQ(as("farm", retry), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(as("operator", retry), grpc::StatusCode::OK);

  pending.clear_delivery();
  pending.set_repository_id(7);
  EXPECT_EQ(as("farm", report), grpc::StatusCode::OK);
  ASSERT_EQ(taken.receipts(0).warnings_size(), 1);
  EXPECT_THAT(taken.receipts(0).warnings(0),
              testing::HasSubstr("repository_id left out"));
}

// A delivery whose commit has no expected contexts.
v1::ReportPendingRequest NamedCommit(const std::string& delivery) {
  v1::ReportPendingRequest request;
  request.set_repository("acme/app");
  request.set_sha(kSha);
  request.set_rerun(true);
  request.mutable_change()->set_event("pull_request");
  request.mutable_delivery()->set_id(delivery);
  request.mutable_delivery()->set_event("pull_request");
  request.mutable_delivery()->set_action("edited");
  return request;
}

// The delivery shows that GitHub has the commit, whichever call brings it.
TEST_F(StatusServiceTest, ADeliveryWithoutContextsTakesUpWhatWasMissing) {
  const auto abandon = [this](int64_t attempt) {
    v1::ReportResultResponse response;
    ASSERT_TRUE(Report(ResultOf(v1::RESULT_SUCCESS, attempt), &response).ok());
    LeaseRequest request;
    request.credential = "github.com/acme";
    const absl::Time now = Clock::System()->Now();
    request.lease_time = absl::Minutes(1);
    const auto lease = signalbox::TakeDue(*outbox_, request, now);
    ASSERT_TRUE(lease.ok() && lease->has_value());
    Settlement settlement;
    settlement.entry_id = (*lease)->entry_id;
    settlement.version = (*lease)->version;
    settlement.kind = Settlement::Kind::kAbandoned;
    settlement.reason = "NO_COMMIT_FOUND";
    settlement.refused = true;
    settlement.attempted = Try{now, now, 422, "id", "NO_COMMIT_FOUND", ""};
    ASSERT_TRUE(signalbox::Settle(*outbox_, settlement, now).ok());
    ASSERT_EQ(Commit().statuses(0).posting().state(),
              v1::POSTING_STATE_ABANDONED);
  };
  abandon(1);
  {
    grpc::ClientContext context;
    v1::ReportPendingResponse response;
    ASSERT_TRUE(
        stub_->ReportPending(&context, NamedCommit("d1"), &response).ok());
    EXPECT_EQ(response.receipts_size(), 0);
    EXPECT_EQ(Commit().statuses(0).posting().state(), v1::POSTING_STATE_DUE);
  }
  abandon(2);
  grpc::ClientContext context;
  const auto stream = stub_->StreamReports(&context);
  v1::StreamReportsRequest request;
  *request.mutable_pending() = NamedCommit("d2");
  request.set_tag(7);
  ASSERT_TRUE(stream->Write(request));
  v1::StreamReportsResponse answer;
  ASSERT_TRUE(stream->Read(&answer));
  EXPECT_EQ(answer.tag(), 7);
  EXPECT_EQ(answer.code(), 0);
  EXPECT_EQ(answer.receipts_size(), 0);
  EXPECT_EQ(Commit().statuses(0).posting().state(), v1::POSTING_STATE_DUE);
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
}

}  // namespace
}  // namespace signalbox
