// Which process takes out what is to be posted.

#include "tests/server/outbox/outbox_contract.h"

namespace signalbox {
namespace {

// These calls must find the store as it is: opening it may end a term.
TermLook LookAt(Outbox& store) {
  const absl::StatusOr<TermLook> look = store.Look();
  EXPECT_TRUE(look.ok()) << look.status();
  return look.value_or(TermLook());
}

Term Claimed(Outbox& store, const std::string& owner, absl::Time now) {
  const absl::StatusOr<Term> term =
      store.Claim(LookAt(store), owner, owner + "'s server", now);
  EXPECT_TRUE(term.ok()) << term.status();
  return term.value_or(Term());
}

TEST_P(OutboxContract, AClaimBeginsATerm) {
  Outbox& store = outbox();
  const TermLook free = LookAt(store);
  EXPECT_EQ(free.owner, "");
  const absl::StatusOr<Term> term =
      store.Claim(free, std::string("a\0b", 3), "first", Now());
  ASSERT_TRUE(term.ok()) << term.status();
  EXPECT_GT(term->epoch, free.epoch);
  const TermLook look = LookAt(store);
  EXPECT_EQ(look.epoch, term->epoch);
  EXPECT_EQ(look.owner, std::string("a\0b", 3));
  EXPECT_EQ(look.holder, "first");
  EXPECT_EQ(look.beat, 0);
  EXPECT_EQ(look.beat_time, Now());
}

// An epoch that came back would let a former holder take entries out.
TEST_P(OutboxContract, EpochsOnlyRise) {
  int64_t last = 0;
  for (int i = 0; i < 3; ++i) {
    Outbox& store = outbox();
    const Term term = Claimed(store, "a", Now());
    EXPECT_GT(term.epoch, last);
    EXPECT_TRUE(store.GiveBack(term).ok());
    last = term.epoch;
  }
}

TEST_P(OutboxContract, BeatsAreCounted) {
  Outbox& store = outbox();
  const Term term = Claimed(store, "a", Now());
  for (int i = 1; i < 3; ++i) {
    clock_.Advance(absl::Seconds(1));
    EXPECT_TRUE(store.Beat(term, Now()).ok());
    const TermLook look = LookAt(store);
    EXPECT_EQ(look.epoch, term.epoch);
    EXPECT_EQ(look.beat, i);
    EXPECT_EQ(look.beat_time, Now());
  }
}

// The store does not judge whether a holder has been silent for long enough.
TEST_P(OutboxContract, AClaimEndsTheTermThatItSaw) {
  Outbox& store = outbox();
  const Term first = Claimed(store, "a", Now());
  const Term second = Claimed(store, "b", Now());
  EXPECT_GT(second.epoch, first.epoch);
  const absl::Status beaten = store.Beat(first, Now());
  EXPECT_TRUE(absl::IsFailedPrecondition(beaten)) << beaten;
  EXPECT_EQ(ReasonOf(beaten), "TERM_OVER");
  EXPECT_EQ(LookAt(store).beat, 0);
  EXPECT_EQ(LookAt(store).owner, "b");
  EXPECT_TRUE(store.Beat(second, Now()).ok());
}

// Of several that claim at once, one succeeds.
TEST_P(OutboxContract, AClaimOnAnOldLookChangesNothing) {
  Outbox& store = outbox();
  const TermLook free = LookAt(store);
  const Term term = Claimed(store, "a", Now());
  const TermLook silent = LookAt(store);
  EXPECT_TRUE(store.Beat(term, Now()).ok());
  for (const TermLook& seen : {free, silent}) {
    const auto claimed = store.Claim(seen, "b", "", Now());
    EXPECT_TRUE(absl::IsAborted(claimed.status())) << claimed.status();
    EXPECT_EQ(ReasonOf(claimed.status()), "TERM_CHANGED");
  }
  const TermLook look = LookAt(store);
  EXPECT_EQ(look.owner, "a");
  EXPECT_EQ(look.beat, 1);
  EXPECT_TRUE(store.Beat(term, Now()).ok());
}

TEST_P(OutboxContract, ATermThatIsGivenBackIsOver) {
  Outbox& store = outbox();
  const Term first = Claimed(store, "a", Now());
  const TermLook held = LookAt(store);
  EXPECT_TRUE(store.GiveBack(first).ok());
  EXPECT_EQ(LookAt(store).owner, "");
  EXPECT_GE(LookAt(store).epoch, first.epoch);
  EXPECT_EQ(ReasonOf(store.Beat(first, Now())), "TERM_OVER");
  // A claim fails if the holder has given the term back since the look.
  EXPECT_FALSE(store.Claim(held, "b", "", Now()).ok());
  const Term second = Claimed(store, "b", Now());
  EXPECT_GT(second.epoch, first.epoch);
  EXPECT_TRUE(store.GiveBack(first).ok());
  EXPECT_EQ(LookAt(store).owner, "b");
  EXPECT_TRUE(store.Beat(second, Now()).ok());
}

TEST_P(OutboxContract, OnlyTheHolderTakesEntriesOut) {
  Accept(ResultOf(Result::kSuccess, 1));
  Outbox& store = outbox();
  const LeaseRequest request = Request(false);
  const auto take = [&](const Term& term) {
    return store.Turn(term, {}, {&request, 1}, Now());
  };
  const Term first = Claimed(store, "a", Now());
  const Term second = Claimed(store, "b", Now());
  for (const Term& term : {Term(), first, Term{second.epoch + 1}}) {
    const auto leases = take(term);
    EXPECT_TRUE(absl::IsFailedPrecondition(leases.status()));
    EXPECT_EQ(ReasonOf(leases.status()), "TERM_OVER");
  }
  const auto leases = take(second);
  ASSERT_TRUE(leases.ok()) << leases.status();
  ASSERT_TRUE(leases->front().has_value());
  EXPECT_EQ(leases->front()->lease_epoch, second.epoch);
  EXPECT_TRUE(store.GiveBack(second).ok());
  EXPECT_EQ(ReasonOf(take(second).status()), "TERM_OVER");
}

// GitHub's answer is true, and no other process has taken the entry out.
TEST_P(OutboxContract, ATryOfAFormerHolderEndsAsEver) {
  Accept(ResultOf(Result::kSuccess, 1));
  const std::optional<Lease> lease = TakeResult();
  ASSERT_TRUE(lease.has_value());
  const Settlement posted = EndOf(*lease, Settlement::Kind::kPosted);
  {
    Outbox& store = outbox();
    Claimed(store, "another", Now());
    // A turn that takes entries out, too, is refused as a whole.
    const LeaseRequest request = Request(false);
    const Term former{lease->lease_epoch};
    EXPECT_EQ(
        ReasonOf(
            store.Turn(former, {&posted, 1}, {&request, 1}, Now()).status()),
        "TERM_OVER");
    EXPECT_EQ(Status().posting.state, PostingState::kDue);
  }
  EXPECT_TRUE(
      outbox().Turn(Term{lease->lease_epoch}, {&posted, 1}, {}, Now()).ok());
  EXPECT_EQ(Status().posting.state, PostingState::kPosted);
}

TEST_P(OutboxContract, ALeaseOfAnotherTermIsLost) {
  Accept(ResultOf(Result::kSuccess, 1));
  const std::optional<Lease> lease = TakeResult();
  ASSERT_TRUE(lease.has_value());
  Settlement posted = EndOf(*lease, Settlement::Kind::kPosted);
  posted.lease_epoch = lease->lease_epoch + 1;
  Settle(posted);
  EXPECT_EQ(Status().posting.state, PostingState::kDue);
  EXPECT_EQ(HistoryOf(ResultOf(Result::kSuccess, 1)).tries.size(), 1u);
  Settle(*lease, Settlement::Kind::kPosted);
  EXPECT_EQ(Status().posting.state, PostingState::kPosted);
}

}  // namespace
}  // namespace signalbox
