// What FindDueWork answers while reports are accepted. A store may keep its
// answers in memory, so the tests use only one that stays open.

#include <map>
#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "tests/server/outbox/outbox_contract.h"
#include "tests/support/key_report.h"
#include "tests/support/seed.h"

namespace signalbox {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Kind = Settlement::Kind;

std::map<std::string, bool> ByName(const DueWork& work) {
  std::map<std::string, bool> credentials;
  for (const DueCredential& due : work.credentials) {
    credentials[due.credential] = due.has_results;
  }
  EXPECT_EQ(credentials.size(), work.credentials.size());
  return credentials;
}

}  // namespace

TEST_P(StandingContract, AReportAfterALookIsNamed) {
  EXPECT_THAT(DueCredentials(), IsEmpty());
  EXPECT_EQ(NextDueTime(), absl::InfiniteFuture());
  Accept(On(Pending(1), "later/widgets"));
  EXPECT_THAT(DueCredentials(), IsEmpty());
  EXPECT_EQ(NextDueTime(), Now() + kSettle);
  Accept(On(ResultOf(Result::kSuccess, 1), "zoo/widgets"));
  EXPECT_THAT(DueCredentials(), ElementsAre("zoo"));
  clock_.Advance(kSettle);
  const std::vector<DueCredential> due = {{"later", false}, {"zoo", true}};
  EXPECT_EQ(FindDueWork().credentials, due);
  EXPECT_EQ(NextDueTime(), absl::InfiniteFuture());
  Accept(On(ResultOf(Result::kSuccess, 1), "later/widgets"));
  EXPECT_TRUE(ByName(FindDueWork())["later"]);
}

// The poster passes the time of its own look, and the clock can be set back.
TEST_P(StandingContract, AnEarlierLookIsAnsweredForItsTime) {
  const absl::Time begin = Now();
  Accept(Pending(1));
  EXPECT_EQ(NextDueTime(), begin + kSettle);
  clock_.Advance(kSettle);
  EXPECT_THAT(DueCredentials(), ElementsAre("acme"));
  const absl::StatusOr<DueWork> earlier = outbox().FindDueWork(begin);
  ASSERT_TRUE(earlier.ok()) << earlier.status();
  EXPECT_THAT(earlier->credentials, IsEmpty());
  EXPECT_EQ(earlier->next_in, kSettle);
}

TEST_P(StandingContract, AnAmbiguousTryDelaysARevival) {
  Accept(ResultOf(Result::kSuccess, 1));
  Settlement lost = EndOf(*TakeResult(), Kind::kAbandoned);
  lost.reason = "SERVER_ERROR";
  lost.ambiguous = true;
  Settle(lost);
  clock_.Advance(absl::Seconds(2));
  EXPECT_THAT(DueCredentials(), IsEmpty());
  Accept(ResultOf(Result::kFailure, 2));
  EXPECT_EQ(NextDueTime(), Now() + kAmbiguousWait - absl::Seconds(2));
}

// After reports alone, an answer leaves out no credential, no question and no
// time that the store would find if it looked again, as it does after any other
// change. It may only be early.
TEST_P(StandingContract, NoReportHidesWhatIsDue) {
  std::mt19937 random(Seed());
  const auto pick = [&](int n) { return static_cast<int>(random() % n); };
  const std::vector<std::string> accounts = {"acme", "labs", "zoo"};
  std::vector<Lease> leases;
  for (int step = 0; step < 3000; ++step) {
    SCOPED_TRACE(testing::Message() << "step " << step);
    clock_.Advance(absl::Microseconds(pick(200'000)));
    const std::string account = accounts[static_cast<size_t>(pick(3))];
    const std::string name = account + "/app-" + std::to_string(pick(3));
    switch (pick(12)) {
      case 0:
        if (const auto lease = Take(Request(pick(2) == 0, account))) {
          leases.push_back(*lease);
        }
        break;
      case 1:
        if (!leases.empty()) {
          const Kind kinds[] = {Kind::kPosted, Kind::kPosted, Kind::kRetry,
                                Kind::kParked, Kind::kAbandoned};
          Settlement settlement = EndOf(leases.back(), kinds[pick(5)]);
          settlement.writable = settlement.kind == Kind::kPosted;
          settlement.ambiguous =
              settlement.kind == Kind::kRetry && pick(2) == 0;
          Settle(settlement);
          leases.pop_back();
        }
        break;
      case 2:
        Leave(account);
        break;
      case 3:
        for (const StandingLease& standing : TakeBack()) {
          leases.push_back(standing.lease);
        }
        break;
      case 4:
        Deliver(On(Pending(pick(9)), name), 1 + pick(12));
        break;
      default: {
        KeyReport report = On(Pending(pick(9), std::to_string(pick(3))), name);
        if (pick(2) == 0) report.result = static_cast<Result>(1 + pick(7));
        Accept(report);
      }
    }
    const DueWork known = FindDueWork();
    EXPECT_GT(known.next_in, absl::ZeroDuration());
    if (pick(4) != 0) continue;
    // A change that is no report.
    ASSERT_TRUE(outbox().Confess({}, Now()).ok());
    const DueWork found = FindDueWork();
    const std::map<std::string, bool> named = ByName(known);
    for (const auto& [credential, has_results] : ByName(found)) {
      ASSERT_TRUE(named.contains(credential)) << credential;
      EXPECT_GE(named.at(credential), has_results) << credential;
    }
    EXPECT_EQ(known.questions.size(), found.questions.size());
    EXPECT_LE(known.next_in, found.next_in);
    if (HasFailure()) return;
  }
}

}  // namespace signalbox
