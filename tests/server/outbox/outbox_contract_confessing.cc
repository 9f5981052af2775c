// A request that may have reached GitHub after its lease.

#include "tests/server/outbox/outbox_contract.h"
#include "tests/support/key_report.h"

namespace signalbox {
namespace {

using Kind = Settlement::Kind;

TEST_P(ConfessionContract, APostedStatusIsReadBackAndPostedAgain) {
  const Lease posted = Ended(Kind::kPosted);
  clock_.Advance(absl::Hours(1));
  const int64_t before = Status().sequence;
  Confess(posted.entry_id);
  EXPECT_EQ(Status().posting.state, PostingState::kDue);
  EXPECT_EQ(Status().sequence, before + 1);
  const Lease lease = ExpectReadAfter(kAmbiguousWait, Now());
  EXPECT_EQ(lease.due_since, Now() - kAmbiguousWait);
  // GitHub shows what the late request said.
  Settlement read = EndOf(lease, Kind::kRead);
  read.shown = Shown{CommitState::kPending, "building", ""};
  read.status_id = 2000;
  Settle(read);
  const std::optional<Lease> again = TakeResult();
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->ambiguous_since, std::nullopt);
  EXPECT_EQ(again->shown, read.shown);
  Settlement posted_again = EndOf(*again, Kind::kPosted);
  posted_again.status_id = 3000;
  Settle(posted_again);
  EXPECT_EQ(Status().posting.state, PostingState::kPosted);
  EXPECT_FALSE(TakeAny().has_value());
  // GitHub no longer shows what the late request said.
  Accept(ResultOf(Result::kFailure, 2));
  EXPECT_EQ(TakeResult()->shown, again->wanted);
}

// The late request and that of the other process may have come in either order.
TEST_P(ConfessionContract, ATryInFlightTellsNothingAnyMore) {
  for (const Kind kind :
       {Kind::kPosted, Kind::kRetry, Kind::kRead, Kind::kReturned}) {
    SCOPED_TRACE(static_cast<int>(kind));
    const std::string name = "r" + std::to_string(static_cast<int>(kind));
    Accept(On(ResultOf(Result::kSuccess, 1), name));
    const std::optional<Lease> late = TakeResult();
    ASSERT_TRUE(late.has_value());
    clock_.Advance(absl::Seconds(20));
    const std::optional<Lease> other = TakeResult();
    ASSERT_TRUE(other.has_value());
    clock_.Advance(absl::Seconds(1));
    Confess(late->entry_id);
    Settle(*other, kind);
    Settle(*late, Kind::kPosted);
    EXPECT_EQ(Status(name).posting.state, PostingState::kDue);
    // Until the end of its lease, the other process may still send a request.
    const Lease lease = ExpectReadAfter(absl::Seconds(19), Now());
    EXPECT_EQ(lease.posted_version, 0);
    Settle(lease, Kind::kPosted);
    EXPECT_EQ(Status(name).posting.state, PostingState::kPosted);
  }
}

TEST_P(ConfessionContract, ItsOwnLateTryIsReadBackToo) {
  Accept(ResultOf(Result::kSuccess, 1));
  const std::optional<Lease> lease = TakeResult();
  ASSERT_TRUE(lease.has_value());
  clock_.Advance(absl::Seconds(30));
  Settle(*lease, Kind::kPosted);
  Confess(lease->entry_id);
  ExpectReadAfter(kAmbiguousWait, Now());
}

TEST_P(ConfessionContract, ItCanBeRepeated) {
  const Lease posted = Ended(Kind::kPosted);
  Confess(posted.entry_id);
  const int64_t sequence = Status().sequence;
  Confess(posted.entry_id);
  EXPECT_EQ(Status().sequence, sequence);
  EXPECT_EQ(NextDueTime(), Now() + kAmbiguousWait);
  // With a later time, the doubt is later. With an earlier one it stays.
  clock_.Advance(absl::Seconds(5));
  Confess(posted.entry_id);
  clock_.Jump(-absl::Seconds(3));
  Confess(posted.entry_id);
  clock_.Jump(absl::Seconds(3));
  ExpectReadAfter(kAmbiguousWait, Now());
}

TEST_P(ConfessionContract, ALaterDueTimeStays) {
  const Lease lease = Ended(Kind::kRetry);
  clock_.Advance(absl::Seconds(5));
  Settlement retry = EndOf(*TakeResult(), Kind::kRetry);
  retry.retry_in = absl::Minutes(1);
  Settle(retry);
  const absl::Time doubted = Now();
  Confess(lease.entry_id);
  EXPECT_EQ(Status().posting.state, PostingState::kWaiting);
  EXPECT_EQ(Status().posting.reason, "SERVER_ERROR");
  ExpectReadAfter(absl::Minutes(1), doubted);
}

// GitHub refuses the status permanently, so another try cannot help.
TEST_P(ConfessionContract, AnAbandonedStatusStaysAbandoned) {
  const Lease lease = Ended(Kind::kAbandoned);
  const int64_t sequence = Status().sequence;
  Confess(lease.entry_id);
  EXPECT_EQ(Status().sequence, sequence);
  EXPECT_EQ(Status().posting.state, PostingState::kAbandoned);
  EXPECT_EQ(NextDueTime(), absl::InfiniteFuture());
  Retry(ResultOf(Result::kSuccess, 1));
  ExpectReadAfter(kAmbiguousWait, Now());
}

TEST_P(ConfessionContract, ANewReportWaitsForIt) {
  const Lease lease = Ended(Kind::kPosted);
  Confess(lease.entry_id);
  clock_.Advance(absl::Seconds(2));
  Accept(ResultOf(Result::kFailure, 2));
  EXPECT_EQ(ExpectReadAfter(kAmbiguousWait - absl::Seconds(2),
                            Now() - absl::Seconds(2))
                .version,
            2);
}

// A status that was only seen at GitHub is never posted.
TEST_P(ConfessionContract, WhatIsNotThereIsSkipped) {
  Observe(ResultOf(Result::kSuccess), 5);
  std::vector<int64_t> entries;
  for (int64_t id = 0; id < 5; ++id) entries.push_back(id);
  EXPECT_TRUE(outbox().Confess(entries, Now()).ok());
  EXPECT_TRUE(outbox().Confess({}, Now()).ok());
  EXPECT_EQ(NextDueTime(), absl::InfiniteFuture());
  clock_.Advance(absl::Minutes(1));
  EXPECT_FALSE(TakeAny().has_value());
  EXPECT_EQ(Status().posting.state, PostingState::kObserved);
}

}  // namespace
}  // namespace signalbox
