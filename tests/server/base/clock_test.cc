#include "server/base/clock.h"

#include <gtest/gtest.h>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/support/fake_clock.h"

namespace signalbox {
namespace {

TEST(ClockTest, TheSystemClockTellsWallTime) {
  const absl::Time before = absl::Now();
  const absl::Time now = Clock::System()->Now();
  EXPECT_GE(now, before);
  EXPECT_LE(now, absl::Now());
}

TEST(ClockTest, MonotonicTimeNeverGoesBack) {
  Clock* const clock = Clock::System();
  absl::Duration last = clock->Monotonic();
  EXPECT_GT(last, absl::ZeroDuration());
  for (int i = 0; i < 10'000; ++i) {
    const absl::Duration next = clock->Monotonic();
    ASSERT_GE(next, last);
    last = next;
  }
}

TEST(ClockTest, AThreadsCpuTimeGrowsWithItsWork) {
  const absl::Duration begin = ThreadCpuTime();
  EXPECT_GE(begin, absl::ZeroDuration());
  while (ThreadCpuTime() == begin) {
  }
  EXPECT_GT(ThreadCpuTime(), begin);
}

TEST(ClockTest, ThereIsOneSystemClock) {
  EXPECT_EQ(Clock::System(), Clock::System());
}

TEST(FakeClockTest, StandsUntilItIsMoved) {
  FakeClock clock;
  const absl::Time start = clock.Now();
  const absl::Duration monotonic = clock.Monotonic();
  EXPECT_EQ(clock.Now(), start);
  clock.Advance(absl::Seconds(5));
  EXPECT_EQ(clock.Now(), start + absl::Seconds(5));
  EXPECT_EQ(clock.Monotonic(), monotonic + absl::Seconds(5));
  clock.Jump(-absl::Hours(1));
  EXPECT_EQ(clock.Now(), start + absl::Seconds(5) - absl::Hours(1));
  EXPECT_EQ(clock.Monotonic(), monotonic + absl::Seconds(5));
}

}  // namespace
}  // namespace signalbox
