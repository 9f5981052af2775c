#ifndef SIGNALBOX_SERVER_POSTER_CLOCK_FOLLOWER_H_
#define SIGNALBOX_SERVER_POSTER_CLOCK_FOLLOWER_H_

#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/outbox/lease.h"
#include "server/outbox/post_queue.h"

namespace signalbox {

// ClockFollower notices that somebody set the wall clock back, and brings
// forward the entries that would then become due too late. It does so at the
// start as well: somebody may have set the clock while the server was down.
//
// Not thread-safe: only the poster uses it.
class ClockFollower {
 public:
  // `outbox` is borrowed.
  explicit ClockFollower(PostQueue* outbox) : outbox_(outbox) {}

  // Changes one batch of entries, because reports must not wait for it. True:
  // all due times are right. False: call again. Errors are those of
  // PostQueue::BringForward; then call again, too.
  absl::StatusOr<bool> Follow(const Moment& now);

 private:
  PostQueue* const outbox_;
  // How far the wall clock has been ahead of the steady one, at most.
  std::optional<absl::Time> offset_;
  // Entries that are due further away are to be brought forward. Infinite: none
  // are.
  absl::Duration farthest_due_ = kFarthestDue;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_POSTER_CLOCK_FOLLOWER_H_
