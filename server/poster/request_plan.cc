#include "server/poster/request_plan.h"

#include "server/poster/settling.h"

namespace signalbox {
namespace {

RequestPlan PlanRead(const Lease& lease, absl::Duration ambiguous_wait,
                     const Moment& now, SteadyTime term_begin) {
  RequestPlan plan;
  // GitHub may not show the same as it answered.
  plan.errand = Errand::kRead;
  // Somebody may have set the wall clock since a former process sent the post.
  // Posts of this process are held by the steady clock.
  const SteadyTime until = term_begin + ambiguous_wait;
  if (now.steady < until) {
    plan.hold_until = until;
    plan.settlement = Unsent(lease, Settlement::Kind::kReturned);
    plan.settlement->retry_in = until - now.steady;
  }
  return plan;
}

}  // namespace

RequestPlan PlanRequest(const Lease& lease, const Wording& wording,
                        const PostingLimits& limits, const Moment& now,
                        SteadyTime term_begin) {
  if (lease.ambiguous_since.has_value()) {
    return PlanRead(lease, limits.ambiguous_wait, now, term_begin);
  }
  RequestPlan plan;
  plan.sent = wording.For(lease);
  if (lease.shown == plan.sent) {
    plan.settlement = Unsent(lease, Settlement::Kind::kPosted);
    plan.settlement->shown = plan.sent;
  } else if (lease.status_count >= limits.most_statuses) {
    plan.settlement =
        Unsent(lease, Settlement::Kind::kAbandoned, "STATUS_LIMIT_REACHED");
  } else if (lease.status_count >= limits.most_before_pending &&
             lease.wanted.state == CommitState::kPending) {
    plan.settlement =
        Unsent(lease, Settlement::Kind::kAbandoned, "STATUS_LIMIT_NEAR");
  }
  return plan;
}

}  // namespace signalbox
