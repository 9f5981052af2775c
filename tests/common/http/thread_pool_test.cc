#include "common/http/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace signalbox {
namespace {

TEST(ThreadPoolTest, JobsBeyondTheThreadsWaitAndBeyondTheQueueAreRefused) {
  ThreadPool pool(2, 3);
  std::promise<void> may_end;
  const std::shared_future<void> end = may_end.get_future().share();
  std::atomic<int> done = 0;
  const auto job = [&done, end] {
    end.wait();
    ++done;
  };
  std::promise<void> began;
  EXPECT_TRUE(pool.Submit([&] {
    began.set_value();
    job();
  }));
  began.get_future().wait();
  EXPECT_EQ(pool.Shortage(), 0u);
  EXPECT_TRUE(pool.Submit(job));
  // This holds whether or not its thread has begun.
  EXPECT_EQ(pool.Shortage(), 0u);
  for (size_t waiting = 1; waiting <= 2; ++waiting) {
    EXPECT_TRUE(pool.Submit(job));
    EXPECT_EQ(pool.Shortage(), waiting);
  }
  // The second thread may or may not have taken its job.
  int accepted = 4;
  while (pool.Submit(job)) ++accepted;
  EXPECT_LE(accepted, 5);
  may_end.set_value();
  pool.Drain();
  EXPECT_EQ(done, accepted);
  EXPECT_EQ(pool.Shortage(), 0u);
  EXPECT_FALSE(pool.Submit(job));
}

TEST(ThreadPoolTest, ThreadsAreKept) {
  ThreadPool pool(1, 1);
  for (int i = 0; i < 100; ++i) {
    std::promise<void> done;
    while (!pool.Submit([&] { done.set_value(); })) {
    }
    done.get_future().wait();
  }
}

}  // namespace
}  // namespace signalbox
