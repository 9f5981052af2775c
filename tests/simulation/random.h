#ifndef SIGNALBOX_TESTS_SIMULATION_RANDOM_H_
#define SIGNALBOX_TESTS_SIMULATION_RANDOM_H_

#include <cstdint>
#include <random>

#include "absl/time/time.h"

namespace signalbox {

// Random numbers (SplitMix64) that depend only on the seed. The standard
// library's distributions depend on the compiler, too.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t Next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

  // From 0 to `bound` - 1. `bound` must be above 0.
  int64_t Below(int64_t bound) {
    return static_cast<int64_t>(Next() % static_cast<uint64_t>(bound));
  }
  // From `least` to `most`, both included.
  int64_t Between(int64_t least, int64_t most) {
    return least + Below(most - least + 1);
  }
  // True once in `count` times.
  bool OneIn(int64_t count) { return Below(count) == 0; }

  // The same for durations, in whole milliseconds.
  absl::Duration Between(absl::Duration least, absl::Duration most) {
    return absl::Milliseconds(Between(absl::ToInt64Milliseconds(least),
                                      absl::ToInt64Milliseconds(most)));
  }

 private:
  uint64_t state_;
};

// A seed that differs in each run, because seeds that passed once find nothing
// new. Print it, so that the run can be repeated.
inline int64_t FreshSeed() {
  return 1 + static_cast<int64_t>(std::random_device()() % 2'000'000'000);
}

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SIMULATION_RANDOM_H_
