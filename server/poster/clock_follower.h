#ifndef SIGNALBOX_SERVER_POSTER_CLOCK_FOLLOWER_H_
#define SIGNALBOX_SERVER_POSTER_CLOCK_FOLLOWER_H_

#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/outbox/lease.h"
#include "server/outbox/post_queue.h"

namespace signalbox {

// ClockFollower repairs due times after the wall clock was set back. The
// outbox stores due times by the wall clock, so an entry that was to be tried
// in a minute would then wait for as long as the clock was set back.
// ClockFollower makes such entries due now. It looks at the start as well,
// because the clock may have been set while the server was down.
//
// Not thread-safe: only the poster uses it.
class ClockFollower {
 public:
  // `outbox` is borrowed.
  explicit ClockFollower(PostQueue* outbox) : outbox_(outbox) {}

  // Compares the wall clock with the steady one, and repairs at most 500
  // entries, so that reports need not wait long for the transaction. True: all
  // due times are right. False: there may be more to repair, so call again at
  // once. Errors are those of PostQueue::BringForward; call again later.
  absl::StatusOr<bool> Follow(const Term& term, const Moment& now);

 private:
  PostQueue* const outbox_;
  // When the wall clock was farthest ahead of the steady one. A smaller lead
  // shows that the wall clock was set back.
  std::optional<Moment> farthest_ahead_;
  // The repair makes entries due that are due later than this, counted from
  // now. Infinite: there is nothing to repair.
  absl::Duration farthest_due_ = kFarthestDue;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_POSTER_CLOCK_FOLLOWER_H_
