#include "server/rpc/convert.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "absl/strings/match.h"
#include "common/error.h"

namespace signalbox {
namespace {

constexpr char kSha[] = "6dcb09b5b57875f334f61aebed695e2e4193db5e";

v1::ReportPendingRequest Pending() {
  v1::ReportPendingRequest request;
  request.set_repository("acme/app");
  request.set_sha(kSha);
  request.add_contexts("ci/build");
  return request;
}

v1::ReportResultRequest ResultOf(v1::Result result) {
  v1::ReportResultRequest request;
  request.set_repository("acme/app");
  request.set_sha(kSha);
  request.set_context("ci/build");
  request.set_result(result);
  return request;
}

v1::Delivery ValidDelivery() {
  v1::Delivery delivery;
  delivery.set_id("72d3162e-cc78-11e3-81ab-4c9367dc0958");
  delivery.set_event("pull_request");
  delivery.set_action("opened");
  delivery.set_digest(std::string(32, 'd'));
  return delivery;
}

class ConvertTest : public testing::Test {
 protected:
  template <typename Request>
  void ExpectRefused(const Request& request, absl::string_view reason) {
    const auto converted = FromProto(request, options_);
    EXPECT_EQ(ReasonOf(converted.status()), reason)
        << converted.status() << " for " << request.ShortDebugString();
  }

  ConvertOptions options_;
};

TEST_F(ConvertTest, TakesAPending) {
  v1::ReportPendingRequest request = Pending();
  request.add_contexts("CI/Lint");
  request.set_attempt(7);
  request.set_series("jenkins:https://ci.example.com/job/app");
  request.set_description("Building");
  request.set_target_url("https://farm.example/7");
  request.mutable_expires_after()->set_seconds(90);
  request.set_repository_id(5);
  const auto converted = FromProto(request, options_);
  ASSERT_TRUE(converted.ok()) << converted.status();
  EXPECT_THAT(converted->submission.contexts,
              testing::ElementsAre("ci/build", "CI/Lint"));
  EXPECT_THAT(converted->warnings, testing::IsEmpty());
  const Report& report = converted->submission.report;
  EXPECT_EQ(report.Key("CI/Lint"), (StatusKey{report.repository.Canonical(),
                                              *ParseSha(kSha), "ci/lint"}));
  EXPECT_FALSE(report.result.has_value());
  EXPECT_EQ(report.attempt, 7);
  EXPECT_EQ(report.series, "jenkins:https://ci.example.com/job/app");
  EXPECT_EQ(report.description, "Building");
  EXPECT_EQ(report.target_url, "https://farm.example/7");
  EXPECT_EQ(report.expires_after, absl::Seconds(90));
  EXPECT_EQ(report.repository_id, 5);
  EXPECT_FALSE(report.newest_text_wins);
  EXPECT_FALSE(report.from_webhook);
}

// A webhook's text is the server's, and an observed one is GitHub's.
TEST_F(ConvertTest, TheNewestTextOfFarmsWinsIfTheySaySo) {
  v1::ReportPendingRequest pending = Pending();
  pending.set_newest_text_wins(true);
  v1::ReportResultRequest result = ResultOf(v1::RESULT_SUCCESS);
  result.set_newest_text_wins(true);
  EXPECT_TRUE(FromProto(pending, options_)->submission.report.newest_text_wins);
  EXPECT_TRUE(FromProto(result, options_)->submission.report.newest_text_wins);
  result.mutable_observed()->set_status_id(1);
  ExpectRefused(result, "INVALID_NEWEST_TEXT_WINS");
  pending.mutable_delivery()->set_id("1");
  pending.mutable_delivery()->set_event("push");
  ExpectRefused(pending, "INVALID_NEWEST_TEXT_WINS");
}

TEST_F(ConvertTest, TakesEveryResult) {
  for (int number = v1::RESULT_SUCCESS; number <= v1::RESULT_NEUTRAL;
       ++number) {
    const auto converted =
        FromProto(ResultOf(static_cast<v1::Result>(number)), options_);
    ASSERT_TRUE(converted.ok()) << converted.status();
    EXPECT_EQ(static_cast<int>(*converted->submission.report.result), number);
  }
}

// These enumerations have the same numbers as the proto's.
TEST_F(ConvertTest, ResultsHaveTheSameNumbersInside) {
  EXPECT_EQ(static_cast<int>(Result::kSuccess), v1::RESULT_SUCCESS);
  EXPECT_EQ(static_cast<int>(Result::kFailure), v1::RESULT_FAILURE);
  EXPECT_EQ(static_cast<int>(Result::kError), v1::RESULT_ERROR);
  EXPECT_EQ(static_cast<int>(Result::kCancelled), v1::RESULT_CANCELLED);
  EXPECT_EQ(static_cast<int>(Result::kSkipped), v1::RESULT_SKIPPED);
  EXPECT_EQ(static_cast<int>(Result::kTimedOut), v1::RESULT_TIMED_OUT);
  EXPECT_EQ(static_cast<int>(Result::kNeutral), v1::RESULT_NEUTRAL);
}

TEST_F(ConvertTest, PostingStatesHaveTheSameNumbersInside) {
  EXPECT_EQ(static_cast<int>(PostingState::kDue), v1::POSTING_STATE_DUE);
  EXPECT_EQ(static_cast<int>(PostingState::kPosted), v1::POSTING_STATE_POSTED);
  EXPECT_EQ(static_cast<int>(PostingState::kWaiting),
            v1::POSTING_STATE_WAITING);
  EXPECT_EQ(static_cast<int>(PostingState::kAbandoned),
            v1::POSTING_STATE_ABANDONED);
  EXPECT_EQ(static_cast<int>(PostingState::kObserved),
            v1::POSTING_STATE_OBSERVED);
}

TEST_F(ConvertTest, StatesAndDispositionsHaveTheSameNumbersInside) {
  EXPECT_EQ(static_cast<int>(CommitState::kError), v1::COMMIT_STATE_ERROR);
  EXPECT_EQ(static_cast<int>(CommitState::kFailure), v1::COMMIT_STATE_FAILURE);
  EXPECT_EQ(static_cast<int>(CommitState::kPending), v1::COMMIT_STATE_PENDING);
  EXPECT_EQ(static_cast<int>(CommitState::kSuccess), v1::COMMIT_STATE_SUCCESS);
  EXPECT_EQ(static_cast<int>(Disposition::kAccepted), v1::DISPOSITION_ACCEPTED);
  EXPECT_EQ(static_cast<int>(Disposition::kUnchanged),
            v1::DISPOSITION_UNCHANGED);
  EXPECT_EQ(static_cast<int>(Disposition::kSuperseded),
            v1::DISPOSITION_SUPERSEDED);
}

TEST_F(ConvertTest, RefusesEveryOtherResult) {
  for (const int number : {0, 8, 100, -1}) {
    ExpectRefused(ResultOf(static_cast<v1::Result>(number)), "INVALID_RESULT");
  }
}

TEST_F(ConvertTest, AResultWithoutContextMeansTheDefault) {
  v1::ReportResultRequest request = ResultOf(v1::RESULT_SUCCESS);
  request.clear_context();
  EXPECT_EQ(FromProto(request, options_)->submission.contexts[0], "ci/build");
}

TEST_F(ConvertTest, RefusesBadNames) {
  for (const char* repository :
       {"", "acme", "acme/", "/app", "a b/c", "acme/app/x/y", "acme/..",
        "acme/app\n", "https://github.com/acme/app"}) {
    v1::ReportPendingRequest request = Pending();
    request.set_repository(repository);
    ExpectRefused(request, "INVALID_REPOSITORY");
  }
  for (const char* sha :
       {"", "main", "6dcb09b", "6dcb09b5b57875f334f61aebed695e2e4193db5g",
        "0000000000000000000000000000000000000000",
        " 6dcb09b5b57875f334f61aebed695e2e4193db5e"}) {
    v1::ReportPendingRequest request = Pending();
    request.set_sha(sha);
    ExpectRefused(request, "INVALID_SHA");
  }
  for (const std::string& context :
       {std::string(), std::string(" ci"), std::string("ci "),
        std::string("ci\n"), std::string("caf\xe9"), std::string("\U0001F680"),
        std::string(256, 'c')}) {
    v1::ReportPendingRequest request = Pending();
    request.set_contexts(0, context);
    ExpectRefused(request, "INVALID_CONTEXT");
  }
}

TEST_F(ConvertTest, OfSeveralContextsTheErrorSaysWhich) {
  v1::ReportPendingRequest request;
  request.set_repository("acme/app");
  request.set_sha(kSha);
  for (const char* context : {"ci/\u00e4", "ci/b\u0085ild", "ci/c"}) {
    request.add_contexts(context);
  }
  const absl::Status status = FromProto(request, ConvertOptions()).status();
  EXPECT_EQ(ReasonOf(status), "INVALID_CONTEXT");
  EXPECT_TRUE(absl::StartsWith(status.message(), "contexts[1]: \"ci/b"))
      << status;
}

TEST_F(ConvertTest, RefusesAHostThatItDoesNotKnow) {
  v1::ReportPendingRequest request = Pending();
  request.set_repository("ghes.example.com/acme/app");
  ExpectRefused(request, "UNKNOWN_HOST");
  options_.known_hosts = {"github.com", "ghes.example.com"};
  EXPECT_TRUE(FromProto(request, options_).ok());
  request.set_repository("GHES.example.com/acme/app");
  EXPECT_TRUE(FromProto(request, options_).ok());
}

TEST_F(ConvertTest, RefusesNumbersOutOfRange) {
  v1::ReportPendingRequest request = Pending();
  request.set_attempt(-1);
  ExpectRefused(request, "INVALID_ATTEMPT");
  request = Pending();
  request.set_repository_id(-5);
  ExpectRefused(request, "INVALID_REPOSITORY_ID");
  v1::ReportResultRequest result = ResultOf(v1::RESULT_SUCCESS);
  result.set_attempt(std::numeric_limits<int64_t>::min());
  ExpectRefused(result, "INVALID_ATTEMPT");
}

TEST_F(ConvertTest, ASeriesIsALineOfTextBesideANumber) {
  v1::ReportResultRequest result = ResultOf(v1::RESULT_SUCCESS);
  result.set_attempt(1);
  for (const std::string& series :
       {std::string(), std::string("nightly"), std::string("Nightly \303\244 "),
        std::string(255, 's')}) {
    result.set_series(series);
    const auto converted = FromProto(result, options_);
    ASSERT_TRUE(converted.ok()) << converted.status();
    EXPECT_EQ(converted->submission.report.series, series);
  }
  for (const std::string& series :
       {std::string(256, 's'), std::string("a\nb"), std::string("a\0b", 3),
        std::string("a\tb"), std::string("a\177")}) {
    result.set_series(series);
    ExpectRefused(result, "INVALID_SERIES");
    v1::ReportPendingRequest pending = Pending();
    pending.set_attempt(1);
    pending.set_series(series);
    ExpectRefused(pending, "INVALID_SERIES");
  }
  result.set_series("nightly");
  result.set_attempt(0);
  ExpectRefused(result, "INVALID_SERIES");
  v1::ReportPendingRequest unnumbered = Pending();
  unnumbered.set_series("nightly");
  ExpectRefused(unnumbered, "INVALID_SERIES");
}

TEST_F(ConvertTest, AnExpiryIsBetweenAMinuteAndThirtyDays) {
  const auto with_expiry = [](int64_t seconds, int nanos) {
    v1::ReportPendingRequest request = Pending();
    request.mutable_expires_after()->set_seconds(seconds);
    request.mutable_expires_after()->set_nanos(nanos);
    return request;
  };
  EXPECT_TRUE(FromProto(with_expiry(60, 0), options_).ok());
  EXPECT_TRUE(FromProto(with_expiry(30 * 86400, 0), options_).ok());
  for (const auto& request :
       {with_expiry(0, 0), with_expiry(59, 999999999), with_expiry(-60, 0),
        with_expiry(30 * 86400, 1),
        with_expiry(std::numeric_limits<int64_t>::max(), 0),
        with_expiry(std::numeric_limits<int64_t>::min(), 0)}) {
    ExpectRefused(request, "INVALID_EXPIRES_AFTER");
  }
}

TEST_F(ConvertTest, APendingMayNeverExpire) {
  RepositoryRule rule;
  rule.match = "acme/*";
  rule.pending_expires_after = absl::Hours(2);
  options_.rules = RepositoryRules({rule});
  v1::ReportPendingRequest request = Pending();
  request.set_never_expires(true);
  EXPECT_EQ(FromProto(request, options_)->submission.report.expires_after,
            absl::InfiniteDuration());
  request.mutable_expires_after()->set_seconds(90);
  ExpectRefused(request, "INVALID_EXPIRES_AFTER");
}

// A report in GitHub's form says nothing of an expiry, and GitHub has none; but
// an operator can set one.
TEST_F(ConvertTest, APendingMayExpireOnlyIfTheRuleSaysSo) {
  v1::ReportPendingRequest request = Pending();
  request.set_expires_only_if_configured(true);
  EXPECT_EQ(FromProto(request, options_)->submission.report.expires_after,
            absl::InfiniteDuration());
  RepositoryRule rule;
  rule.match = "acme/*";
  rule.pending_expires_after = absl::Hours(2);
  options_.rules = RepositoryRules({rule});
  EXPECT_EQ(FromProto(request, options_)->submission.report.expires_after,
            absl::Hours(2));
  request.mutable_expires_after()->set_seconds(90);
  ExpectRefused(request, "INVALID_EXPIRES_AFTER");
}

TEST_F(ConvertTest, WithoutAnExpiryTheRuleDecides) {
  EXPECT_EQ(FromProto(Pending(), options_)->submission.report.expires_after,
            absl::Hours(6));
  RepositoryRule rule;
  rule.match = "acme/*";
  rule.pending_expires_after = absl::Hours(2);
  options_.rules = RepositoryRules({rule});
  EXPECT_EQ(FromProto(Pending(), options_)->submission.report.expires_after,
            absl::Hours(2));
}

TEST_F(ConvertTest, RefusesMoreThanAHundredContexts) {
  v1::ReportPendingRequest request = Pending();
  for (int i = 1; i < 100; ++i) request.add_contexts("ci/" + std::to_string(i));
  EXPECT_TRUE(FromProto(request, options_).ok());
  request.add_contexts("ci/one-more");
  ExpectRefused(request, "TOO_MANY_CONTEXTS");
}

TEST_F(ConvertTest, WithoutContextsTheRulesDecide) {
  v1::ReportPendingRequest request = Pending();
  request.clear_contexts();
  EXPECT_EQ(FromProto(request, options_)->submission.contexts.size(), 1u);
  EXPECT_EQ(FromProto(request, options_)->submission.contexts[0], "ci/build");

  RepositoryRule rule;
  rule.match = "acme/*";
  rule.contexts = {"ci/a", "ci/b"};
  rule.drafts = false;
  RepositoryRule none;
  none.match = "quiet/*";
  none.contexts = {};
  options_.rules = RepositoryRules({rule, none});
  EXPECT_EQ(FromProto(request, options_)->submission.contexts.size(), 2u);
  request.mutable_change()->set_event("pull_request");
  request.mutable_change()->set_draft(true);
  EXPECT_EQ(FromProto(request, options_)->submission.contexts.size(), 0u);
  request.set_repository("quiet/app");
  EXPECT_EQ(FromProto(request, options_)->submission.contexts.size(), 0u);
}

// A link or a text is never a reason to lose a result.
TEST_F(ConvertTest, ShortensTextsAndSaysSo) {
  v1::ReportResultRequest request = ResultOf(v1::RESULT_SUCCESS);
  request.set_target_url("javascript:alert(1)");
  request.set_description(std::string(5000, 'x'));
  const auto converted = FromProto(request, options_);
  ASSERT_TRUE(converted.ok());
  EXPECT_EQ(converted->submission.report.target_url, "");
  EXPECT_EQ(converted->submission.report.description.size(), 4096u);
  const v1::Receipt receipt =
      ToProto(Receipt{"ci/build", 1, Disposition::kAccepted,
                      absl::FromUnixMillis(1500), CommitState::kFailure, 7,
                      Result::kTimedOut, absl::FromUnixSeconds(3)},
              converted->warnings);
  EXPECT_EQ(receipt.expire_time().seconds(), 1);
  EXPECT_EQ(receipt.state(), v1::COMMIT_STATE_FAILURE);
  EXPECT_EQ(receipt.newest_attempt(), 7);
  EXPECT_EQ(receipt.newest_result(), v1::RESULT_TIMED_OUT);
  EXPECT_EQ(receipt.report_time().seconds(), 3);
  EXPECT_EQ(receipt.warnings_size(), 2);
}

TEST_F(ConvertTest, APendingWithADeliveryIsTheShims) {
  v1::ReportPendingRequest request = Pending();
  *request.mutable_delivery() = ValidDelivery();
  request.mutable_change()->set_pull_request_number(3);
  request.mutable_change()->mutable_updated_time()->set_seconds(1700000000);
  const auto converted = FromProto(request, options_);
  ASSERT_TRUE(converted.ok()) << converted.status();
  EXPECT_TRUE(converted->submission.report.from_webhook);
  EXPECT_EQ(converted->submission.delivery->id, ValidDelivery().id());
  EXPECT_EQ(converted->submission.change->pull_request_number, 3);
  EXPECT_EQ(converted->submission.change->updated_time,
            absl::FromUnixSeconds(1700000000));
}

TEST_F(ConvertTest, AHeadFromTheEndOfTimeHasNoTime) {
  for (const auto& [seconds, nanos] :
       {std::pair<int64_t, int32_t>(253402300800, 0),
        {std::numeric_limits<int64_t>::max(), 999999999},
        {std::numeric_limits<int64_t>::min(), 0},
        {-62135596801, 0},
        {1700000000, -1},
        {1700000000, 1000000000}}) {
    v1::ReportPendingRequest request = Pending();
    request.mutable_change()->mutable_updated_time()->set_seconds(seconds);
    request.mutable_change()->mutable_updated_time()->set_nanos(nanos);
    const auto converted = FromProto(request, options_);
    ASSERT_TRUE(converted.ok()) << converted.status();
    EXPECT_EQ(converted->submission.change->updated_time, absl::InfinitePast())
        << seconds << "." << nanos;
  }
}

TEST_F(ConvertTest, RefusesABadDelivery) {
  const auto with = [](const std::function<void(v1::Delivery*)>& change) {
    v1::ReportPendingRequest request = Pending();
    *request.mutable_delivery() = ValidDelivery();
    change(request.mutable_delivery());
    return request;
  };
  for (const auto& request :
       {with([](v1::Delivery* d) { d->clear_id(); }),
        with([](v1::Delivery* d) { d->set_id(std::string(256, 'i')); }),
        with([](v1::Delivery* d) { d->set_id("a\r\nb"); }),
        with([](v1::Delivery* d) { d->clear_event(); }),
        with([](v1::Delivery* d) { d->set_action(std::string(256, 'a')); }),
        with([](v1::Delivery* d) { d->set_digest("short"); })}) {
    ExpectRefused(request, "INVALID_DELIVERY");
  }
  v1::ReportPendingRequest numbered = Pending();
  *numbered.mutable_delivery() = ValidDelivery();
  numbered.set_attempt(1);
  ExpectRefused(numbered, "INVALID_ATTEMPT");
}

TEST_F(ConvertTest, APullRequestWithAnotherBaseGetsNothingByDefault) {
  v1::ReportPendingRequest request = Pending();
  request.clear_contexts();
  request.mutable_change()->set_event("pull_request");
  *request.mutable_delivery() = ValidDelivery();
  request.mutable_delivery()->set_event("pull_request");
  request.mutable_delivery()->set_action("edited");
  request.set_rerun(true);
  absl::StatusOr<Converted> converted = FromProto(request, options_);
  ASSERT_TRUE(converted.ok()) << converted.status();
  EXPECT_TRUE(converted->submission.contexts.empty());
  // A request that asks for a rerun in another way gets it.
  request.mutable_delivery()->set_action("rerequested");
  converted = FromProto(request, options_);
  ASSERT_TRUE(converted.ok()) << converted.status();
  EXPECT_FALSE(converted->submission.contexts.empty());
}

// For statuses of others GitHub's rule for contexts holds, not ours.
TEST_F(ConvertTest, TakesWhatWasSeenAtGitHub) {
  v1::ReportPendingRequest request = Pending();
  request.clear_contexts();
  request.add_contexts("Grüße, Welt ");
  ExpectRefused(request, "INVALID_CONTEXT");
  request.mutable_observed()->set_status_id(int64_t{1} << 40);
  request.mutable_observed()->set_creator_login("octocat[bot]");
  const absl::StatusOr<Converted> converted = FromProto(request, options_);
  ASSERT_TRUE(converted.ok()) << converted.status();
  ASSERT_TRUE(converted->submission.observed.has_value());
  EXPECT_EQ(converted->submission.observed->status_id, int64_t{1} << 40);
  EXPECT_EQ(converted->submission.observed->creator_login, "octocat[bot]");
  EXPECT_EQ(converted->submission.contexts.at(0), "Grüße, Welt ");

  std::string longest;
  for (int i = 0; i < 255; ++i) longest += "ü";
  request.set_contexts(0, longest);
  EXPECT_TRUE(FromProto(request, options_).ok());
  for (const std::string& context : {longest + "ü", std::string("a\nb"),
                                     std::string("a\xff"), std::string()}) {
    request.set_contexts(0, context);
    ExpectRefused(request, "INVALID_CONTEXT");
  }
  request.set_contexts(0, "ci");
  request.add_contexts("cd");
  ExpectRefused(request, "INVALID_OBSERVED");
  request.clear_contexts();
  ExpectRefused(request, "INVALID_OBSERVED");
  request.add_contexts("ci");
  for (const int64_t id : {int64_t{0}, int64_t{-1}}) {
    request.mutable_observed()->set_status_id(id);
    ExpectRefused(request, "INVALID_OBSERVED");
  }
}

TEST_F(ConvertTest, ShowsACommit) {
  CommitView commit;
  commit.repository = *ParseRepository("Acme/App");
  commit.sha = *ParseSha(kSha);
  StatusView status;
  status.context = "CI/Build";
  status.state = CommitState::kError;
  status.result = Result::kTimedOut;
  status.report_time = absl::FromUnixMillis(1500);
  status.posting.state = PostingState::kWaiting;
  status.posting.reason = "SERVER_ERROR";
  status.posting.try_count = 2;
  status.posting.next_try_time = absl::FromUnixSeconds(9);
  commit.statuses = {StatusView(), status, StatusView()};
  // The state is that of all statuses, also of those on other pages.
  const v1::GetCommitStatusResponse proto =
      ToProto(commit, StatusPage{{1, 2}, "token"});
  EXPECT_EQ(proto.next_page_token(), "token");
  EXPECT_EQ(proto.repository(), "Acme/App");
  EXPECT_EQ(proto.state(), v1::COMMIT_STATE_FAILURE);
  ASSERT_EQ(proto.statuses_size(), 1);
  EXPECT_EQ(proto.statuses(0).state(), v1::COMMIT_STATE_ERROR);
  EXPECT_EQ(proto.statuses(0).result(), v1::RESULT_TIMED_OUT);
  EXPECT_EQ(proto.statuses(0).report_time().seconds(), 1);
  EXPECT_EQ(proto.statuses(0).report_time().nanos(), 500000000);
  EXPECT_EQ(proto.statuses(0).posting().state(), v1::POSTING_STATE_WAITING);
  EXPECT_EQ(proto.statuses(0).posting().reason(), "SERVER_ERROR");
  EXPECT_EQ(proto.statuses(0).posting().try_count(), 2);
  EXPECT_EQ(proto.statuses(0).posting().next_try_time().seconds(), 9);
  EXPECT_FALSE(proto.statuses(0).posting().has_post_time());
}

// GitHub's button includes contexts that a farm reported unexpectedly.
TEST_F(ConvertTest, ReRunAllChecksMeansAllThatWasReported) {
  v1::ReportPendingRequest request = Pending();
  request.clear_contexts();
  request.set_rerun(true);
  *request.mutable_delivery() = ValidDelivery();
  EXPECT_FALSE(FromProto(request, options_)->submission.with_all_reported);
  request.mutable_delivery()->set_event("check_suite");
  request.mutable_delivery()->set_action("rerequested");
  const auto converted = FromProto(request, options_);
  ASSERT_TRUE(converted.ok());
  EXPECT_TRUE(converted->submission.with_all_reported);
  const Report& report = converted->submission.report;
  EXPECT_EQ(report.sha.Hex(), kSha);
  EXPECT_TRUE(report.rerun);
  EXPECT_TRUE(report.from_webhook);
  request.add_contexts("ci/build");
  EXPECT_FALSE(FromProto(request, options_)->submission.with_all_reported);
}

TEST_F(ConvertTest, ARedeliveryIsAWishOnlyIfTheConfigurationSaysSo) {
  v1::ReportPendingRequest request = Pending();
  options_.redelivery_is_rerun = true;
  EXPECT_FALSE(FromProto(request, options_)->submission.redelivery_is_rerun);
  *request.mutable_delivery() = ValidDelivery();
  EXPECT_TRUE(FromProto(request, options_)->submission.redelivery_is_rerun);
  options_.redelivery_is_rerun = false;
  EXPECT_FALSE(FromProto(request, options_)->submission.redelivery_is_rerun);
}

}  // namespace
}  // namespace signalbox
