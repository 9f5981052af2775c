// When an entry is due, and whose turn it is.

#include <algorithm>
#include <random>
#include <set>

#include "gmock/gmock.h"
#include "tests/server/outbox/outbox_contract.h"
#include "tests/support/key_report.h"
#include "tests/support/seed.h"

namespace signalbox {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Kind = Settlement::Kind;

TEST_P(OutboxContract, AResultIsDueAtOnce) {
  const Receipt receipt = Accept(ResultOf(Result::kFailure, 3, "2 failed"));
  EXPECT_FALSE(TakePending().has_value());
  const std::optional<Lease> lease = TakeResult();
  ASSERT_TRUE(lease.has_value());
  EXPECT_EQ(lease->version, 1);
  EXPECT_EQ(lease->sequence, receipt.sequence);
  EXPECT_EQ(lease->repository.Canonical().text(), "github.com/acme/widgets");
  EXPECT_EQ(lease->sha, ShaOf('a'));
  EXPECT_EQ(lease->context, "ci/build");
  EXPECT_EQ(lease->wanted, (Shown{CommitState::kFailure, "2 failed", ""}));
  EXPECT_EQ(lease->shown, std::nullopt);
  EXPECT_EQ(lease->posted_version, 0);
  EXPECT_EQ(lease->try_count, 0);
  EXPECT_EQ(lease->refusal_count, 0);
  EXPECT_EQ(lease->due_since, Now());
  EXPECT_EQ(lease->ambiguous_since, std::nullopt);
}

TEST_P(OutboxContract, NamesArePostedAsFirstSpelled) {
  KeyReport report = ResultOf(Result::kSuccess, 1);
  report.repository = Repo("Acme/Widgets");
  report.context = "CI/Build";
  Accept(report);
  Accept(ResultOf(Result::kSuccess, 2));
  const std::optional<Lease> lease = TakeResult();
  EXPECT_EQ(lease->repository.FullName(), "Acme/Widgets");
  EXPECT_EQ(lease->context, "CI/Build");
}

// Several results have the same state, so the description names the result.
TEST_P(OutboxContract, AResultWithoutATextIsDescribed) {
  char sha = '1';
  for (const Result result :
       {Result::kSuccess, Result::kFailure, Result::kError, Result::kCancelled,
        Result::kSkipped, Result::kTimedOut, Result::kNeutral}) {
    Accept(On(ResultOf(result, 1), "widgets", sha));
    EXPECT_EQ(TakeResult()->wanted,
              (Shown{CommitStateOf(result),
                     std::string(DefaultDescription(result)), ""}));
    // Only the post has this text: the report's own stays empty.
    EXPECT_EQ(Status("widgets", sha).description, "");
    Accept(On(ResultOf(result, 1, "text"), "gadgets", sha));
    EXPECT_EQ(TakeResult()->wanted.description, "text");
    ++sha;
  }
}

TEST_P(OutboxContract, APendingIsDueWhenItHasSettled) {
  const absl::Time due = Now() + kSettle;
  Accept(Pending(1));
  EXPECT_EQ(Status().posting.state, PostingState::kDue);
  EXPECT_EQ(Status().posting.next_try_time, due);
  EXPECT_EQ(NextDueTime(), due);
  EXPECT_THAT(DueCredentials(), IsEmpty());
  clock_.Advance(kSettle - absl::Microseconds(1));
  EXPECT_FALSE(TakePending().has_value());
  clock_.Advance(absl::Microseconds(1));
  EXPECT_THAT(DueCredentials(), ElementsAre("acme"));
  EXPECT_FALSE(TakeResult().has_value());
  const std::optional<Lease> lease = TakePending();
  ASSERT_TRUE(lease.has_value());
  EXPECT_EQ(lease->due_since, due);
  EXPECT_EQ(lease->wanted.state, CommitState::kPending);
}

TEST_P(OutboxContract, AResultOvertakesAPendingThatSettles) {
  Accept(Pending(1));
  Accept(ResultOf(Result::kSuccess, 1));
  EXPECT_EQ(TakeResult()->version, 2);
  clock_.Advance(kSettle);
  EXPECT_FALSE(TakePending().has_value());
}

// Otherwise nobody would see the pendings of a farm that reports often.
TEST_P(OutboxContract, ANewerPendingIsDueWhenTheFirstWouldHaveBeen) {
  const absl::Time due = Now() + kSettle;
  Accept(Pending(1, "10 %"));
  clock_.Advance(kSettle / 2);
  Accept(Pending(1, "20 %"));
  clock_.Advance(kSettle / 2);
  Accept(Pending(1, "30 %"));
  const std::optional<Lease> lease = TakePending();
  ASSERT_TRUE(lease.has_value());
  EXPECT_EQ(lease->wanted.description, "30 %");
  EXPECT_EQ(lease->due_since, due);
  Settle(*lease, Kind::kPosted);
  // After a post, the next pending settles for its own time.
  Accept(Pending(1, "40 %"));
  EXPECT_FALSE(TakePending().has_value());
  EXPECT_EQ(NextDueTime(), Now() + kSettle);
}

TEST_P(OutboxContract, APendingAfterAnAbandonedOneSettlesAnew) {
  Accept(Pending(1));
  clock_.Advance(kSettle);
  Settle(*TakePending(), Kind::kAbandoned);
  clock_.Advance(absl::Hours(1));
  Accept(Pending(2));
  EXPECT_EQ(NextDueTime(), Now() + kSettle);
  EXPECT_FALSE(TakePending().has_value());
}

TEST_P(OutboxContract, APendingAfterAnUnpostedResultSettles) {
  Accept(ResultOf(Result::kSuccess, 1));
  clock_.Advance(absl::Hours(1));
  Accept(Pending(2));
  EXPECT_FALSE(TakeResult().has_value());
  EXPECT_FALSE(TakePending().has_value());
  EXPECT_EQ(NextDueTime(), Now() + kSettle);
}

TEST_P(OutboxContract, AnEntryInFlightIsNotDue) {
  Accept(ResultOf(Result::kSuccess, 1));
  const LeaseRequest request = Request(false);
  ASSERT_TRUE(Take(request).has_value());
  EXPECT_FALSE(TakeResult().has_value());
  EXPECT_THAT(DueCredentials(), IsEmpty());
  EXPECT_EQ(NextDueTime(), Now() + request.lease_time);
  const Posting posting = Status().posting;
  EXPECT_EQ(posting.state, PostingState::kDue);
  EXPECT_EQ(posting.next_try_time, std::nullopt);
}

TEST_P(OutboxContract, TheLongestDueOfARepositoryComesFirst) {
  for (const char sha : {'b', 'a', 'c'}) {
    Accept(On(ResultOf(Result::kSuccess, 1), "widgets", sha));
    clock_.Advance(absl::Seconds(1));
  }
  EXPECT_EQ(TakeResult()->sha, ShaOf('b'));
  EXPECT_EQ(TakeResult()->sha, ShaOf('a'));
  EXPECT_EQ(TakeResult()->sha, ShaOf('c'));
  EXPECT_FALSE(TakeResult().has_value());
}

TEST_P(OutboxContract, RepositoriesTakeTurnsByName) {
  for (const char* name : {"m", "z", "a"}) {
    for (const char sha : {'1', '2'}) {
      Accept(On(ResultOf(Result::kSuccess, 1), name, sha));
    }
  }
  LeaseRequest request = Request(false);
  std::vector<std::string> order;
  while (std::optional<Lease> lease = Take(request)) {
    order.push_back(lease->repository.name);
    request.after_repository = lease->repository.Canonical();
  }
  EXPECT_THAT(order, ElementsAre("a", "m", "z", "a", "m", "z"));
}

TEST_P(OutboxContract, TheTurnGoesOnWhereItWas) {
  for (const char* name : {"b", "d"}) {
    Accept(On(ResultOf(Result::kSuccess, 1), name));
  }
  LeaseRequest request = Request(false);
  // Goes on after a name without a repository, and after the last one.
  request.after_repository = Repo("c").Canonical();
  EXPECT_EQ(Take(request)->repository.name, "d");
  request.after_repository = Repo("d").Canonical();
  EXPECT_EQ(Take(request)->repository.name, "b");
}

// A repository that was found empty must be found again once it has work.
TEST_P(OutboxContract, ARepositoryComesBackToItsTurn) {
  for (int attempt = 1; attempt <= 3; ++attempt) {
    Accept(ResultOf(Result::kSuccess, attempt));
    const std::optional<Lease> lease = TakeResult();
    ASSERT_TRUE(lease.has_value());
    Settle(*lease, Kind::kPosted);
    EXPECT_FALSE(TakeResult().has_value());
    EXPECT_FALSE(TakePending().has_value());
  }
}

TEST_P(OutboxContract, CredentialsAreApart) {
  Accept(On(ResultOf(Result::kSuccess, 1), "zoo/widgets"));
  Accept(On(ResultOf(Result::kSuccess, 1), "acme/widgets"));
  Accept(On(Pending(1), "later/widgets"));
  EXPECT_THAT(DueCredentials(), ElementsAre("acme", "zoo"));
  EXPECT_FALSE(Take(Request(false, "nobody")).has_value());
  EXPECT_EQ(Take(Request(false, "zoo"))->repository.owner, "zoo");
  EXPECT_FALSE(Take(Request(false, "zoo")).has_value());
  EXPECT_THAT(DueCredentials(), ElementsAre("acme"));
  clock_.Advance(kSettle);
  EXPECT_THAT(DueCredentials(), ElementsAre("acme", "later"));
  // "later" has only a pending.
  const std::vector<DueCredential> known = {{"acme", true}, {"later", false}};
  EXPECT_EQ(FindDueWork().credentials, known);
}

TEST_P(OutboxContract, OnlyWhatHasBeenDueLongEnoughIsTaken) {
  Accept(Pending(1));
  clock_.Advance(absl::Seconds(60));
  const absl::Duration due_for = absl::Seconds(60) - kSettle;
  LeaseRequest request = Request(true);
  request.due_for = due_for + absl::Microseconds(1);
  EXPECT_FALSE(Take(request).has_value());
  request.due_for = due_for;
  EXPECT_TRUE(Take(request).has_value());
}

// Repositories take turns. One without an entry that is due long enough must
// not hide another that has one.
TEST_P(OutboxContract, LongDueIsFoundBehindOtherRepositories) {
  Accept(On(Pending(1), "z"));
  clock_.Advance(absl::Seconds(60));
  Accept(On(Pending(1), "a"));
  clock_.Advance(absl::Seconds(1));
  LeaseRequest request = Request(true);
  request.due_for = absl::Seconds(30);
  EXPECT_EQ(Take(request)->repository.name, "z");
  EXPECT_FALSE(Take(request).has_value());
}

TEST_P(OutboxContract, TheNextDueTimeIsLaterThanNow) {
  EXPECT_EQ(NextDueTime(), absl::InfiniteFuture());
  Accept(ResultOf(Result::kSuccess, 1));
  // An entry that is due already does not count.
  EXPECT_EQ(NextDueTime(), absl::InfiniteFuture());
  Accept(On(Pending(1), "zoo/widgets"));
  EXPECT_EQ(NextDueTime(), Now() + kSettle);
  clock_.Advance(kSettle);
  EXPECT_EQ(NextDueTime(), absl::InfiniteFuture());
}

// After any events in any order: no two leases of a key are out at once, the
// versions taken rise, and GitHub has the newest report of every key in the
// end.
TEST_P(OutboxContract, ConvergesWhateverHappens) {
  const int steps = std::get<1>(GetParam()) ? 150 : 1500;
  const uint32_t seed = Seed();
  for (uint32_t round = 0; round < 3; ++round) {
    SCOPED_TRACE(testing::Message() << "round " << round);
    std::mt19937 random(seed + round);
    const auto pick = [&](int n) { return static_cast<int>(random() % n); };
    struct Key {
      int64_t newest = 0;  // The version that was accepted last.
      int64_t posted = 0;  // By an honest GitHub.
      int64_t taken = 0;
      absl::Time busy_until = absl::InfinitePast();
    };
    std::map<std::string, Key> keys;
    std::vector<std::pair<Lease, absl::Time>> leases;
    const std::string prefix = "s" + std::to_string(round) + "-";

    const auto take = [&](bool pendings) {
      const LeaseRequest request = Request(pendings);
      const std::optional<Lease> lease = Take(request);
      if (!lease.has_value()) return false;
      Key& key = keys[lease->repository.name];
      EXPECT_LE(key.busy_until, Now());
      EXPECT_EQ(lease->version, key.newest);
      EXPECT_GE(lease->version, key.taken);
      EXPECT_GT(lease->version, key.posted);
      EXPECT_EQ(lease->posted_version, key.posted);
      key.taken = lease->version;
      key.busy_until = Now() + request.lease_time;
      leases.push_back({*lease, key.busy_until});
      return true;
    };
    const auto settle = [&](size_t index, Kind kind) {
      const auto [lease, lease_end] = leases[index];
      leases.erase(leases.begin() + static_cast<long>(index));
      Key& key = keys[lease.repository.name];
      // Ours, unless the lease was taken over.
      const bool ours = key.busy_until == lease_end;
      Settlement settlement = EndOf(lease, kind);
      settlement.ambiguous = kind == Kind::kRetry && pick(2) == 0;
      Settle(settlement);
      if (!ours) return;
      key.busy_until = absl::InfinitePast();
      if (kind == Kind::kPosted) key.posted = lease.version;
    };

    for (int step = 0; step < steps; ++step) {
      clock_.Advance(absl::Milliseconds(1 + pick(400)));
      switch (pick(6)) {
        case 0:
        case 1: {
          const std::string name = prefix + std::to_string(pick(4));
          KeyReport report =
              On(Pending(pick(6), std::to_string(pick(3))), name);
          if (pick(2) == 0) report.result = static_cast<Result>(1 + pick(7));
          const Outcome outcome = Accept({Of({report})}).front();
          if (outcome.status.ok() &&
              outcome.receipts[0].disposition == Disposition::kAccepted) {
            keys[name].newest++;
          }
          break;
        }
        case 2:
        case 3:
          take(pick(2) == 0);
          break;
        case 4:
          // No kAbandoned: such an entry is not posted until the next report.
          if (!leases.empty()) {
            const Kind kinds[] = {Kind::kPosted, Kind::kRetry, Kind::kReturned};
            settle(static_cast<size_t>(pick(static_cast<int>(leases.size()))),
                   kinds[pick(3)]);
          }
          break;
        case 5:
          if (pick(10) == 0) clock_.Advance(absl::Seconds(21));
          break;
      }
    }
    // The holders of all leases are gone.
    leases.clear();
    clock_.Advance(absl::Minutes(1));
    while (take(false) || take(true)) settle(0, Kind::kPosted);
    ASSERT_FALSE(keys.empty());
    for (const auto& [name, key] : keys) {
      if (key.newest == 0) continue;
      EXPECT_EQ(key.posted, key.newest) << name;
      EXPECT_EQ(Status(name).posting.state, PostingState::kPosted) << name;
    }
    EXPECT_EQ(NextDueTime(), absl::InfiniteFuture());
  }
}

TEST_P(OutboxContract, WhatIsHeldIsNotTakenAndHoldsNobodyUp) {
  Accept(On(ResultOf(Result::kSuccess, 1), "widgets", '1'));
  Accept(On(ResultOf(Result::kSuccess, 1), "widgets", '2'));
  const std::optional<Lease> first = TakeResult();
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->sha, ShaOf('1'));
  clock_.Advance(absl::Hours(1));  // Its lease is over.
  const std::set<int64_t> held = {first->entry_id};
  LeaseRequest request = Request(false);
  request.held = &held;
  EXPECT_EQ(Take(request)->sha, ShaOf('2'));
  EXPECT_FALSE(Take(request).has_value());
  // The held entry was left alone: its try can still be settled.
  Settle(*first, Kind::kPosted);
  EXPECT_EQ(Status("widgets", '1').posting.state, PostingState::kPosted);
}

TEST_P(OutboxContract, WhatAClockThatWasSetBackDelaysIsBroughtForward) {
  for (const char sha : {'1', '2', '3'}) {
    Accept(On(ResultOf(Result::kSuccess, 1), "widgets", sha));
    clock_.Advance(absl::Seconds(1));
  }
  clock_.Advance(absl::Minutes(5));
  Accept(On(ResultOf(Result::kSuccess, 1), "widgets", '4'));
  clock_.Jump(-absl::Hours(1));
  EXPECT_FALSE(TakeResult().has_value());
  EXPECT_TRUE(
      *AsHolder(outbox(), &Outbox::BringForward, kFarthestDue, Now(), 3));
  EXPECT_FALSE(
      *AsHolder(outbox(), &Outbox::BringForward, kFarthestDue, Now(), 3));
  for (int i = 0; i < 4; ++i) {
    const std::optional<Lease> lease = TakeResult();
    ASSERT_TRUE(lease.has_value()) << i;
    // After a failure the entry is due again by the clock's new time.
    Settlement settlement = EndOf(*lease, Kind::kRetry);
    settlement.ambiguous = true;
    Settle(settlement);
  }
  EXPECT_FALSE(TakeResult().has_value());
  EXPECT_FALSE(
      *AsHolder(outbox(), &Outbox::BringForward, kFarthestDue, Now(), 3));
  EXPECT_FALSE(TakeResult().has_value());
  clock_.Advance(kAmbiguousWait);
  EXPECT_TRUE(TakeResult().has_value());
}

TEST_P(OutboxContract, ATurnGoesOnBehindItsOwnLease) {
  for (const char* name : {"a", "b", "c"}) {
    Accept(On(ResultOf(Result::kSuccess), name, 'a'));
    Accept(On(ResultOf(Result::kSuccess), name, 'b'));
  }
  LeaseRequest first = Request(/*pendings=*/false);
  first.after_repository = Repo("a").Canonical();
  LeaseRequest further = first;
  further.continues = true;
  std::vector<LeaseRequest> all = {first};
  all.insert(all.end(), 7, further);
  Outbox& kept_open = outbox();
  const absl::StatusOr<Term> term = TermOf(kept_open, Now());
  ASSERT_TRUE(term.ok()) << term.status();
  const auto leases = kept_open.Turn(*term, {}, all, Now());
  ASSERT_TRUE(leases.ok()) << leases.status();
  std::vector<std::string> names;
  for (const std::optional<Lease>& lease : *leases) {
    names.push_back(lease.has_value() ? lease->repository.name : "");
  }
  EXPECT_THAT(names, ElementsAre("b", "c", "a", "b", "c", "a", "", ""));
}

}  // namespace
}  // namespace signalbox
