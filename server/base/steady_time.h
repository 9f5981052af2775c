#ifndef SIGNALBOX_SERVER_BASE_STEADY_TIME_H_
#define SIGNALBOX_SERVER_BASE_STEADY_TIME_H_

#include <compare>

#include "absl/time/time.h"

namespace signalbox {

// A point on the steady clock (Clock::Steady), as absl::Time is one on the wall
// clock. The two do not mix: only a Moment, which has read both clocks,
// converts one to the other.
//
// A value. Infinities saturate, as those of absl::Time do.
class SteadyTime {
 public:
  // InfinitePast.
  constexpr SteadyTime() = default;
  // For clocks: `reading` is the time since a fixed moment.
  constexpr explicit SteadyTime(absl::Duration reading) : reading_(reading) {}

  static constexpr SteadyTime InfinitePast() { return SteadyTime(); }
  static constexpr SteadyTime InfiniteFuture() {
    return SteadyTime(absl::InfiniteDuration());
  }

  constexpr absl::Duration reading() const { return reading_; }

  SteadyTime& operator+=(absl::Duration by) {
    reading_ += by;
    return *this;
  }
  SteadyTime& operator-=(absl::Duration by) {
    reading_ -= by;
    return *this;
  }
  friend SteadyTime operator+(SteadyTime time, absl::Duration by) {
    return time += by;
  }
  friend SteadyTime operator-(SteadyTime time, absl::Duration by) {
    return time -= by;
  }
  friend absl::Duration operator-(SteadyTime a, SteadyTime b) {
    return a.reading_ - b.reading_;
  }

  friend bool operator==(SteadyTime a, SteadyTime b) = default;
  friend std::strong_ordering operator<=>(SteadyTime a, SteadyTime b) {
    return std::compare_strong_order_fallback(a.reading_, b.reading_);
  }

 private:
  absl::Duration reading_ = -absl::InfiniteDuration();
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_BASE_STEADY_TIME_H_
