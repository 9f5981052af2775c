#include "server/poster/request_plan.h"

#include <gtest/gtest.h>

#include <string>

namespace signalbox {
namespace {

// Not GitHub's.
constexpr PostingLimits kFewStatuses = {
    .ambiguous_wait = absl::Seconds(40),
    .most_statuses = 20,
    .most_before_pending = 10,
    .final_refusals = {},
    .mendable_refusals = {},
    .missing_commit = {},
};

constexpr SteadyTime kTermBegin(absl::Seconds(100));

RequestPlan PlanAt(const Lease& lease, absl::Duration since_begin) {
  return PlanRequest(
      lease, Wording(), kFewStatuses,
      {absl::FromUnixSeconds(1'700'000'000), kTermBegin + since_begin},
      kTermBegin);
}

// Empty: a request is made.
std::string ReasonAt(int status_count, CommitState state) {
  Lease lease;
  lease.wanted.state = state;
  lease.status_count = status_count;
  const RequestPlan plan = PlanAt(lease, absl::Hours(1));
  return plan.settlement.has_value() ? plan.settlement->reason : "";
}

TEST(RequestPlanTest, TheLimitsCountTheStatuses) {
  EXPECT_EQ(ReasonAt(9, CommitState::kPending), "");
  EXPECT_EQ(ReasonAt(10, CommitState::kPending), "STATUS_LIMIT_NEAR");
  EXPECT_EQ(ReasonAt(19, CommitState::kSuccess), "");
  EXPECT_EQ(ReasonAt(20, CommitState::kSuccess), "STATUS_LIMIT_REACHED");
}

// A former process may have sent a post just before the term.
TEST(RequestPlanTest, NothingIsReadBackBeforeTheWaitIsOver) {
  Lease lease;
  lease.ambiguous_since = absl::UnixEpoch();
  const RequestPlan early = PlanAt(lease, absl::Seconds(39));
  ASSERT_TRUE(early.settlement.has_value());
  EXPECT_EQ(early.settlement->kind, Settlement::Kind::kReturned);
  EXPECT_EQ(early.settlement->retry_in, absl::Seconds(1));
  EXPECT_EQ(early.hold_until, kTermBegin + absl::Seconds(40));
  const RequestPlan late = PlanAt(lease, absl::Seconds(40));
  EXPECT_FALSE(late.settlement.has_value());
  EXPECT_EQ(late.errand, Errand::kRead);
}

}  // namespace
}  // namespace signalbox
