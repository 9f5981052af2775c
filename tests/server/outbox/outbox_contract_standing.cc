// The transaction that makes a result due takes it out.

#include <algorithm>

#include "gmock/gmock.h"
#include "tests/server/outbox/outbox_contract.h"
#include "tests/support/key_report.h"

namespace signalbox {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

TEST_P(StandingContract, AResultIsTakenOutAsItIsAccepted) {
  Leave("acme");
  Accept(ResultOf(Result::kFailure, 3, "2 failed"));
  const std::vector<StandingLease> leases = TakeBack();
  ASSERT_THAT(leases, SizeIs(1));
  EXPECT_EQ(leases[0].credential, "acme");
  EXPECT_EQ(leases[0].lease_end, clock_.Look().steady + absl::Seconds(15));
  EXPECT_EQ(leases[0].lease.wanted,
            (Shown{CommitState::kFailure, "2 failed", ""}));
  EXPECT_EQ(leases[0].lease.lease_epoch, TermOf(outbox(), Now())->epoch);
  EXPECT_EQ(leases[0].lease.ambiguous_since, std::nullopt);
  EXPECT_FALSE(leases[0].is_outdated);
  EXPECT_THAT(left_.by_credential, IsEmpty());
  // The entry is in flight, so Turn does not take it out again.
  EXPECT_FALSE(TakeResult().has_value());
  EXPECT_EQ(NextDueTime(), Now() + absl::Seconds(15));
}

TEST_P(StandingContract, ALeaseIsOutdatedByANewerReport) {
  Leave("acme");
  Accept(ResultOf(Result::kSuccess, 1));
  Accept(ResultOf(Result::kFailure, 2));
  Accept(On(ResultOf(Result::kSuccess), "gadgets"));
  const std::vector<StandingLease> leases = TakeBack();
  ASSERT_THAT(leases, SizeIs(1));
  EXPECT_TRUE(leases[0].is_outdated);
  Settle(leases[0].lease, Settlement::Kind::kReturned);
  LeaseRequest request = Request(/*pendings=*/false);
  request.after_repository = Repo("gadgets").Canonical();
  EXPECT_EQ(Take(request)->wanted.state, CommitState::kFailure);
}

TEST_P(StandingContract, ARequestIsUsedOnce) {
  Leave("acme");
  Accept(On(ResultOf(Result::kSuccess), "widgets"));
  Accept(On(ResultOf(Result::kSuccess), "gadgets"));
  EXPECT_THAT(TakeBack(), SizeIs(1));
  EXPECT_THAT(TakeBack(), IsEmpty());
  EXPECT_EQ(TakeResult()->repository.name, "gadgets");
}

// A simulation repeats only what does not depend on a hash.
TEST_P(StandingContract, LeasesAreTakenInTheOrderOfTheirCredentials) {
  const std::vector<std::string> credentials = {"a", "b", "c", "d",
                                                "e", "f", "g", "h"};
  LeaveAll(credentials);
  std::vector<KeyReport> reports;
  for (const std::string& credential : credentials) {
    reports.push_back(On(ResultOf(Result::kSuccess), credential + "/widgets"));
  }
  std::reverse(reports.begin(), reports.end());
  InTurn(reports);
  std::vector<std::string> taken;
  for (const StandingLease& standing : TakeBack()) {
    taken.push_back(standing.credential);
  }
  EXPECT_EQ(taken, credentials);
}

TEST_P(StandingContract, AResultOfAnotherCredentialIsNotTaken) {
  Leave("acme");
  Accept(On(ResultOf(Result::kSuccess), "other/widgets"));
  EXPECT_THAT(TakeBack(), IsEmpty());
  EXPECT_THAT(left_.by_credential, SizeIs(1));
}

TEST_P(StandingContract, APendingIsNotTaken) {
  Leave("acme");
  Accept(Pending(1));
  clock_.Advance(kSettle);
  Accept(On(Pending(1), "gadgets"));
  EXPECT_THAT(TakeBack(), IsEmpty());
}

TEST_P(StandingContract, NothingIsTakenBeforeItsTime) {
  Leave("acme", absl::Seconds(1));
  Accept(On(ResultOf(Result::kSuccess), "widgets"));
  EXPECT_THAT(TakeBack(), IsEmpty());
  Leave("acme", absl::Seconds(1));
  clock_.Advance(absl::Seconds(1));
  Accept(On(ResultOf(Result::kSuccess), "gadgets"));
  EXPECT_THAT(TakeBack(), SizeIs(1));
}

TEST_P(StandingContract, AHeldEntryIsNotTaken) {
  Accept(ResultOf(Result::kSuccess, 1));
  const std::optional<Lease> lease = TakeResult();
  Settle(*lease, Settlement::Kind::kReturned);
  Leave("acme", absl::ZeroDuration(), {lease->entry_id});
  Accept(ResultOf(Result::kFailure, 2));
  EXPECT_THAT(TakeBack(), IsEmpty());
  Leave("acme");
  Accept(ResultOf(Result::kSuccess, 3));
  EXPECT_THAT(TakeBack(), SizeIs(1));
}

TEST_P(StandingContract, WhatIsTakenBackIsNotUsed) {
  Leave("acme");
  EXPECT_THAT(TakeBack(), IsEmpty());
  EXPECT_THAT(left_.by_credential, SizeIs(1));
  Accept(ResultOf(Result::kSuccess));
  EXPECT_THAT(TakeBack(), IsEmpty());
  EXPECT_TRUE(TakeResult().has_value());
}

TEST_P(StandingContract, NothingIsTakenForATermThatIsOver) {
  Leave("acme");
  const absl::StatusOr<Term> term =
      outbox().Claim(*outbox().Look(), "another", "", Now());
  ASSERT_TRUE(term.ok()) << term.status();
  Accept(ResultOf(Result::kSuccess));
  EXPECT_THAT(TakeBack(), IsEmpty());
  EXPECT_EQ(TakeResult()->lease_epoch, term->epoch);
}

// A result that was abandoned becomes due again without a report.
TEST_P(StandingContract, ARetriedResultIsTakenToo) {
  Accept(ResultOf(Result::kSuccess));
  const std::optional<Lease> lease = TakeResult();
  Settle(*lease, Settlement::Kind::kAbandoned);
  Leave("acme");
  Retry(ResultOf(Result::kSuccess));
  EXPECT_THAT(TakeBack(), SizeIs(1));
}

}  // namespace
}  // namespace signalbox
