#include "server/poster/request_plan.h"

#include "server/poster/settling.h"

namespace signalbox {
namespace {

// GitHub takes 1,000 statuses for a sha and context, ever. Pendings leave room
// for results.
constexpr int kMostStatuses = 1000;
constexpr int kMostBeforePending = 950;

RequestPlan PlanRead(const Lease& lease, const Moment& now,
                     absl::Time term_begin) {
  RequestPlan plan;
  // GitHub may not show the same as it answered.
  plan.errand = Errand::kRead;
  // Somebody may have set the wall clock since a former process sent the post.
  // Posts of this process are held by the steady clock.
  const absl::Time until = term_begin + kAmbiguousWait;
  if (now.steady < until) {
    plan.hold_until = until;
    plan.settlement = Unsent(lease, Settlement::Kind::kReturned);
    plan.settlement->next_try_time = now.WallAt(until);
  }
  return plan;
}

}  // namespace

RequestPlan PlanRequest(const Lease& lease, const Wording& wording,
                        const Moment& now, absl::Time term_begin) {
  if (lease.ambiguous_since.has_value()) {
    return PlanRead(lease, now, term_begin);
  }
  RequestPlan plan;
  plan.sent = wording.For(lease);
  if (lease.shown == plan.sent) {
    plan.settlement = Unsent(lease, Settlement::Kind::kPosted);
    plan.settlement->shown = plan.sent;
  } else if (lease.status_count >= kMostStatuses) {
    plan.settlement =
        Unsent(lease, Settlement::Kind::kAbandoned, "STATUS_LIMIT_REACHED");
  } else if (lease.status_count >= kMostBeforePending &&
             lease.wanted.state == CommitState::kPending) {
    plan.settlement =
        Unsent(lease, Settlement::Kind::kAbandoned, "STATUS_LIMIT_NEAR");
  }
  return plan;
}

}  // namespace signalbox
