#include "server/base/clock.h"

#include <time.h>

#include "absl/time/clock.h"
#include "common/monotonic_time.h"

namespace signalbox {
namespace {

class SystemClock : public Clock {
 public:
  absl::Time Now() override { return absl::Now(); }
  SteadyTime Steady() override { return SteadyTime(MonotonicTime()); }
};

}  // namespace

Clock* Clock::System() {
  static SystemClock* const clock = new SystemClock;
  return clock;
}

absl::Duration ThreadCpuTime() {
  timespec time = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return absl::DurationFromTimespec(time);
}

}  // namespace signalbox
