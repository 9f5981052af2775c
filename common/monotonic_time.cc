#include "common/monotonic_time.h"

#include <time.h>

namespace signalbox {

absl::Duration MonotonicTime() {
  timespec now = {};
  // CLOCK_MONOTONIC, which std::chrono::steady_clock reads, stands still while
  // a virtual machine is suspended.
  clock_gettime(CLOCK_BOOTTIME, &now);
  return absl::DurationFromTimespec(now);
}

}  // namespace signalbox
