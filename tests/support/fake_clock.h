#ifndef SIGNALBOX_TESTS_SUPPORT_FAKE_CLOCK_H_
#define SIGNALBOX_TESTS_SUPPORT_FAKE_CLOCK_H_

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/mutex.h"
#include "server/base/clock.h"

namespace signalbox {

// A clock that stands still until a test advances it. Thread-safe.
class FakeClock : public Clock {
 public:
  absl::Time Now() override {
    MutexLock lock(&mu_);
    return start_ + passed_ + jumped_;
  }

  SteadyTime Steady() override {
    MutexLock lock(&mu_);
    return SteadyTime(absl::Hours(1) + passed_);
  }

  // Lets time pass: both clocks advance.
  void Advance(absl::Duration by) {
    MutexLock lock(&mu_);
    passed_ += by;
  }

  // Sets the wall clock forward, or back if `by` is negative. Steady() does
  // not change.
  void Jump(absl::Duration by) {
    MutexLock lock(&mu_);
    jumped_ += by;
  }

 private:
  const absl::Time start_ =
      absl::FromCivil(absl::CivilSecond(2026, 6, 1), absl::UTCTimeZone());
  Mutex mu_;
  absl::Duration passed_ ABSL_GUARDED_BY(mu_);
  absl::Duration jumped_ ABSL_GUARDED_BY(mu_);
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SUPPORT_FAKE_CLOCK_H_
