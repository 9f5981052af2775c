#ifndef SIGNALBOX_SERVER_POSTER_REQUEST_PLAN_H_
#define SIGNALBOX_SERVER_POSTER_REQUEST_PLAN_H_

#include <optional>

#include "server/base/clock.h"
#include "server/outbox/lease.h"
#include "server/poster/requests_in_flight.h"
#include "server/poster/wording.h"
#include "server/report/posting_limits.h"

namespace signalbox {

// What the poster has to do with an entry that it has taken out.
struct RequestPlan {
  // The request to make: kPost, or kRead if the last try was ambiguous. Counts
  // only without `settlement`.
  Errand errand = Errand::kPost;
  Shown sent;  // kPost: the state and texts to send.
  // If set, the poster makes no request and settles the lease with this: GitHub
  // shows the status already, or takes no more statuses for the key, or it is
  // too early to read. Its `retry_in` counts from `now`.
  std::optional<Settlement> settlement;
  // The poster must send nothing for the key before this time.
  SteadyTime hold_until;
};

// Decides what to do for a lease. `term_begin`: when this process began its
// term. Shortly after it, posts of a former process may still take effect.
// Pure.
RequestPlan PlanRequest(const Lease& lease, const Wording& wording,
                        const PostingLimits& limits, const Moment& now,
                        SteadyTime term_begin);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_POSTER_REQUEST_PLAN_H_
