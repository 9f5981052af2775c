// A store knows no limits but those it was made with.

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "tests/server/outbox/outbox_contract.h"
#include "tests/support/key_report.h"

namespace signalbox {
namespace {

using Kind = Settlement::Kind;

constexpr absl::Duration kWait = kOtherLimits.ambiguous_wait;

TEST_P(LimitsContract, ALostPostIsReadBackAfterTheWait) {
  Accept(ResultOf(Result::kSuccess, 1));
  Settlement lost = EndOf(*TakeResult(), Kind::kRetry);
  lost.ambiguous = true;
  Settle(lost);
  ExpectReadAfter(kWait, Now());
}

TEST_P(LimitsContract, AConfessedPostIsReadBackAfterTheWait) {
  Confess(Ended(Kind::kPosted).entry_id);
  ExpectReadAfter(kWait, Now());
}

TEST_P(LimitsContract, ANewReportInDoubtWaits) {
  Confess(Ended(Kind::kPosted).entry_id);
  Accept(ResultOf(Result::kFailure, 2));
  EXPECT_EQ(ExpectReadAfter(kWait, Now()).version, 2);
}

TEST_P(LimitsContract, AnAbandonedEntryInDoubtWaitsToo) {
  const std::pair<const char*, std::function<void(const KeyReport&)>> kCases[] =
      {{"a retry", [this](const KeyReport& report) { Retry(report); }},
       {"a repeated report",
        [this](const KeyReport& report) { Accept(report); }},
       {"an event", [this](const KeyReport&) { TellOfInstallation(); }}};
  int attempt = 0;
  for (const auto& one : kCases) {
    SCOPED_TRACE(one.first);
    const KeyReport report = ResultOf(Result::kSuccess, ++attempt);
    Accept(report);
    const Lease lease = *TakeResult();
    Settlement refused = EndOf(lease, Kind::kAbandoned);
    refused.reason = std::string(kOtherLimits.mendable_refusals.front());
    Settle(refused);
    Confess(lease.entry_id);
    const absl::Time since = Now();
    EXPECT_EQ(NextDueTime(), absl::InfiniteFuture());
    one.second(report);
    Settle(ExpectReadAfter(kWait, since), Kind::kRead);
    Settle(*TakeResult(), Kind::kPosted);
  }
}

TEST_P(LimitsContract, AnExpiredPendingInDoubtWaitsToo) {
  KeyReport pending = Pending(1);
  pending.expires_after = absl::Hours(1);
  Accept(pending);
  clock_.Advance(kSettle);
  const std::optional<Lease> lease = TakePending();
  ASSERT_TRUE(lease.has_value());
  Settle(*lease, Kind::kPosted);
  clock_.Advance(absl::Hours(1));
  Confess(lease->entry_id);
  EXPECT_EQ(Expire(), 1);
  ExpectReadAfter(kWait, Now());
}

TEST_P(LimitsContract, AMergedEntryInDoubtWaitsToo) {
  Accept(On(ResultOf(Result::kSuccess, 1), "acme/old"));
  ASSERT_TRUE(TakeResult().has_value());
  Accept(On(ResultOf(Result::kFailure, 2), "acme/new"));
  Rename("acme/old", "acme/new", 77);
  clock_.Advance(kWait - absl::Microseconds(1));
  EXPECT_FALSE(TakeResult().has_value());
  clock_.Advance(absl::Microseconds(1));
  EXPECT_TRUE(TakeResult().has_value());
}

TEST_P(LimitsContract, AReportByAnOldNameWaitsForTheAnswer) {
  Deliver(On(Pending(1), "acme/app"), 1);
  Rename("acme/app", "acme/app-old", 1);
  Accept(On(ResultOf(Result::kSuccess, 1), "acme/app"));
  EXPECT_EQ(Status("acme/app-old").posting.next_try_time, Now() + kWait);
  EXPECT_FALSE(TakeResult().has_value());
  Answer("acme/app", "");
  EXPECT_TRUE(TakeResult().has_value());
}

TEST_P(LimitsContract, AFullKeyHasAllItsStatuses) {
  Accept(ResultOf(Result::kSuccess, 1));
  Settlement full = EndOf(*TakeResult(), Kind::kAbandoned);
  full.full = true;
  Settle(full);
  Accept(ResultOf(Result::kSuccess, 2));
  EXPECT_EQ(TakeResult()->status_count, kOtherLimits.most_statuses);
}

TEST_P(LimitsContract, ARefusalEndsAsTheLimitsSay) {
  const struct {
    const char* reason;
    bool by_report;
    bool by_event;
    bool by_commit;
  } kCases[] = {{"PERMISSION_MISSING", false, false, false},
                {"STATUS_LIMIT_REACHED", true, true, false},
                {"INVALID_SHA", true, false, true},
                {"NO_COMMIT_FOUND", true, false, false}};
  int attempt = 0;
  for (const auto& one : kCases) {
    SCOPED_TRACE(one.reason);
    const auto is_revived_by = [&](const std::function<void()>& act) {
      Accept(ResultOf(Result::kSuccess, ++attempt));
      AbandonResult(one.reason);
      clock_.Advance(absl::Minutes(1));
      act();
      const std::optional<Lease> lease = TakeResult();
      if (lease.has_value()) Settle(*lease, Kind::kPosted);
      return lease.has_value();
    };
    EXPECT_EQ(
        is_revived_by([&] { Accept(ResultOf(Result::kSuccess, attempt)); }),
        one.by_report);
    EXPECT_EQ(is_revived_by([&] { TellOfInstallation(); }), one.by_event);
    EXPECT_EQ(is_revived_by([&] {
                KeyReport other = WebhookPending();
                other.context = "ci/other";
                Deliver(other, 7);
              }),
              one.by_commit);
  }
}

}  // namespace
}  // namespace signalbox
