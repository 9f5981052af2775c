#include "server/poster/clock_follower.h"

namespace signalbox {
namespace {

// If the wall clock falls back this much against the steady one, somebody set
// it.
constexpr absl::Duration kSetBack = absl::Seconds(1);
// The most entries to bring forward in one transaction.
constexpr int kMostBroughtForward = 500;

}  // namespace

absl::StatusOr<bool> ClockFollower::Follow(const Term& term,
                                           const Moment& now) {
  const absl::Duration gained =
      now.wall - farthest_ahead_.value_or(now).WallAt(now.steady);
  const bool is_set_back = gained < -kSetBack;
  if (is_set_back) farthest_due_ = absl::ZeroDuration();
  if (is_set_back || gained >= absl::ZeroDuration()) farthest_ahead_ = now;
  if (farthest_due_ == absl::InfiniteDuration()) return true;
  const absl::StatusOr<bool> more =
      outbox_->BringForward(term, farthest_due_, now.wall, kMostBroughtForward);
  if (!more.ok()) return more.status();
  if (!*more) farthest_due_ = absl::InfiniteDuration();
  return !*more;
}

}  // namespace signalbox
