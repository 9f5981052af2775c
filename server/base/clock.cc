#include "server/base/clock.h"

#include <time.h>

#include "absl/time/clock.h"

namespace signalbox {
namespace {

class SystemClock : public Clock {
 public:
  absl::Time Now() override { return absl::Now(); }

  absl::Duration Monotonic() override {
    timespec now = {};
    // CLOCK_MONOTONIC, which std::chrono::steady_clock reads, stands still
    // while a virtual machine is suspended.
    clock_gettime(CLOCK_BOOTTIME, &now);
    return absl::DurationFromTimespec(now);
  }
};

}  // namespace

Clock* Clock::System() {
  static SystemClock* const clock = new SystemClock;
  return clock;
}

}  // namespace signalbox
