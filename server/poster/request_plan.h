#ifndef SIGNALBOX_SERVER_POSTER_REQUEST_PLAN_H_
#define SIGNALBOX_SERVER_POSTER_REQUEST_PLAN_H_

#include <optional>

#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/outbox/lease.h"
#include "server/poster/requests_in_flight.h"
#include "server/poster/wording.h"

namespace signalbox {

// What the request for a lease is to be.
struct RequestPlan {
  // kPost or kRead, unless `settlement` is set.
  Errand errand = Errand::kPost;
  Shown sent;  // kPost.
  // How the lease is settled without a request.
  std::optional<Settlement> settlement;
  // Until this steady time nothing must be sent for the key.
  absl::Time hold_until = absl::InfinitePast();
};

// Pure. `term_begin` (steady) is when this process began to take entries out.
RequestPlan PlanRequest(const Lease& lease, const Wording& wording,
                        const Moment& now, absl::Time term_begin);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_POSTER_REQUEST_PLAN_H_
