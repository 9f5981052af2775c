// What the outbox does with deliveries: each counts once, a head that another
// one overtook is only recorded, and a redelivery can run contexts again.

#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "tests/server/outbox/outbox_contract.h"
#include "tests/support/key_report.h"

namespace signalbox {
namespace {

Submission Delivered(KeyReport report, std::string id, std::string digest) {
  Submission submission = Of({std::move(report)});
  submission.delivery = Delivery{std::move(id), std::move(digest), "push", ""};
  return submission;
}

TEST_P(OutboxContract, ADeliveryCountsOnce) {
  const std::string digest(32, 'x');
  const Receipt first =
      Receipts(Delivered(WebhookPending(), "id-1", digest)).front();
  EXPECT_EQ(first.disposition, Disposition::kAccepted);
  const int64_t result = Accept(ResultOf(Result::kSuccess, 1)).sequence;
  KeyReport rerun = WebhookPending();
  rerun.rerun = true;
  // By its id, by its digest, and by both.
  for (const Submission& repeat :
       {Delivered(rerun, "id-1", std::string(32, 'y')),
        Delivered(rerun, "id-2", digest), Delivered(rerun, "id-1", digest),
        Delivered(rerun, "id-1", "")}) {
    const Receipt again = Receipts(repeat).front();
    EXPECT_EQ(again.disposition, Disposition::kUnchanged);
    EXPECT_EQ(again.sequence, result);
  }
  EXPECT_EQ(Status().phase, Phase::kNumberedResult);
  EXPECT_EQ(HistoryOf(Pending()).reports.size(), 2u);
  // The server does not remember a repeat, so "id-2" is still unused.
  EXPECT_EQ(
      Receipts(Delivered(rerun, "id-2", std::string(32, 'z')))[0].disposition,
      Disposition::kAccepted);
}

TEST_P(OutboxContract, ARepeatedDeliveryOfAnUnknownKeyHoldsNothing) {
  Receipts(Delivered(WebhookPending(), "id-1", ""));
  const Receipt receipt =
      Receipts(Delivered(On(WebhookPending(), "gadgets"), "id-1", "")).front();
  EXPECT_EQ(receipt.disposition, Disposition::kUnchanged);
  EXPECT_EQ(receipt.sequence, 0);
  EXPECT_FALSE(outbox().GetCommit(Repo("gadgets"), ShaOf('a')).ok());
}

TEST_P(OutboxContract, DeliveriesWithoutADigestAreNotTheSame) {
  Receipts(Delivered(WebhookPending(), "id-1", ""));
  EXPECT_EQ(Receipts(Delivered(Pending(1), "id-2", ""))[0].disposition,
            Disposition::kAccepted);
}

// The delivery may have contexts once the rules have changed.
TEST_P(OutboxContract, ADeliveryWithoutContextsIsNotRemembered) {
  Submission none = Delivered(Pending(1), "id-1", "");
  none.contexts.clear();
  Receipts(none);
  EXPECT_EQ(Receipts(Delivered(Pending(1), "id-1", ""))[0].disposition,
            Disposition::kAccepted);
}

TEST_P(OutboxContract, ADeliveryIsRepeatedWithinABatch) {
  const std::vector<Outcome> outcomes =
      Accept({Delivered(Pending(1), "id-1", ""),
              Delivered(ResultOf(Result::kSuccess, 1), "id-1", "")});
  EXPECT_EQ(outcomes[0].receipts[0].disposition, Disposition::kAccepted);
  EXPECT_EQ(outcomes[1].receipts[0].disposition, Disposition::kUnchanged);
  EXPECT_EQ(outcomes[1].receipts[0].sequence, outcomes[0].receipts[0].sequence);
}

TEST_P(OutboxContract, DeliveriesAreForgottenAfterTheirTime) {
  Receipts(Delivered(Pending(1), "id-1", std::string(32, 'x')));
  clock_.Advance(kDeliveryMemory);
  EXPECT_EQ(Receipts(Delivered(Pending(2), "id-1", ""))[0].disposition,
            Disposition::kUnchanged);
  clock_.Advance(absl::Microseconds(1));
  EXPECT_EQ(Receipts(Delivered(Pending(2), "id-1", ""))[0].disposition,
            Disposition::kAccepted);
  EXPECT_EQ(Receipts(Delivered(Pending(3), "id-2", std::string(32, 'x')))[0]
                .disposition,
            Disposition::kAccepted);
}

Submission Head(char sha, absl::Time updated, int64_t number = 12) {
  Submission submission = Of({On(WebhookPending(), "widgets", sha)});
  submission.change = CodeChange();
  submission.change->event = "pull_request";
  submission.change->pull_request_number = number;
  submission.change->updated_time = updated;
  return submission;
}

TEST_P(OutboxContract, AHeadOlderThanTheNewestIsRecordedNotPosted) {
  Receipts(Head('b', Now()));
  const Receipt receipt = Receipts(Head('a', Now() - absl::Seconds(1)))[0];
  EXPECT_EQ(receipt.disposition, Disposition::kSuperseded);
  EXPECT_EQ(receipt.sequence, 0);

  const std::vector<RecordedReport> reports = HistoryOf(Pending()).reports;
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_EQ(reports[0].disposition, Disposition::kSuperseded);
  EXPECT_EQ(reports[0].state, CommitState::kPending);
  clock_.Advance(kSettle);
  EXPECT_EQ(TakePending()->sha, ShaOf('b'));
  EXPECT_FALSE(TakePending().has_value());
  // It does not wait for anything: its posting says what happened.
  ASSERT_EQ(Commit().statuses.size(), 1u);
  const Posting posting = Commit().statuses[0].posting;
  EXPECT_EQ(posting.state, PostingState::kAbandoned);
  EXPECT_EQ(posting.reason, kOvertaken);
  EXPECT_EQ(posting.overtaken_by, ShaOf('b'));
  EXPECT_EQ(HistoryOf(Pending()).status.posting.overtaken_by, ShaOf('b'));
  EXPECT_FALSE(IsReported(Commit().statuses[0]));
  EXPECT_TRUE(
      outbox().Retry(Pending().Key(), Now()).ok());  // And changes nothing.
  EXPECT_FALSE(TakePending().has_value());
  const auto commits = outbox().ListCommits(std::nullopt, 0, 10);
  ASSERT_EQ(commits->size(), 1u);
  EXPECT_EQ((*commits)[0].sha, ShaOf('b'));
  // A key that is known only by its history can still be reported.
  EXPECT_EQ(Accept(ResultOf(Result::kSuccess)).disposition,
            Disposition::kAccepted);
  EXPECT_EQ(TakeResult()->version, 1);
  EXPECT_EQ(Status().state, CommitState::kSuccess);
}

// A clock at GitHub, or at an Enterprise Server, that is an hour fast must not
// hold up the heads of the next hour.
TEST_P(OutboxContract, ATimeThatIsStillToComeCountsAsNow) {
  Receipts(Head('a', Now() + absl::Hours(1)));
  clock_.Advance(absl::Seconds(10));
  EXPECT_EQ(Receipts(Head('b', Now()))[0].disposition, Disposition::kAccepted);
  // A head from before is still older.
  EXPECT_EQ(Receipts(Head('c', Now() - absl::Seconds(5)))[0].disposition,
            Disposition::kSuperseded);
  // All these times are ahead.
  for (const char sha : {'d', 'e', 'f'}) {
    clock_.Advance(absl::Seconds(10));
    EXPECT_EQ(Receipts(Head(sha, Now() + absl::Hours(1)))[0].disposition,
              Disposition::kAccepted);
  }
}

TEST_P(OutboxContract, OnlyALaterHeadOvertakes) {
  const absl::Time start = Now();
  clock_.Advance(absl::Minutes(1));
  Receipts(Head('b', start));
  // The same moment, a later one, another pull request, no number, no time.
  EXPECT_EQ(Receipts(Head('1', start))[0].disposition, Disposition::kAccepted);
  EXPECT_EQ(Receipts(Head('2', start + absl::Seconds(9)))[0].disposition,
            Disposition::kAccepted);
  EXPECT_EQ(Receipts(Head('3', start, 13))[0].disposition,
            Disposition::kAccepted);
  EXPECT_EQ(Receipts(Head('4', start, 0))[0].disposition,
            Disposition::kAccepted);
  EXPECT_EQ(Receipts(Head('5', absl::InfinitePast()))[0].disposition,
            Disposition::kAccepted);
  // An older event of the newest head is not another head.
  EXPECT_EQ(Receipts(Head('2', start))[0].disposition, Disposition::kUnchanged);
  EXPECT_EQ(Receipts(Head('6', start + absl::Seconds(8)))[0].disposition,
            Disposition::kSuperseded);
  // Of another repository.
  Submission other = Head('7', start);
  other.report.repository = Repo("gadgets");
  EXPECT_EQ(Receipts(other)[0].disposition, Disposition::kAccepted);
}

TEST_P(OutboxContract, AnOvertakenHeadKeepsWhatItHolds) {
  const int64_t held = Accept(ResultOf(Result::kFailure, 1)).sequence;
  Receipts(Head('b', Now()));
  Submission old = Head('a', Now() - absl::Seconds(1));
  old.report.rerun = true;
  const Receipt receipt = Receipts(old)[0];
  EXPECT_EQ(receipt.disposition, Disposition::kSuperseded);
  EXPECT_EQ(receipt.sequence, held);
  EXPECT_EQ(Status().result, Result::kFailure);
}

// A delivery that GitHub repeats because a person asked for it.
Submission Redelivered(KeyReport report, const std::string& id = "id-1") {
  Submission submission =
      Delivered(std::move(report), id, std::string(32, 'x'));
  submission.redelivery_is_rerun = true;
  return submission;
}

TEST_P(OutboxContract, ARedeliveryRunsAgainWhatHasEnded) {
  Receipts(Redelivered(WebhookPending()));
  clock_.Advance(absl::Seconds(10));
  // The entry is still pending.
  EXPECT_EQ(Receipts(Redelivered(WebhookPending()))[0].disposition,
            Disposition::kUnchanged);
  for (const KeyReport& result :
       {ResultOf(Result::kFailure, 1), ResultOf(Result::kSuccess, 2),
        ResultOf(Result::kError)}) {
    Accept(result);
    clock_.Advance(absl::Seconds(10));
    EXPECT_EQ(Receipts(Redelivered(WebhookPending()))[0].disposition,
              Disposition::kAccepted);
    EXPECT_EQ(Status().state, CommitState::kPending);
    EXPECT_EQ(Status().posting.state, PostingState::kDue);
  }
}

// A proxy may repeat it, the configuration may not want reruns, or the same
// event may come through another hook.
TEST_P(OutboxContract, NotEveryRepetitionIsAWishToRunAgain) {
  Receipts(Redelivered(WebhookPending()));
  Accept(ResultOf(Result::kFailure, 1));
  clock_.Advance(absl::Milliseconds(9999));
  EXPECT_EQ(Receipts(Redelivered(WebhookPending()))[0].disposition,
            Disposition::kUnchanged);
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Receipts(Redelivered(WebhookPending(), "id-2"))[0].disposition,
            Disposition::kUnchanged);
  Submission ignored = Redelivered(WebhookPending());
  ignored.redelivery_is_rerun = false;
  EXPECT_EQ(Receipts(ignored)[0].disposition, Disposition::kUnchanged);
  EXPECT_EQ(Status().result, Result::kFailure);
  EXPECT_EQ(Receipts(Redelivered(WebhookPending()))[0].disposition,
            Disposition::kAccepted);
  // The ten seconds begin again.
  Accept(ResultOf(Result::kFailure, 2));
  EXPECT_EQ(Receipts(Redelivered(WebhookPending()))[0].disposition,
            Disposition::kUnchanged);
}

TEST_P(OutboxContract, ARedeliveryThatThisServerAskedForIsNoWish) {
  Receipts(Redelivered(WebhookPending()));
  Accept(ResultOf(Result::kFailure, 1));
  clock_.Advance(absl::Minutes(1));
  ASSERT_TRUE(
      AsHolder(outbox(), &Outbox::AwaitRedelivery, "id-1", false, Now()).ok());
  ASSERT_TRUE(
      AsHolder(outbox(), &Outbox::AwaitRedelivery, "id-1", false, Now()).ok());
  ASSERT_TRUE(
      AsHolder(outbox(), &Outbox::AwaitRedelivery, "id-1", true, Now()).ok());
  EXPECT_EQ(Receipts(Redelivered(WebhookPending()))[0].disposition,
            Disposition::kUnchanged);
  // The server's redelivery has come. The next one is a person's.
  EXPECT_EQ(Receipts(Redelivered(WebhookPending()))[0].disposition,
            Disposition::kAccepted);
  Accept(ResultOf(Result::kFailure, 2));
  // The server does not wait all day for one that never came.
  ASSERT_TRUE(
      AsHolder(outbox(), &Outbox::AwaitRedelivery, "id-1", false, Now()).ok());
  clock_.Advance(absl::Hours(1) + absl::Seconds(1));
  EXPECT_EQ(Receipts(Redelivered(WebhookPending()))[0].disposition,
            Disposition::kAccepted);
}

TEST_P(OutboxContract, AFirstArrivalThatThisServerAskedForIsTakenToo) {
  ASSERT_TRUE(
      AsHolder(outbox(), &Outbox::AwaitRedelivery, "id-1", false, Now()).ok());
  EXPECT_EQ(Receipts(Redelivered(WebhookPending()))[0].disposition,
            Disposition::kAccepted);
  Accept(ResultOf(Result::kFailure, 1));
  clock_.Advance(absl::Minutes(1));
  EXPECT_EQ(Receipts(Redelivered(WebhookPending()))[0].disposition,
            Disposition::kAccepted);
}

// All of its contexts must have ended, and its head must not be overtaken.
TEST_P(OutboxContract, ARedeliveryWaitsForAllOfItsContexts) {
  Submission both = Redelivered(WebhookPending());
  both.contexts.push_back("ci/lint");
  both.change = Head('a', Now()).change;
  Receipts(both);
  Accept(ResultOf(Result::kFailure, 1));
  clock_.Advance(absl::Minutes(1));
  for (const Receipt& receipt : Receipts(both)) {
    EXPECT_EQ(receipt.disposition, Disposition::kUnchanged);
  }
  Accept(On(ResultOf(Result::kSuccess, 1), "widgets", 'a', "ci/lint"));
  for (const Receipt& receipt : Receipts(both)) {
    EXPECT_EQ(receipt.disposition, Disposition::kAccepted);
  }
  Accept(ResultOf(Result::kFailure, 2));
  Accept(On(ResultOf(Result::kSuccess, 2), "widgets", 'a', "ci/lint"));
  clock_.Advance(absl::Minutes(1));
  Receipts(Head('b', Now()));
  for (const Receipt& receipt : Receipts(both)) {
    EXPECT_EQ(receipt.disposition, Disposition::kUnchanged);
  }
  EXPECT_EQ(Commit().statuses[0].state, CommitState::kFailure);
}

Submission RerunOfAll(const std::vector<KeyReport>& reports) {
  Submission submission = Of(reports);
  submission.report = WebhookPending();
  submission.report.rerun = true;
  submission.with_all_reported = true;
  return submission;
}

TEST_P(OutboxContract, AllThatWasReportedIsRunAgain) {
  Accept(ResultOf(Result::kFailure, 1));
  for (const char* context : {"farm/a", "farm/B", "farm/c"}) {
    Accept(On(ResultOf(Result::kSuccess, 1), "widgets", 'a', context));
  }
  Accept(On(ResultOf(Result::kSuccess, 1), "widgets", 'b', "other/commit"));
  Submission observed =
      Of({On(ResultOf(Result::kSuccess), "widgets", 'a', "codecov/patch")});
  observed.observed = Observed{77, "codecov"};
  Receipts(observed);

  Submission all = RerunOfAll(
      {WebhookPending(), On(WebhookPending(), "widgets", 'a', "ci/expected")});
  all.may_report_context = [](absl::string_view context) {
    return context != "farm/c";
  };
  const Outcome outcome = Accept({all}).front();
  ASSERT_TRUE(outcome.status.ok());
  std::vector<std::string> contexts;
  for (const Receipt& receipt : outcome.receipts) {
    EXPECT_EQ(receipt.disposition, Disposition::kAccepted);
    contexts.push_back(receipt.context);
  }
  EXPECT_EQ(contexts, (std::vector<std::string>{"ci/build", "ci/expected",
                                                "farm/a", "farm/B"}));
  for (const StatusView& status : Commit().statuses) {
    const bool is_left =
        status.context == "farm/c" || status.context == "codecov/patch";
    EXPECT_EQ(status.state,
              is_left ? CommitState::kSuccess : CommitState::kPending)
        << status.context;
  }
}

TEST_P(OutboxContract, AllCanBeWhatOnlyAFarmReported) {
  // The repository has no expected contexts, and the commit is unknown.
  EXPECT_TRUE(Accept({RerunOfAll({})}).front().receipts.empty());
  EXPECT_FALSE(outbox().GetCommit(Repo("widgets"), ShaOf('a')).ok());
  // In the same transaction as the report that it reruns.
  const std::vector<Outcome> outcomes =
      Accept({Of({ResultOf(Result::kFailure, 1)}), RerunOfAll({})});
  ASSERT_EQ(outcomes[1].receipts.size(), 1u);
  EXPECT_EQ(outcomes[1].receipts[0].disposition, Disposition::kAccepted);
  EXPECT_EQ(Status().state, CommitState::kPending);
  clock_.Advance(kSettle);
  EXPECT_TRUE(TakePending().has_value());
}

TEST_P(OutboxContract, WhatIsOnlyForTheHistoryChangesNothing) {
  const int64_t held = Accept(ResultOf(Result::kFailure, 1)).sequence;
  KeyReport told = WebhookPending();
  told.description = "the server refused /retest by octocat";
  told.rerun = true;
  Submission submission = Of({told});
  submission.for_history = true;
  const Receipt receipt = Receipts(submission)[0];
  EXPECT_EQ(receipt.disposition, Disposition::kSuperseded);
  EXPECT_EQ(receipt.sequence, held);
  EXPECT_EQ(Status().result, Result::kFailure);
  const std::vector<RecordedReport> reports = HistoryOf(Pending()).reports;
  ASSERT_EQ(reports.size(), 2u);
  EXPECT_EQ(reports[1].disposition, Disposition::kSuperseded);
  EXPECT_EQ(reports[1].description, told.description);
}

}  // namespace
}  // namespace signalbox
