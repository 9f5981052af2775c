#include "server/base/log_limit.h"

#include <gtest/gtest.h>

namespace signalbox {
namespace {

TEST(LogLimitTest, TenLinesAtOnceThenOneASecond) {
  LogLimit limit;
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(limit.Allow(SteadyTime(absl::Seconds(5))), 0) << i;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(limit.Allow(SteadyTime(absl::Seconds(5))), std::nullopt);
  }
  EXPECT_EQ(limit.Allow(SteadyTime(absl::Milliseconds(5999))), std::nullopt);
  // Returns how many lines were left out, once.
  EXPECT_EQ(limit.Allow(SteadyTime(absl::Seconds(6))), 4);
  EXPECT_EQ(limit.Allow(SteadyTime(absl::Seconds(6))), std::nullopt);
  EXPECT_EQ(limit.Allow(SteadyTime(absl::Seconds(7))), 1);
}

}  // namespace
}  // namespace signalbox
