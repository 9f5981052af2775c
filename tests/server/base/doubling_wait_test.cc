#include "server/base/doubling_wait.h"

#include <gtest/gtest.h>

#include <climits>

namespace signalbox {
namespace {

TEST(DoublingWaitTest, DoublesUpToTheMost) {
  const auto seconds = [](int failures) {
    return absl::ToInt64Seconds(
        DoublingWait(absl::Seconds(3), absl::Seconds(20), failures));
  };
  EXPECT_EQ(seconds(0), 3);
  EXPECT_EQ(seconds(1), 3);
  EXPECT_EQ(seconds(2), 6);
  EXPECT_EQ(seconds(3), 12);
  EXPECT_EQ(seconds(4), 20);
  EXPECT_EQ(seconds(INT_MAX), 20);
}

}  // namespace
}  // namespace signalbox
