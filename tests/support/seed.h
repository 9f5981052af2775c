#ifndef SIGNALBOX_TESTS_SUPPORT_SEED_H_
#define SIGNALBOX_TESTS_SUPPORT_SEED_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

#include "absl/strings/numbers.h"

namespace signalbox {

// The seed of a test's random numbers. It differs in each run, because a seed
// that passed once passes for ever. It is printed, and SIGNALBOX_SEED repeats
// it. A process has one seed: generators that must differ add to it.
inline uint32_t Seed() {
  static const uint32_t seed = [] {
    uint32_t given = 0;
    const char* const text = std::getenv("SIGNALBOX_SEED");
    if (text != nullptr && absl::SimpleAtoi(text, &given)) return given;
    return static_cast<uint32_t>(std::random_device()());
  }();
  std::printf("SIGNALBOX_SEED=%u\n", seed);
  std::fflush(stdout);
  testing::Test::RecordProperty("seed", std::to_string(seed));
  return seed;
}

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SUPPORT_SEED_H_
