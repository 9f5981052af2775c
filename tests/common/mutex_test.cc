#include "common/mutex.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "absl/time/time.h"

namespace signalbox {
namespace {

struct Shared {
  Mutex mu;
  CondVar changed;
  int value ABSL_GUARDED_BY(mu) = 0;
};

TEST(MutexTest, ExcludesOtherThreads) {
  Shared shared;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&shared] {
      for (int n = 0; n < 10'000; ++n) {
        MutexLock lock(&shared.mu);
        ++shared.value;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  MutexLock lock(&shared.mu);
  EXPECT_EQ(shared.value, 40'000);
}

TEST(CondVarTest, WakesWhoWaits) {
  Shared shared;
  // Two threads take turns, so that each must be woken again and again.
  const auto take_turns = [&shared](int parity) {
    MutexLock lock(&shared.mu);
    while (shared.value < 1000) {
      if (shared.value % 2 == parity) {
        ++shared.value;
        shared.changed.NotifyAll();
      } else {
        shared.changed.Wait(&shared.mu);
      }
    }
    shared.changed.NotifyAll();
  };
  std::thread even([&] { take_turns(0); });
  std::thread odd([&] { take_turns(1); });
  even.join();
  odd.join();
  MutexLock lock(&shared.mu);
  EXPECT_EQ(shared.value, 1000);
}

TEST(CondVarTest, ALongWaitEndsWhenItIsNotified) {
  for (const absl::Duration timeout :
       {absl::Hours(24), absl::Hours(24 * 365 * 1000),
        absl::InfiniteDuration()}) {
    Shared shared;
    std::thread notifier([&shared] {
      MutexLock lock(&shared.mu);
      shared.value = 1;
      shared.changed.NotifyOne();
    });
    {
      MutexLock lock(&shared.mu);
      while (shared.value == 0) shared.changed.WaitFor(&shared.mu, timeout);
    }
    notifier.join();
  }
}

TEST(CondVarTest, AWaitEndsByItself) {
  Shared shared;
  MutexLock lock(&shared.mu);
  shared.changed.WaitFor(&shared.mu, absl::Milliseconds(1));
  shared.changed.WaitFor(&shared.mu, absl::ZeroDuration());
  shared.changed.WaitFor(&shared.mu, -absl::Hours(1));
  shared.changed.WaitFor(&shared.mu, -absl::InfiniteDuration());
  // The lock is held again: another thread does not get it.
  std::thread other([&shared] {
    MutexLock other_lock(&shared.mu);
    shared.value = 2;
  });
  EXPECT_EQ(shared.value, 0);
  shared.mu.Unlock();
  other.join();
  shared.mu.Lock();
  EXPECT_EQ(shared.value, 2);
}

}  // namespace
}  // namespace signalbox
