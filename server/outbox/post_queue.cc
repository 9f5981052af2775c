#include "server/outbox/post_queue.h"

#include <utility>

namespace signalbox {

absl::StatusOr<std::optional<Lease>> PostQueue::TakeDue(
    const LeaseRequest& wanted, absl::Time now) {
  absl::StatusOr<std::vector<std::optional<Lease>>> leases =
      Turn({}, {&wanted, 1}, now);
  if (!leases.ok()) return leases.status();
  return std::move(leases->front());
}

absl::Status PostQueue::Settle(const Settlement& ended, absl::Time now) {
  return Turn({&ended, 1}, {}, now).status();
}

}  // namespace signalbox
