#include "server/base/worker.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "common/mutex.h"
#include "server/base/clock.h"
#include "server/base/wake_up.h"
#include "tests/support/fake_clock.h"

namespace signalbox {
namespace {

// Counts calls, and lets a test wait for them and hold them up.
class Calls {
 public:
  absl::Time Run() {
    MutexLock lock(&mu_);
    EXPECT_FALSE(running_) << "called by two threads at once";
    running_ = true;
    ++begun_;
    changed_.NotifyAll();
    while (held_) changed_.Wait(&mu_);
    running_ = false;
    changed_.NotifyAll();
    return next_;
  }

  void AwaitBegun(int count) {
    MutexLock lock(&mu_);
    while (begun_ < count) changed_.Wait(&mu_);
  }
  // Waits until `count` calls have begun and none is running.
  void AwaitEnded(int count) {
    MutexLock lock(&mu_);
    while (begun_ < count || running_) changed_.Wait(&mu_);
  }
  int begun() {
    MutexLock lock(&mu_);
    return begun_;
  }
  bool running() {
    MutexLock lock(&mu_);
    return running_;
  }
  void Hold(bool held) {
    MutexLock lock(&mu_);
    held_ = held;
    changed_.NotifyAll();
  }
  void SetNext(absl::Time next) {
    MutexLock lock(&mu_);
    next_ = next;
  }

 private:
  Mutex mu_;
  CondVar changed_;
  int begun_ ABSL_GUARDED_BY(mu_) = 0;
  bool running_ ABSL_GUARDED_BY(mu_) = false;
  bool held_ ABSL_GUARDED_BY(mu_) = false;
  absl::Time next_ ABSL_GUARDED_BY(mu_) = absl::InfiniteFuture();
};

class WorkerTest : public ::testing::Test {
 protected:
  std::unique_ptr<Worker> Start() {
    return std::make_unique<Worker>("worker", &clock_,
                                    [this] { return calls_.Run(); });
  }

  FakeClock clock_;
  Calls calls_;
};

TEST_F(WorkerTest, CallsOnceSoonAfterConstruction) {
  const auto worker = Start();
  calls_.AwaitEnded(1);
}

TEST_F(WorkerTest, EachWakeIsFollowedByACall) {
  const auto worker = Start();
  for (int i = 1; i <= 1000; ++i) {
    calls_.AwaitEnded(i);
    worker->Wake();
  }
  calls_.AwaitEnded(1001);
}

// The call may have missed work that arrived while it ran.
TEST_F(WorkerTest, AWakeDuringACallIsFollowedByAnother) {
  calls_.Hold(true);
  const auto worker = Start();
  calls_.AwaitBegun(1);
  worker->Wake();
  calls_.Hold(false);
  calls_.AwaitEnded(2);
}

TEST_F(WorkerTest, ManyWakesDuringACallAreFollowedByOne) {
  calls_.Hold(true);
  const auto worker = Start();
  calls_.AwaitBegun(1);
  for (int i = 0; i < 100; ++i) worker->Wake();
  calls_.Hold(false);
  calls_.AwaitEnded(2);
  worker->Stop();
  EXPECT_EQ(calls_.begun(), 2);
}

TEST_F(WorkerTest, MayBeWokenByItsOwnCall) {
  std::atomic<int> count{0};
  std::atomic<Worker*> itself{nullptr};
  Calls done;
  Worker worker("worker", &clock_, [&] {
    Worker* const worker = itself.load();
    if (worker == nullptr) return absl::InfiniteFuture();
    if (++count < 10) {
      worker->Wake();
    } else {
      done.Run();
    }
    return absl::InfiniteFuture();
  });
  itself.store(&worker);
  worker.Wake();
  done.AwaitEnded(1);
  EXPECT_EQ(count.load(), 10);
}

TEST_F(WorkerTest, NoWakeIsLostAmongThreads) {
  std::atomic<int> asked{0};
  std::atomic<int> seen{0};
  const int kAsked = 4 * 2000;
  Calls done;
  Worker worker("worker", &clock_, [&] {
    seen.store(asked.load());
    if (seen.load() == kAsked) done.Run();
    return absl::InfiniteFuture();
  });
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < kAsked / 4; ++n) {
        ++asked;
        worker.Wake();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  done.AwaitEnded(1);
  EXPECT_EQ(seen.load(), kAsked);
}

TEST_F(WorkerTest, CallsAtTheNextTime) {
  // So near that the worker reads the clock all the time.
  calls_.SetNext(clock_.Now() + absl::Milliseconds(1));
  const auto worker = Start();
  calls_.AwaitEnded(1);
  calls_.SetNext(absl::InfiniteFuture());
  clock_.Advance(absl::Milliseconds(1));
  calls_.AwaitEnded(2);
  worker->Stop();
  EXPECT_EQ(calls_.begun(), 2);
}

TEST_F(WorkerTest, CallsNotBeforeTheNextTime) {
  calls_.SetNext(clock_.Now() + absl::Milliseconds(2));
  const auto worker = Start();
  calls_.AwaitEnded(1);
  clock_.Advance(absl::Milliseconds(1));
  worker->Stop();
  EXPECT_EQ(calls_.begun(), 1);
}

TEST_F(WorkerTest, CallsAgainAtOnceIfTheNextTimeIsOver) {
  calls_.SetNext(clock_.Now() - absl::Hours(1));
  const auto worker = Start();
  calls_.AwaitEnded(3);
  calls_.SetNext(absl::InfinitePast());
  calls_.AwaitEnded(6);
}

// A clock that counts how often it is read.
class WatchedClock : public FakeClock {
 public:
  SteadyTime Steady() override {
    MutexLock lock(&mu_);
    ++looks_;
    looked_.NotifyAll();
    return FakeClock::Steady();
  }
  // Waits until the clock has been read `count` more times.
  void AwaitLooks(int count) {
    MutexLock lock(&mu_);
    const int enough = looks_ + count;
    while (looks_ < enough) looked_.Wait(&mu_);
  }

 private:
  Mutex mu_;
  CondVar looked_;
  int looks_ ABSL_GUARDED_BY(mu_) = 0;
};

// Otherwise due work would wait until the clock has caught up.
TEST(WorkerClockTest, AClockThatIsSetBackDelaysNothing) {
  WatchedClock clock;
  Calls calls;
  calls.SetNext(clock.Now() + absl::Milliseconds(1));
  Worker worker("worker", &clock, [&calls] { return calls.Run(); });
  calls.AwaitEnded(1);
  calls.SetNext(absl::InfiniteFuture());
  clock.AwaitLooks(3);  // It waits for the next time now.
  clock.Jump(-absl::Milliseconds(5));
  clock.Advance(absl::Milliseconds(1));
  calls.AwaitEnded(2);
}

TEST_F(WorkerTest, StopLetsTheCallEnd) {
  calls_.Hold(true);
  const auto worker = Start();
  calls_.AwaitBegun(1);
  std::thread releaser([this] {
    for (int i = 0; i < 100; ++i) std::this_thread::yield();
    calls_.Hold(false);
  });
  worker->Stop();
  EXPECT_FALSE(calls_.running());
  EXPECT_EQ(calls_.begun(), 1);
  releaser.join();
}

TEST_F(WorkerTest, NoCallBeginsAfterStop) {
  calls_.SetNext(absl::InfinitePast());
  const auto worker = Start();
  calls_.AwaitEnded(1);
  worker->Stop();
  const int begun = calls_.begun();
  worker->Wake();
  clock_.Advance(absl::Hours(1));
  worker->Stop();
  EXPECT_EQ(calls_.begun(), begun);
}

TEST_F(WorkerTest, MayBeStoppedByManyThreads) {
  for (int round = 0; round < 50; ++round) {
    Worker worker("worker", &clock_, [] { return absl::InfiniteFuture(); });
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&worker] { worker.Stop(); });
    }
    for (std::thread& thread : threads) thread.join();
  }
}

TEST_F(WorkerTest, ItsThreadHasItsName) {
  const auto name_in_a_call = [this](absl::string_view name) {
    std::string found;
    Calls done;
    std::unique_ptr<Worker> worker;
    std::atomic<bool> constructed{false};
    worker = std::make_unique<Worker>(name, &clock_, [&] {
      if (!constructed) return absl::InfiniteFuture();
      char buffer[16] = "";
      pthread_getname_np(pthread_self(), buffer, sizeof(buffer));
      found = buffer;
      done.Run();
      return absl::InfiniteFuture();
    });
    constructed = true;
    worker->Wake();
    done.AwaitEnded(1);
    worker->Stop();
    return found;
  };
  EXPECT_EQ(name_in_a_call("poster"), "poster");
  EXPECT_EQ(name_in_a_call("a-name-that-is-too-long"), "a-name-that-is-");
}

// What wakes a worker may be built before it.
TEST_F(WorkerTest, AWakeUpOfItsOwnersWakesIt) {
  WakeUp wake_up;
  Worker worker("worker", &clock_, &wake_up, [this] { return calls_.Run(); });
  calls_.AwaitEnded(1);
  for (int i = 2; i <= 1000; i += 2) {
    wake_up.Wake();
    calls_.AwaitEnded(i);
    worker.Wake();
    calls_.AwaitEnded(i + 1);
  }
  worker.Stop();
  wake_up.Wake();
  EXPECT_FALSE(calls_.running());
}

TEST_F(WorkerTest, StopEndsAPause) {
  Calls paused;
  std::atomic<bool> went_on{true};
  Worker worker("worker", &clock_, [&](Worker* itself) {
    paused.Run();
    went_on = itself->Pause(absl::Hours(24));
    return absl::InfiniteFuture();
  });
  paused.AwaitEnded(1);
  worker.Stop();
  EXPECT_FALSE(went_on);
}

// What arrived meanwhile is done after the call.
TEST_F(WorkerTest, AWakeNeitherEndsAPauseNorIsItLost) {
  WatchedClock clock;
  Calls paused;
  Calls went_on;
  Worker worker("worker", &clock, [&](Worker* itself) {
    paused.Run();
    if (paused.begun() == 1) {
      EXPECT_TRUE(itself->Pause(absl::Milliseconds(1)));
    }
    return went_on.Run();
  });
  paused.AwaitEnded(1);
  worker.Wake();
  clock.AwaitLooks(4);  // The pause has begun.
  EXPECT_EQ(went_on.begun(), 0);
  clock.Advance(absl::Milliseconds(1));
  went_on.AwaitEnded(2);
}

TEST(WakeUpTest, ARequestStaysUntilItIsTaken) {
  WakeUp wake_up;
  EXPECT_FALSE(wake_up.is_requested());
  EXPECT_FALSE(wake_up.Take());
  wake_up.Wake();
  wake_up.Wake();
  EXPECT_TRUE(wake_up.is_requested());
  wake_up.WaitFor(absl::InfiniteDuration());
  EXPECT_TRUE(wake_up.Take());
  EXPECT_FALSE(wake_up.Take());
}

TEST(WakeUpTest, AWaitEndsWithTheRequest) {
  WakeUp wake_up;
  std::thread waker([&wake_up] { wake_up.Wake(); });
  while (!wake_up.Take()) wake_up.WaitFor(absl::InfiniteDuration());
  waker.join();
}

// A real clock, a real wait.
TEST(WorkerSystemClockTest, WaitsUntilTheNextTime) {
  Calls calls;
  Clock* const clock = Clock::System();
  calls.SetNext(clock->Now() + absl::Milliseconds(20));
  const SteadyTime begin = clock->Steady();
  Worker worker("worker", clock, [&calls] { return calls.Run(); });
  calls.AwaitEnded(1);
  calls.SetNext(absl::InfiniteFuture());
  calls.AwaitEnded(2);
  EXPECT_GE(clock->Steady() - begin, absl::Milliseconds(15));
}

}  // namespace
}  // namespace signalbox
