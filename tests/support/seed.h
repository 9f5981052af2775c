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

// The seed for a test's random numbers. Each run has a new one, because a seed
// that passed once passes for ever. The function prints the seed; set
// SIGNALBOX_SEED to it to repeat the run. All calls in a process return the
// same seed, so generators that must differ add a number to it.
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
