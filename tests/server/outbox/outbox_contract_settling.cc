// How a lease ends, and what becomes of its entry then.

#include "gmock/gmock.h"
#include "tests/server/outbox/outbox_contract.h"
#include "tests/support/key_report.h"

namespace signalbox {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Kind = Settlement::Kind;

constexpr Kind kKinds[] = {Kind::kPosted, Kind::kRetry, Kind::kAbandoned,
                           Kind::kReturned};

TEST_P(OutboxContract, PostedIsDone) {
  Accept(ResultOf(Result::kSuccess, 1));
  const std::optional<Lease> lease = TakeResult();
  clock_.Advance(absl::Seconds(1));
  const int64_t before = Status().sequence;
  Settle(*lease, Kind::kPosted);
  const StatusView status = Status();
  EXPECT_EQ(status.posting.state, PostingState::kPosted);
  EXPECT_EQ(status.posting.reason, "");
  EXPECT_EQ(status.posting.try_count, 1);
  EXPECT_EQ(status.posting.post_time, Now());
  EXPECT_EQ(status.posting.next_try_time, std::nullopt);
  EXPECT_EQ(status.sequence, before + 1);
  EXPECT_EQ(status.report_time, Now() - absl::Seconds(1));
  EXPECT_EQ(NextDueTime(), absl::InfiniteFuture());
  clock_.Advance(absl::Hours(24));
  EXPECT_FALSE(TakeAny().has_value());
  // The receipt has the report's sequence, in spite of the post.
  EXPECT_EQ(Accept(ResultOf(Result::kSuccess, 1)).sequence, before);
}

TEST_P(OutboxContract, RetryWaits) {
  Accept(ResultOf(Result::kSuccess, 1));
  const int64_t before = Status().sequence;
  const absl::Time first = Now();
  Settle(*TakeResult(), Kind::kRetry);
  const absl::Time next = Now() + absl::Seconds(5);
  const StatusView status = Status();
  EXPECT_EQ(status.posting.state, PostingState::kWaiting);
  EXPECT_EQ(status.posting.reason, "SERVER_ERROR");
  EXPECT_EQ(status.posting.try_count, 1);
  EXPECT_EQ(status.posting.next_try_time, next);
  EXPECT_EQ(status.posting.post_time, std::nullopt);
  EXPECT_EQ(status.sequence, before + 1);
  EXPECT_EQ(NextDueTime(), next);
  EXPECT_FALSE(TakeResult().has_value());
  clock_.Advance(absl::Seconds(5));
  std::optional<Lease> lease = TakeResult();
  ASSERT_TRUE(lease.has_value());
  EXPECT_EQ(lease->try_count, 1);
  EXPECT_EQ(lease->refusal_count, 0);
  EXPECT_EQ(lease->due_since, first);
  EXPECT_EQ(lease->ambiguous_since, std::nullopt);
  EXPECT_EQ(Status().posting.state, PostingState::kDue);
  EXPECT_EQ(Status().posting.reason, "");

  Settlement refused = EndOf(*lease, Kind::kRetry);
  refused.refused = true;
  refused.reason = "COMMIT_NOT_FOUND";
  Settle(refused);
  clock_.Advance(absl::Seconds(5));
  lease = TakeResult();
  EXPECT_EQ(lease->try_count, 2);
  EXPECT_EQ(lease->refusal_count, 1);
}

TEST_P(OutboxContract, AbandonedStaysUntilSomethingChanges) {
  Accept(ResultOf(Result::kSuccess, 1));
  const int64_t before = Status().sequence;
  Settle(*TakeResult(), Kind::kAbandoned);
  const StatusView status = Status();
  EXPECT_EQ(status.posting.state, PostingState::kAbandoned);
  EXPECT_EQ(status.posting.reason, "REPOSITORY_NOT_FOUND");
  EXPECT_EQ(status.posting.try_count, 1);
  EXPECT_EQ(status.posting.next_try_time, std::nullopt);
  EXPECT_EQ(status.sequence, before + 1);
  EXPECT_EQ(NextDueTime(), absl::InfiniteFuture());
  clock_.Advance(absl::Hours(24));
  EXPECT_FALSE(TakeAny().has_value());

  Accept(ResultOf(Result::kSuccess, 2));
  const Posting posting = Status().posting;
  EXPECT_EQ(posting.state, PostingState::kDue);
  EXPECT_EQ(posting.reason, "");
  EXPECT_EQ(posting.try_count, 0);
  const std::optional<Lease> lease = TakeResult();
  ASSERT_TRUE(lease.has_value());
  EXPECT_EQ(lease->version, 2);
  EXPECT_EQ(lease->try_count, 0);
  EXPECT_EQ(lease->refusal_count, 0);
}

TEST_P(OutboxContract, ReturnedIsAsItWas) {
  Accept(ResultOf(Result::kSuccess, 1));
  const absl::Time first = Now();
  Settle(*TakeResult(), Kind::kRetry);
  clock_.Advance(absl::Seconds(5));
  const StatusView before = Status();
  Settle(*TakeResult(), Kind::kReturned);
  const StatusView after = Status();
  EXPECT_EQ(after.sequence, before.sequence);
  EXPECT_EQ(after.posting.state, PostingState::kWaiting);
  EXPECT_EQ(after.posting.reason, "SERVER_ERROR");
  EXPECT_EQ(after.posting.try_count, 1);
  EXPECT_EQ(after.posting.next_try_time, Now() + absl::Seconds(5));
  EXPECT_FALSE(TakeResult().has_value());
  clock_.Advance(absl::Seconds(5));
  const std::optional<Lease> lease = TakeResult();
  EXPECT_EQ(lease->try_count, 1);
  EXPECT_EQ(lease->due_since, first);
}

// An entry that is returned at once keeps its turn.
TEST_P(OutboxContract, ReturnedAtOnceKeepsItsPlace) {
  Accept(On(ResultOf(Result::kSuccess, 1), "widgets", 'a'));
  clock_.Advance(absl::Seconds(1));
  Accept(On(ResultOf(Result::kSuccess, 1), "widgets", 'b'));
  clock_.Advance(absl::Seconds(1));
  const std::optional<Lease> lease = TakeResult();
  ASSERT_EQ(lease->sha, ShaOf('a'));
  Settlement returned = EndOf(*lease, Kind::kReturned);
  returned.retry_in = absl::ZeroDuration();
  Settle(returned);
  EXPECT_EQ(TakeResult()->sha, ShaOf('a'));
  EXPECT_EQ(TakeResult()->sha, ShaOf('b'));
}

TEST_P(OutboxContract, ShownIsWhatGitHubAcknowledgedLast) {
  Accept(ResultOf(Result::kFailure, 1, "2 failed"));
  Settlement posted = EndOf(*TakeResult(), Kind::kPosted);
  posted.shown = Shown{CommitState::kFailure, "2 fai…", "https://x.org/"};
  Settle(posted);
  // Settlements without a post keep what GitHub shows.
  for (const Kind kind : {Kind::kRetry, Kind::kAbandoned, Kind::kReturned}) {
    Accept(ResultOf(Result::kSuccess, 2 + static_cast<int>(kind)));
    const std::optional<Lease> lease = TakeResult();
    ASSERT_TRUE(lease.has_value());
    EXPECT_EQ(lease->shown, posted.shown);
    EXPECT_EQ(lease->posted_version, 1);
    Settle(*lease, kind);
  }
}

// Every way a lease can end, with every kind of report arriving meanwhile.
TEST_P(OutboxContract, ANewerReportMeanwhileStaysDue) {
  for (const Kind kind : kKinds) {
    for (const bool newer_is_pending : {true, false}) {
      SCOPED_TRACE(testing::Message()
                   << static_cast<int>(kind) << ", " << newer_is_pending);
      const std::string name =
          "r" + std::to_string(static_cast<int>(kind) * 2 + newer_is_pending);
      const KeyReport first = On(Pending(1, "first"), name);
      KeyReport newer = On(Pending(1, "newer"), name);
      if (!newer_is_pending) newer.result = Result::kSuccess;
      Accept(first);
      clock_.Advance(kSettle);
      const std::optional<Lease> lease = TakePending();
      ASSERT_TRUE(lease.has_value());
      const Receipt receipt = Accept(newer);
      EXPECT_EQ(receipt.disposition, Disposition::kAccepted);
      EXPECT_EQ(Status(name).posting.state, PostingState::kDue);
      // One post per key at a time.
      EXPECT_FALSE(TakeAny().has_value());
      EXPECT_THAT(DueCredentials(), IsEmpty());

      Settle(*lease, kind);
      const StatusView status = Status(name);
      EXPECT_EQ(status.posting.state, PostingState::kDue);
      EXPECT_EQ(status.posting.reason, "");
      EXPECT_EQ(status.posting.try_count, 0);
      EXPECT_EQ(status.posting.post_time, std::nullopt);
      EXPECT_EQ(status.sequence, receipt.sequence);

      const std::optional<Lease> next =
          newer_is_pending ? TakePending() : TakeResult();
      ASSERT_TRUE(next.has_value());
      EXPECT_EQ(next->version, 2);
      EXPECT_EQ(next->sequence, receipt.sequence);
      EXPECT_EQ(next->wanted.description, "newer");
      EXPECT_EQ(next->try_count, 0);
      EXPECT_EQ(next->ambiguous_since, std::nullopt);
      const bool posted = kind == Kind::kPosted;
      EXPECT_EQ(next->posted_version, posted ? 1 : 0);
      EXPECT_EQ(next->shown,
                posted ? std::optional<Shown>(lease->wanted) : std::nullopt);
      Settle(*next, Kind::kPosted);
      EXPECT_EQ(Status(name).posting.state, PostingState::kPosted);
      EXPECT_FALSE(TakeAny().has_value());
      // The history knows which report each try was for.
      const History history = HistoryOf(first);
      ASSERT_EQ(history.tries.size(), kind == Kind::kReturned ? 1u : 2u);
      EXPECT_EQ(history.tries.back().sequence, receipt.sequence);
      if (kind != Kind::kReturned) {
        EXPECT_EQ(history.tries.front().sequence, lease->sequence);
      }
    }
  }
}

TEST_P(OutboxContract, APendingAfterAResultInFlightSettlesToo) {
  Accept(ResultOf(Result::kFailure, 1));
  const std::optional<Lease> lease = TakeResult();
  Accept(Pending(2));
  Settle(*lease, Kind::kPosted);
  EXPECT_FALSE(TakeAny().has_value());
  EXPECT_EQ(NextDueTime(), Now() + kSettle);
  clock_.Advance(kSettle);
  EXPECT_EQ(TakePending()->version, 2);
}

// The holder of the lease is gone, and GitHub may show the status or not.
TEST_P(OutboxContract, ALeaseIsTakenOverAfterItsDeadline) {
  Accept(ResultOf(Result::kSuccess, 1));
  const absl::Time begin = Now();
  const std::optional<Lease> lost = TakeResult();
  clock_.Advance(absl::Seconds(20) - absl::Microseconds(1));
  EXPECT_FALSE(TakeResult().has_value());
  clock_.Advance(absl::Microseconds(1));
  EXPECT_THAT(DueCredentials(), ElementsAre("acme"));
  const std::optional<Lease> lease = TakeResult();
  ASSERT_TRUE(lease.has_value());
  EXPECT_EQ(lease->version, lost->version);
  EXPECT_NE(lease->lease_number, lost->lease_number);
  EXPECT_EQ(lease->ambiguous_since, begin);
  EXPECT_EQ(lease->due_since, begin);
  EXPECT_FALSE(TakeResult().has_value());
}

// A lease that is over still counts until the entry is taken out again.
TEST_P(OutboxContract, ALateSettlementCountsUntilTheLeaseIsTakenOver) {
  Accept(ResultOf(Result::kSuccess, 1));
  const std::optional<Lease> lease = TakeResult();
  clock_.Advance(absl::Hours(1));
  Settle(*lease, Kind::kPosted);
  EXPECT_EQ(Status().posting.state, PostingState::kPosted);
  EXPECT_FALSE(TakeAny().has_value());
}

TEST_P(OutboxContract, ALostLeaseChangesNothingButTheHistory) {
  for (const Kind kind : kKinds) {
    for (const bool newer_arrives : {true, false}) {
      SCOPED_TRACE(testing::Message()
                   << static_cast<int>(kind) << ", " << newer_arrives);
      const std::string name =
          "r" + std::to_string(static_cast<int>(kind) * 2 + newer_arrives);
      const KeyReport report = On(ResultOf(Result::kFailure, 1), name);
      Accept(report);
      const std::optional<Lease> lost = TakeResult();
      ASSERT_TRUE(lost.has_value());
      if (newer_arrives) Accept(On(ResultOf(Result::kSuccess, 2), name));
      clock_.Advance(absl::Seconds(20));
      const std::optional<Lease> lease = TakeResult();
      ASSERT_TRUE(lease.has_value());
      EXPECT_EQ(lease->version, newer_arrives ? 2 : 1);
      EXPECT_EQ(lease->ambiguous_since, Now() - absl::Seconds(20));

      const StatusView before = Status(name);
      Settlement late = EndOf(*lost, kind);
      late.attempted = TryOf(599);
      Settle(late);
      const StatusView after = Status(name);
      EXPECT_EQ(after.sequence, before.sequence);
      EXPECT_EQ(after.posting.state, PostingState::kDue);
      EXPECT_EQ(after.posting.try_count, 0);
      EXPECT_FALSE(TakeAny().has_value());
      const History history = HistoryOf(report);
      ASSERT_EQ(history.tries.size(), 1u);
      EXPECT_EQ(history.tries[0].sequence, lost->sequence);
      EXPECT_EQ(history.tries[0].attempted.http_status, 599);

      // The lease that took over is still good.
      Settlement retry = EndOf(*lease, Kind::kRetry);
      retry.retry_in = absl::ZeroDuration();
      Settle(retry);
      const std::optional<Lease> again = TakeResult();
      ASSERT_TRUE(again.has_value());
      EXPECT_EQ(again->shown, std::nullopt);
      EXPECT_EQ(again->posted_version, 0);
      EXPECT_EQ(again->try_count, 1);
      Settle(*again, Kind::kPosted);
      EXPECT_EQ(Status(name).posting.state, PostingState::kPosted);
    }
  }
}

TEST_P(OutboxContract, ASecondSettlementChangesNothing) {
  for (const Kind first : kKinds) {
    for (const Kind second : kKinds) {
      const std::string name = "r" + std::to_string(static_cast<int>(first)) +
                               std::to_string(static_cast<int>(second));
      Accept(On(ResultOf(Result::kSuccess, 1), name));
      const std::optional<Lease> lease = TakeResult();
      ASSERT_TRUE(lease.has_value());
      Settle(*lease, first);
      const StatusView before = Status(name);
      Settle(*lease, second);
      const StatusView after = Status(name);
      EXPECT_EQ(after.sequence, before.sequence);
      EXPECT_EQ(after.posting.state, before.posting.state);
      EXPECT_EQ(after.posting.try_count, before.posting.try_count);
      EXPECT_EQ(after.posting.next_try_time, before.posting.next_try_time);
    }
  }
}

TEST_P(OutboxContract, ASettlementOfNoEntryIsNothing) {
  Settlement settlement;
  settlement.entry_id = 4711;
  settlement.version = 1;
  settlement.attempted = TryOf(201);
  Settle(settlement);
  EXPECT_EQ(NextDueTime(), absl::InfiniteFuture());
}

TEST_P(OutboxContract, AnAmbiguousEndIsRememberedUntilATryEndsForSure) {
  Accept(ResultOf(Result::kSuccess, 1));
  std::optional<Lease> lease = TakeResult();
  const absl::Time first = Now();
  Settlement ambiguous = EndOf(*lease, Kind::kRetry);
  ambiguous.ambiguous = true;
  ambiguous.retry_in = absl::Seconds(12);
  Settle(ambiguous);

  clock_.Advance(absl::Seconds(12));
  lease = TakeResult();
  EXPECT_EQ(lease->ambiguous_since, first);
  // A returned lease made no try, so nothing new is known.
  Settlement returned = EndOf(*lease, Kind::kReturned);
  returned.retry_in = absl::ZeroDuration();
  Settle(returned);
  lease = TakeResult();
  EXPECT_EQ(lease->ambiguous_since, first);
  // Neither did a retry without a request.
  Settlement waiting = EndOf(*lease, Kind::kRetry);
  waiting.attempted.reset();
  waiting.retry_in = absl::ZeroDuration();
  Settle(waiting);
  lease = TakeResult();
  EXPECT_EQ(lease->ambiguous_since, first);
  clock_.Advance(absl::Seconds(1));
  waiting = EndOf(*lease, Kind::kRetry);
  waiting.attempted.reset();
  waiting.ambiguous = true;
  waiting.retry_in = absl::ZeroDuration();
  Settle(waiting);
  lease = TakeResult();
  EXPECT_EQ(lease->ambiguous_since, first);
  // Another ambiguous try: the latest begin counts.
  ambiguous = EndOf(*lease, Kind::kRetry);
  ambiguous.ambiguous = true;
  ambiguous.retry_in = absl::ZeroDuration();
  Settle(ambiguous);
  const absl::Time second = Now();
  clock_.Advance(kAmbiguousWait);
  lease = TakeResult();
  EXPECT_EQ(lease->ambiguous_since, second);
  // A try whose end is known.
  Settlement sure = EndOf(*lease, Kind::kRetry);
  sure.retry_in = absl::ZeroDuration();
  Settle(sure);
  EXPECT_EQ(TakeResult()->ambiguous_since, std::nullopt);
}

TEST_P(OutboxContract, AnAmbiguousEndConcernsTheNewerReportToo) {
  Accept(Pending(1));
  clock_.Advance(kSettle);
  std::optional<Lease> lease = TakePending();
  const absl::Time begin = Now();
  Accept(ResultOf(Result::kSuccess, 1));
  Settlement ambiguous = EndOf(*lease, Kind::kRetry);
  ambiguous.ambiguous = true;
  Settle(ambiguous);
  clock_.Advance(kAmbiguousWait);
  lease = TakeResult();
  ASSERT_TRUE(lease.has_value());
  EXPECT_EQ(lease->version, 2);
  EXPECT_EQ(lease->ambiguous_since, begin);
  Settle(*lease, Kind::kPosted);
  Accept(ResultOf(Result::kSuccess, 2));
  EXPECT_EQ(TakeResult()->ambiguous_since, std::nullopt);
}

TEST_P(OutboxContract, ATakenOverLeaseStaysAmbiguousWhenReturned) {
  Accept(ResultOf(Result::kSuccess, 1));
  const absl::Time begin = Now();
  TakeResult();
  clock_.Advance(absl::Seconds(20));
  Settlement returned = EndOf(*TakeResult(), Kind::kReturned);
  returned.retry_in = absl::ZeroDuration();
  Settle(returned);
  EXPECT_EQ(TakeResult()->ambiguous_since, begin);
}

TEST_P(OutboxContract, TheHistoryTellsEveryTry) {
  Accept(ResultOf(Result::kSuccess, 1));
  const std::optional<Lease> lease = TakeResult();
  Settlement settlement = EndOf(*lease, Kind::kRetry);
  settlement.attempted = Try{Now(),
                             Now() + absl::Milliseconds(250),
                             422,
                             "ABCD:1",
                             "COMMIT_NOT_FOUND",
                             "No commit found for SHA"};
  Settle(settlement);
  const std::vector<RecordedTry> tries = HistoryOf(Pending()).tries;
  ASSERT_EQ(tries.size(), 1u);
  EXPECT_EQ(tries[0].sequence, lease->sequence);
  EXPECT_EQ(tries[0].attempted.begin_time, Now());
  EXPECT_EQ(tries[0].attempted.end_time, Now() + absl::Milliseconds(250));
  EXPECT_EQ(tries[0].attempted.http_status, 422);
  EXPECT_EQ(tries[0].attempted.request_id, "ABCD:1");
  EXPECT_EQ(tries[0].attempted.reason, "COMMIT_NOT_FOUND");
  EXPECT_EQ(tries[0].attempted.message, "No commit found for SHA");
}

TEST_P(OutboxContract, WhatGitHubSaysIsShortened) {
  Accept(ResultOf(Result::kSuccess, 1));
  Settlement settlement = EndOf(*TakeResult(), Kind::kAbandoned);
  // 255 bytes, and a character of three.
  settlement.attempted->message =
      std::string(255, 'x') + "\xe2\x80\xa6" + std::string(9000, 'y');
  settlement.attempted->request_id = std::string(9000, 'z');
  Settle(settlement);
  const Try attempted = HistoryOf(Pending()).tries.at(0).attempted;
  EXPECT_EQ(attempted.message, std::string(255, 'x'));
  EXPECT_EQ(attempted.request_id, std::string(256, 'z'));
}

}  // namespace
}  // namespace signalbox
