#include "server/github/host_guard.h"

#include <vector>

#include "gtest/gtest.h"
#include "server/github/waiting_times.h"

namespace signalbox {
namespace {

constexpr char kUrl[] = "https://api.github.com";

class HostGuardTest : public testing::Test {
 protected:
  bool Begins(const char* url = kUrl) {
    return guard_.Admit(url, now_) == now_;
  }
  void Fail(const char* url = kUrl) { guard_.Observe(url, false, now_); }
  void Answer(const char* url = kUrl) { guard_.Observe(url, true, now_); }

  SteadyTime now_{absl::Hours(1)};
  HostGuard guard_;
};

TEST_F(HostGuardTest, LetsAllThroughUntilFiveFailInARow) {
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(Begins());
    Fail();
  }
  EXPECT_TRUE(Begins());
  Answer();
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(Begins());
    Fail();
  }
  EXPECT_FALSE(guard_.IsDown(kUrl));
  EXPECT_TRUE(Begins());
  EXPECT_TRUE(Begins());
  Fail();
  EXPECT_TRUE(guard_.IsDown(kUrl));
  // One request is still under way. The pause begins when it ends.
  EXPECT_EQ(guard_.Admit(kUrl, now_), SteadyTime::InfiniteFuture());
  Fail();
  EXPECT_GT(guard_.Admit(kUrl, now_), now_);
}

TEST_F(HostGuardTest, ProbesFurtherAndFurtherApart) {
  for (int i = 0; i < kFailuresToPauseHost; ++i) {
    Begins();
    Fail();
  }
  std::vector<absl::Duration> pauses;
  for (int i = 0; i < 12; ++i) {
    const SteadyTime next = guard_.Admit(kUrl, now_);
    pauses.push_back(next - now_);
    now_ = next;
    EXPECT_TRUE(Begins());
    EXPECT_FALSE(Begins());  // One at a time.
    Fail();
  }
  for (size_t i = 0; i < pauses.size(); ++i) {
    EXPECT_EQ(pauses[i],
              std::min(absl::Seconds(1) * (1 << i), absl::Minutes(5)));
  }
  now_ = guard_.Admit(kUrl, now_);
  EXPECT_TRUE(Begins());
  Answer();
  EXPECT_TRUE(Begins());
  EXPECT_TRUE(Begins());
}

// A hundred requests that fail together show one outage, not a long one.
TEST_F(HostGuardTest, WhatWasUnderWayDoesNotLengthenThePause) {
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(Begins());
  for (int i = 0; i < 100; ++i) Fail();
  EXPECT_EQ(guard_.Admit(kUrl, now_), now_ + kFirstHostPause);
  now_ += kFirstHostPause;
  EXPECT_TRUE(Begins());
  Fail();
  EXPECT_EQ(guard_.Admit(kUrl, now_), now_ + 2 * kFirstHostPause);
  // A request that was admitted and not sent does not lengthen it either.
  now_ += 2 * kFirstHostPause;
  EXPECT_TRUE(Begins());
  guard_.Return(kUrl);
  EXPECT_TRUE(Begins());
  Fail();
  EXPECT_EQ(guard_.Admit(kUrl, now_), now_ + 4 * kFirstHostPause);
}

TEST_F(HostGuardTest, HostsDoNotConcernEachOther) {
  for (int i = 0; i < 9; ++i) {
    Begins();
    Fail();
  }
  EXPECT_FALSE(Begins());
  EXPECT_TRUE(Begins("https://ghes.example.com/api/v3"));
}

TEST_F(HostGuardTest, WhatWasNotMadeIsTakenBack) {
  for (int i = 0; i < kFailuresToPauseHost; ++i) {
    Begins();
    Fail();
  }
  now_ += absl::Hours(1);
  EXPECT_TRUE(Begins());
  guard_.Return(kUrl);
  EXPECT_TRUE(Begins());
  guard_.Return("https://never.seen");
}

}  // namespace
}  // namespace signalbox
