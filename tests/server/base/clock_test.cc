#include "server/base/clock.h"

#include <gtest/gtest.h>

#include <type_traits>

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

TEST(ClockTest, SteadyTimeNeverGoesBack) {
  Clock* const clock = Clock::System();
  SteadyTime last = clock->Steady();
  EXPECT_GT(last, SteadyTime(absl::ZeroDuration()));
  for (int i = 0; i < 10'000; ++i) {
    const SteadyTime next = clock->Steady();
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

template <typename From, typename To>
constexpr bool kConverts = std::is_convertible_v<From, To>;
static_assert(!kConverts<absl::Time, SteadyTime>);
static_assert(!kConverts<SteadyTime, absl::Time>);
static_assert(!kConverts<absl::Duration, SteadyTime>);

TEST(SteadyTimeTest, IsOrderedBetweenItsInfinities) {
  const SteadyTime time(absl::Hours(1));
  EXPECT_EQ(SteadyTime(), SteadyTime::InfinitePast());
  EXPECT_LT(SteadyTime::InfinitePast(), time);
  EXPECT_LT(time, time + absl::Nanoseconds(1));
  EXPECT_GT(time, time - absl::Nanoseconds(1));
  EXPECT_LT(time, SteadyTime::InfiniteFuture());
  EXPECT_EQ(time - SteadyTime::InfinitePast(), absl::InfiniteDuration());
  EXPECT_EQ(time + absl::InfiniteDuration(), SteadyTime::InfiniteFuture());
  EXPECT_EQ(SteadyTime::InfiniteFuture() - absl::Hours(1),
            SteadyTime::InfiniteFuture());
}

TEST(MomentTest, ConvertsBetweenItsClocks) {
  const Moment moment = {absl::FromUnixSeconds(1'780'000'000),
                         SteadyTime(absl::Hours(1))};
  for (const absl::Duration since :
       {-absl::Hours(2), absl::ZeroDuration(), absl::Hours(3)}) {
    EXPECT_EQ(moment.WallAt(moment.steady + since), moment.wall + since);
    EXPECT_EQ(moment.SteadyAt(moment.wall + since), moment.steady + since);
  }
  EXPECT_EQ(moment.WallAt(SteadyTime::InfiniteFuture()),
            absl::InfiniteFuture());
  EXPECT_EQ(moment.WallAt(SteadyTime::InfinitePast()), absl::InfinitePast());
  EXPECT_EQ(moment.SteadyAt(absl::InfiniteFuture()),
            SteadyTime::InfiniteFuture());
  EXPECT_EQ(moment.SteadyAt(absl::InfinitePast()), SteadyTime::InfinitePast());
}

TEST(FakeClockTest, StandsUntilItIsMoved) {
  FakeClock clock;
  const absl::Time start = clock.Now();
  const SteadyTime steady = clock.Steady();
  EXPECT_EQ(clock.Now(), start);
  clock.Advance(absl::Seconds(5));
  EXPECT_EQ(clock.Now(), start + absl::Seconds(5));
  EXPECT_EQ(clock.Steady(), steady + absl::Seconds(5));
  clock.Jump(-absl::Hours(1));
  EXPECT_EQ(clock.Now(), start + absl::Seconds(5) - absl::Hours(1));
  EXPECT_EQ(clock.Steady(), steady + absl::Seconds(5));
}

}  // namespace
}  // namespace signalbox
