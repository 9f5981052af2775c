#include "server/poster/clock_follower.h"

#include <algorithm>

namespace signalbox {
namespace {

// If the wall clock falls back this much against the steady one, somebody set
// it.
constexpr absl::Duration kSetBack = absl::Seconds(1);
// The most entries to bring forward in one transaction.
constexpr int kMostBroughtForward = 500;

}  // namespace

absl::StatusOr<bool> ClockFollower::Follow(const Moment& now) {
  const absl::Time offset = absl::UnixEpoch() + (now.wall - now.steady);
  const absl::Time most = offset_.value_or(offset);
  if (offset < most - kSetBack) {
    farthest_due_ = absl::ZeroDuration();
    offset_ = offset;
  } else {
    offset_ = std::max(most, offset);
  }
  if (farthest_due_ == absl::InfiniteDuration()) return true;
  const absl::StatusOr<bool> more =
      outbox_->BringForward(farthest_due_, now.wall, kMostBroughtForward);
  if (!more.ok()) return more.status();
  if (!*more) farthest_due_ = absl::InfiniteDuration();
  return !*more;
}

}  // namespace signalbox
