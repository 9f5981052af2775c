// What happens to entries beside reports and posts: expiry, retries by hand,
// what was seen at GitHub, and being forgotten.

#include "common/error.h"
#include "gmock/gmock.h"
#include "tests/server/outbox/outbox_contract.h"
#include "tests/support/key_report.h"

namespace signalbox {
namespace {

using testing::IsEmpty;
constexpr absl::Duration kOneDay = absl::Hours(24);

TEST_P(OutboxContract, APendingWithoutAResultBecomesAnError) {
  KeyReport pending = Pending(3);
  pending.expires_after = absl::Hours(6);
  pending.target_url = "https://ci.example.com/3";
  Accept(pending);
  EXPECT_EQ(Status().expire_time, Now() + absl::Hours(6));
  clock_.Advance(absl::Hours(6) - absl::Milliseconds(1));
  EXPECT_EQ(Expire(), 0);
  clock_.Advance(absl::Milliseconds(1));
  const int64_t before = Status().sequence;
  EXPECT_EQ(Expire(), 1);
  EXPECT_EQ(Expire(), 0);

  const StatusView status = Status();
  EXPECT_EQ(status.state, CommitState::kError);
  EXPECT_EQ(status.phase, Phase::kExpired);
  EXPECT_EQ(status.result, std::nullopt);
  EXPECT_EQ(status.description, "No result within 6 h");
  EXPECT_EQ(status.target_url, "https://ci.example.com/3");
  EXPECT_EQ(status.attempt, 3);
  EXPECT_GT(status.sequence, before);
  EXPECT_EQ(status.expire_time, std::nullopt);
  // It goes to GitHub as a result does, and is in the history.
  const std::optional<Lease> lease = TakeResult();
  ASSERT_TRUE(lease.has_value());
  EXPECT_EQ(lease->wanted.state, CommitState::kError);
  EXPECT_EQ(lease->version, 2);
  const History history = HistoryOf(pending);
  ASSERT_EQ(history.reports.size(), 2u);
  EXPECT_EQ(history.reports[1].state, CommitState::kError);
  EXPECT_EQ(history.reports[1].caller, "signalbox");
}

TEST_P(OutboxContract, TheListCountsAnExpiryAsAFailure) {
  Accept(Pending());
  clock_.Advance(kOneDay);
  Expire();
  const auto commits = outbox().ListCommits(std::nullopt, 0, 10);
  ASSERT_TRUE(commits.ok());
  ASSERT_EQ(commits->size(), 1u);
  EXPECT_EQ(commits->front().state, CommitState::kFailure);
}

TEST_P(OutboxContract, ASignOfLifeWinsOverAnExpiry) {
  Accept(Pending(3));
  clock_.Advance(kOneDay);
  Expire();
  EXPECT_EQ(Accept(Pending(3)).disposition, Disposition::kAccepted);
  EXPECT_EQ(Status().state, CommitState::kPending);
  EXPECT_EQ(Accept(ResultOf(Result::kSuccess, 3)).disposition,
            Disposition::kAccepted);
  EXPECT_EQ(Status().state, CommitState::kSuccess);
}

TEST_P(OutboxContract, RepeatingAPendingPutsItsExpiryOff) {
  Accept(Pending(3));
  clock_.Advance(absl::Hours(5));
  KeyReport longer = Pending(3);
  longer.expires_after = absl::Minutes(90);
  EXPECT_EQ(Accept(longer).disposition, Disposition::kUnchanged);
  clock_.Advance(absl::Minutes(89));
  EXPECT_EQ(Expire(), 0);
  clock_.Advance(absl::Minutes(1));
  EXPECT_EQ(Expire(), 1);
  EXPECT_EQ(Status().description, "No result within 1 h 30 min");
}

TEST_P(OutboxContract, APendingMayNeverExpire) {
  KeyReport never = Pending(3);
  never.expires_after = absl::InfiniteDuration();
  EXPECT_EQ(Accept(On(never, "acme/first")).expire_time, std::nullopt);
  EXPECT_NE(Accept(On(Pending(3), "acme/later")).expire_time, std::nullopt);
  const Receipt receipt = Accept(On(never, "acme/later"));
  EXPECT_EQ(receipt.disposition, Disposition::kUnchanged);
  EXPECT_EQ(receipt.expire_time, std::nullopt);
  clock_.Advance(1000 * kOneDay);
  EXPECT_EQ(Expire(), 0);
  EXPECT_EQ(Status("acme/first").expire_time, std::nullopt);
  EXPECT_EQ(Status("acme/later").state, CommitState::kPending);

  Accept(On(Pending(3), "acme/first"));
  clock_.Advance(absl::Hours(6));
  EXPECT_EQ(Expire(), 1);
  EXPECT_EQ(Status("acme/first").description, "No result within 6 h");
}

// GitHub keeps the status, and a late result is accepted as a first report.
TEST_P(OutboxContract, APendingThatNeverExpiresIsForgottenAsAResultIs) {
  KeyReport never = Pending(3);
  never.expires_after = absl::InfiniteDuration();
  Accept(On(never, "acme/posted"));
  clock_.Advance(kSettle);
  PostAll();
  Accept(On(never, "acme/due"));
  clock_.Advance(2 * kOneDay);
  ForgetOlderThan(kOneDay);
  EXPECT_FALSE(IsKnown("acme/posted"));
  EXPECT_TRUE(IsKnown("acme/due"));
  EXPECT_EQ(
      Accept(On(ResultOf(Result::kSuccess, 3), "acme/posted")).disposition,
      Disposition::kAccepted);
}

TEST_P(OutboxContract, ResultsDoNotExpireAndTheOldestPendingGoesFirst) {
  Accept(On(Pending(), "acme/one"));
  clock_.Advance(absl::Seconds(1));
  Accept(On(Pending(), "acme/two"));
  Accept(On(ResultOf(Result::kSuccess), "acme/three"));
  clock_.Advance(kOneDay);
  EXPECT_EQ(Expire(1), 1);
  EXPECT_EQ(Status("acme/one").state, CommitState::kError);
  EXPECT_EQ(Status("acme/two").state, CommitState::kPending);
  EXPECT_EQ(Expire(10), 1);
  EXPECT_EQ(Status("acme/three").state, CommitState::kSuccess);
}

TEST_P(OutboxContract, AnExpiryLeavesATryInFlightAlone) {
  Accept(Pending());
  clock_.Advance(absl::Hours(6) - absl::Seconds(1));
  const std::optional<Lease> lease = TakePending();
  ASSERT_TRUE(lease.has_value());
  clock_.Advance(absl::Seconds(2));
  EXPECT_EQ(Expire(), 1);
  EXPECT_EQ(TakeResult(), std::nullopt);
  Settle(*lease, Settlement::Kind::kPosted);
  EXPECT_TRUE(TakeResult().has_value());
}

TEST_P(OutboxContract, AnAbandonedEntryIsRetriedByHand) {
  Accept(ResultOf(Result::kSuccess, 1));
  Settle(*TakeResult(), Settlement::Kind::kAbandoned);
  EXPECT_EQ(TakeResult(), std::nullopt);
  Retry(ResultOf(Result::kSuccess, 1));
  const Posting posting = Status().posting;
  EXPECT_EQ(posting.state, PostingState::kDue);
  EXPECT_EQ(posting.reason, "");
  EXPECT_EQ(posting.try_count, 0);
  const std::optional<Lease> lease = TakeResult();
  ASSERT_TRUE(lease.has_value());
  EXPECT_EQ(lease->refusal_count, 0);
}

TEST_P(OutboxContract, OnlyWhatIsAbandonedIsRetried) {
  const KeyReport report = ResultOf(Result::kSuccess, 1);
  Accept(report);
  Settle(*TakeResult(), Settlement::Kind::kPosted);
  const int64_t sequence = Status().sequence;
  Retry(report);
  EXPECT_EQ(Status().posting.state, PostingState::kPosted);
  EXPECT_EQ(Status().sequence, sequence);
  EXPECT_EQ(ReasonOf(outbox().Retry(On(report, "widgets", 'b').Key(), Now())),
            "NOTHING_REPORTED");
}

// GitHub can apply a request up to twelve seconds after it began, and hide a
// status that was posted before then.
TEST_P(OutboxContract, NothingIsDueWhileATryInDoubtCanTakeEffect) {
  Accept(Pending(1));
  clock_.Advance(absl::Seconds(1));
  const absl::Time begin = Now();
  const std::optional<Lease> lease = TakePending();
  ASSERT_TRUE(lease.has_value());
  clock_.Advance(absl::Seconds(2));
  Settlement lost = EndOf(*lease, Settlement::Kind::kRetry);
  lost.attempted->begin_time = begin;
  lost.ambiguous = true;
  lost.retry_in = absl::ZeroDuration();
  Settle(lost);
  Accept(ResultOf(Result::kSuccess, 1));
  EXPECT_EQ(NextDueTime(), begin + kAmbiguousWait);
  clock_.Advance(absl::Seconds(10) - absl::Milliseconds(1));
  EXPECT_EQ(TakeResult(), std::nullopt);
  clock_.Advance(absl::Milliseconds(1));
  const std::optional<Lease> again = TakeResult();
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->ambiguous_since, begin);
  // The try may have used one of the key's thousand statuses.
  EXPECT_EQ(again->status_count, 1);

  // Reading back shows what GitHub has, and ends the doubt.
  Settlement read = EndOf(*again, Settlement::Kind::kRead);
  read.shown = Shown{CommitState::kPending, "", ""};
  read.status_id = 7;
  Settle(read);
  EXPECT_EQ(Status().posting.state, PostingState::kDue);
  const std::optional<Lease> last = TakeResult();
  ASSERT_TRUE(last.has_value());
  EXPECT_EQ(last->ambiguous_since, std::nullopt);
  ASSERT_TRUE(last->shown.has_value());
  EXPECT_EQ(last->shown->state, CommitState::kPending);
  Settle(*last, Settlement::Kind::kPosted);
  EXPECT_EQ(Status().posting.state, PostingState::kPosted);
}

TEST_P(OutboxContract, AReadThatFailsLeavesTheDoubt) {
  Accept(ResultOf(Result::kSuccess, 1));
  const absl::Time begin = Now();
  Settlement lost = EndOf(*TakeResult(), Settlement::Kind::kRetry);
  lost.ambiguous = true;
  Settle(lost);
  clock_.Advance(absl::Seconds(13));
  Settlement failed = EndOf(*TakeResult(), Settlement::Kind::kRetry);
  failed.ambiguous = true;
  failed.reading = true;
  failed.retry_in = absl::Seconds(1);
  Settle(failed);
  clock_.Advance(absl::Seconds(1));
  const std::optional<Lease> lease = TakeResult();
  ASSERT_TRUE(lease.has_value());
  EXPECT_EQ(lease->ambiguous_since, begin);
  EXPECT_EQ(lease->status_count, 1);
}

TEST_P(OutboxContract, WhatIsSeenAtGitHubIsShownAndAsksForNothing) {
  EXPECT_EQ(Observe(ResultOf(Result::kFailure, 0, "red"), 5).disposition,
            Disposition::kAccepted);
  const StatusView status = Status();
  EXPECT_EQ(status.state, CommitState::kFailure);
  EXPECT_EQ(status.description, "red");
  EXPECT_EQ(status.posting.state, PostingState::kObserved);
  EXPECT_EQ(TakeAny(), std::nullopt);
  EXPECT_EQ(NextDueTime(), absl::InfiniteFuture());
  EXPECT_THAT(DueCredentials(), IsEmpty());
  // An older status, and the same one again, change nothing.
  for (const int64_t id : {4, 5}) {
    EXPECT_EQ(Observe(ResultOf(Result::kSuccess), id).disposition,
              Disposition::kUnchanged);
  }
  EXPECT_EQ(Status().state, CommitState::kFailure);
  EXPECT_EQ(CombinedState(Commit().statuses), CommitState::kPending);
}

TEST_P(OutboxContract, WhatIsSeenNeverReachesJudge) {
  Accept(Pending(7));
  PostAll();
  Observe(ResultOf(Result::kSuccess), 5000);
  EXPECT_EQ(Status().state, CommitState::kPending);
  EXPECT_EQ(Status().attempt, 7);
  EXPECT_EQ(Status().posting.state, PostingState::kPosted);
  EXPECT_EQ(TakeAny(), std::nullopt);
  // But the server knows what GitHub shows, so it posts the pending again.
  Accept(Pending(8));
  clock_.Advance(absl::Seconds(1));
  const std::optional<Lease> lease = TakePending();
  ASSERT_TRUE(lease.has_value());
  ASSERT_TRUE(lease->shown.has_value());
  EXPECT_EQ(lease->shown->state, CommitState::kSuccess);
  EXPECT_EQ(lease->status_count, 2);
}

TEST_P(OutboxContract, OurOwnEchoIsNoNews) {
  Accept(ResultOf(Result::kSuccess, 1));
  Settlement posted = EndOf(*TakeResult(), Settlement::Kind::kPosted);
  posted.status_id = 900;
  Settle(posted);
  const int64_t sequence = Status().sequence;
  EXPECT_EQ(Observe(ResultOf(Result::kSuccess), 900).disposition,
            Disposition::kUnchanged);
  EXPECT_EQ(Status().sequence, sequence);
}

// Our own status can come back as an event before its answer, but counts once.
TEST_P(OutboxContract, OurOwnEchoIsCountedOnce) {
  Accept(ResultOf(Result::kSuccess, 1));
  const std::optional<Lease> lease = TakeResult();
  Observe(ResultOf(Result::kSuccess), 900);
  Settlement posted = EndOf(*lease, Settlement::Kind::kPosted);
  posted.status_id = 900;
  Settle(posted);
  Accept(ResultOf(Result::kFailure, 1));
  EXPECT_EQ(TakeResult()->status_count, 1);
}

// Another sender's status can arrive before our own post is settled.
TEST_P(OutboxContract, ALaterStatusIsNotHiddenByAnEarlierAnswer) {
  Accept(ResultOf(Result::kSuccess, 1));
  const std::optional<Lease> lease = TakeResult();
  Observe(ResultOf(Result::kFailure), 901);
  Settlement posted = EndOf(*lease, Settlement::Kind::kPosted);
  posted.status_id = 900;
  Settle(posted);
  Accept(ResultOf(Result::kSuccess, 2));
  const std::optional<Lease> next = TakeResult();
  ASSERT_TRUE(next.has_value());
  ASSERT_TRUE(next->shown.has_value());
  EXPECT_EQ(next->shown->state, CommitState::kFailure);
}

TEST_P(OutboxContract, AnExpiryEndsNoRun) {
  Accept(InSeries("a", Pending(7)));
  KeyReport pending = InSeries("b", Pending(1));
  pending.expires_after = absl::Hours(1);
  Accept(pending);
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(Expire(), 1);
  EXPECT_EQ(Status().series, "b");
  EXPECT_EQ(HistoryOf(Pending()).reports.back().series, "b");
  EXPECT_EQ(Accept(InSeries("a", ResultOf(Result::kSuccess, 7))).disposition,
            Disposition::kAccepted);
  EXPECT_EQ(Accept(InSeries("b", ResultOf(Result::kFailure, 1))).disposition,
            Disposition::kAccepted);
}

TEST_P(OutboxContract, WhatNobodyTouchedIsForgotten) {
  Accept(On(ResultOf(Result::kSuccess, 1), "acme/old"));
  PostAll();
  clock_.Advance(2 * kOneDay);
  Accept(On(ResultOf(Result::kSuccess, 1), "acme/young"));
  PostAll();
  ForgetOlderThan(kOneDay);
  EXPECT_FALSE(IsKnown("acme/old"));
  EXPECT_TRUE(IsKnown("acme/young"));
  EXPECT_EQ(
      ReasonOf(outbox().GetHistory(On(Pending(), "acme/old").Key()).status()),
      "NOTHING_REPORTED");
  // The key can be reported again.
  Accept(On(ResultOf(Result::kFailure, 1), "acme/old"));
  EXPECT_EQ(Status("acme/old").state, CommitState::kFailure);
}

TEST_P(OutboxContract, WhatIsStillToBeDoneIsNotForgotten) {
  KeyReport pending = On(Pending(1), "acme/pending");
  pending.expires_after = 30 * kOneDay;
  Accept(pending);
  Accept(On(ResultOf(Result::kSuccess, 1), "acme/due"));
  Accept(On(ResultOf(Result::kSuccess, 1), "labs/flying"));
  const std::optional<Lease> lease = Take(Request(false, "labs"));
  ASSERT_TRUE(lease.has_value());
  Observe(On(ResultOf(Result::kFailure), "acme/seen"), 9);
  clock_.Advance(5 * kOneDay);
  ForgetOlderThan(kOneDay);
  EXPECT_TRUE(IsKnown("acme/pending"));
  EXPECT_TRUE(IsKnown("acme/due"));
  EXPECT_TRUE(IsKnown("labs/flying"));
  EXPECT_FALSE(IsKnown("acme/seen"));
}

// A person may be looking why nothing was posted. Retention counts from the
// abandoning, however old the report is.
TEST_P(OutboxContract, WhatWasAbandonedLatelyIsNotForgotten) {
  Accept(On(ResultOf(Result::kSuccess, 1), "acme/given-up"));
  clock_.Advance(5 * kOneDay);
  const std::optional<Lease> lease = Take(Request(false, "acme"));
  ASSERT_TRUE(lease.has_value());
  Settle(EndOf(*lease, Settlement::Kind::kAbandoned));
  ForgetOlderThan(kOneDay);
  ASSERT_TRUE(IsKnown("acme/given-up"));
  EXPECT_EQ(Status("acme/given-up").posting.state, PostingState::kAbandoned);
  clock_.Advance(2 * kOneDay);
  ForgetOlderThan(kOneDay);
  EXPECT_FALSE(IsKnown("acme/given-up"));
}

// A nightly check of a third party, on the last commit of a quiet repository.
TEST_P(OutboxContract, WhatIsStillBeingObservedIsNotForgotten) {
  Observe(On(ResultOf(Result::kFailure), "acme/seen"), 9);
  Accept(On(ResultOf(Result::kSuccess, 1), "acme/ours"));
  PostAll();
  Observe(On(ResultOf(Result::kFailure), "acme/ours"), 100'009);
  clock_.Advance(5 * kOneDay);
  Observe(On(ResultOf(Result::kSuccess), "acme/seen"), 10);
  Observe(On(ResultOf(Result::kSuccess), "acme/ours"), 100'010);
  ForgetOlderThan(kOneDay);
  EXPECT_TRUE(IsKnown("acme/seen"));
  EXPECT_TRUE(IsKnown("acme/ours"));
  clock_.Advance(5 * kOneDay);
  ForgetOlderThan(kOneDay);
  EXPECT_FALSE(IsKnown("acme/seen"));
  EXPECT_FALSE(IsKnown("acme/ours"));
}

TEST_P(OutboxContract, OldHistoryGoesWhileItsEntryStays) {
  const KeyReport report = Pending(1);
  Accept(report);
  PostAll();
  clock_.Advance(2 * kOneDay);
  Accept(ResultOf(Result::kSuccess, 1));
  PostAll();
  ASSERT_EQ(HistoryOf(report).reports.size(), 2u);
  ForgetOlderThan(kOneDay);
  const History history = HistoryOf(report);
  ASSERT_EQ(history.reports.size(), 1u);
  EXPECT_EQ(history.reports[0].state, CommitState::kSuccess);
  EXPECT_EQ(history.tries.size(), 1u);
  EXPECT_EQ(history.status.state, CommitState::kSuccess);
}

TEST_P(OutboxContract, ForgettingEndsWhateverIsKept) {
  std::vector<Submission> submissions;
  for (int i = 0; i < 100; ++i) {
    KeyReport report = Pending(1);
    report.sha = *ParseSha(absl::StrCat(1000 + i, std::string(36, 'a')));
    submissions.push_back(Of({report}));
  }
  Accept(submissions);
  clock_.Advance(100 * kOneDay);
  // All are due: none is forgotten, and the search ends all the same.
  ForgetOlderThan(kOneDay);
  const auto commits = outbox().ListCommits(std::nullopt, 0, 1000);
  ASSERT_TRUE(commits.ok());
  EXPECT_EQ(commits->size(), 100u);
}

TEST_P(OutboxContract, PausesAreKeptUntilTheyAreOver) {
  ASSERT_TRUE(outbox().SetPause("acme", absl::Hours(1), Now()).ok());
  ASSERT_TRUE(outbox().SetPause("labs", absl::Hours(2), Now()).ok());
  ASSERT_TRUE(outbox().SetPause("acme", absl::Hours(3), Now()).ok());
  // A process that heard of another limit earlier stores it later.
  ASSERT_TRUE(outbox().SetPause("acme", absl::Hours(2), Now()).ok());
  std::vector<CredentialPause> pauses = Pauses();
  ASSERT_EQ(pauses.size(), 2u);
  EXPECT_EQ(pauses[0].credential, "acme");
  EXPECT_EQ(pauses[0].left, absl::Hours(3));
  clock_.Advance(absl::Hours(2));
  pauses = Pauses();
  ASSERT_EQ(pauses.size(), 2u);
  EXPECT_EQ(pauses[0].left, absl::Hours(1));
  EXPECT_EQ(pauses[1].left, absl::ZeroDuration());
  ASSERT_TRUE(outbox().SetPause("new", absl::Hours(1), Now()).ok());
  pauses = Pauses();
  ASSERT_EQ(pauses.size(), 2u);
  EXPECT_EQ(pauses[1].credential, "new");
}

TEST_P(OutboxContract, AHistoryTellsWhoPostsAndWhetherItIsUnderWay) {
  const KeyReport report = ResultOf(Result::kSuccess, 1);
  Accept(report);
  EXPECT_FALSE(HistoryOf(report).in_flight);
  EXPECT_EQ(HistoryOf(report).credential, "acme");
  EXPECT_EQ(HistoryOf(report).repository.FullName(), "acme/widgets");
  EXPECT_EQ(HistoryOf(report).status.state, CommitState::kSuccess);
  TakeResult();
  EXPECT_TRUE(HistoryOf(report).in_flight);
}

}  // namespace
}  // namespace signalbox
