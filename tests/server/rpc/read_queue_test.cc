#include "server/rpc/read_queue.h"

#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"
#include "server/base/clock.h"

namespace signalbox {
namespace {

TEST(ReadQueueTest, ARunningReadHoldsUpNoOther) {
  ReadQueue queue(Clock::System(), /*threads=*/2, /*max_waiting=*/10);
  // Reads that begin while the queue is empty, one after the other.
  for (int round = 0; round < 10; ++round) {
    absl::Notification first_runs, second_ran, first_ran;
    ASSERT_TRUE(queue.Run([&] {
      first_runs.Notify();
      second_ran.WaitForNotification();
      first_ran.Notify();
    }));
    first_runs.WaitForNotification();
    ASSERT_TRUE(queue.Run([&] { second_ran.Notify(); }));
    first_ran.WaitForNotification();
  }
}

TEST(ReadQueueTest, AFullQueueTakesNothing) {
  absl::Notification runs, end;
  int ran = 0;
  {
    ReadQueue queue(Clock::System(), /*threads=*/1, /*max_waiting=*/2);
    ASSERT_TRUE(queue.Run([&] {
      runs.Notify();
      end.WaitForNotification();
    }));
    runs.WaitForNotification();
    EXPECT_TRUE(queue.Run([&] { ++ran; }));
    EXPECT_TRUE(queue.Run([&] { ++ran; }));
    EXPECT_FALSE(queue.Run([&] { ++ran; }));
    end.Notify();
  }
  EXPECT_EQ(ran, 2);  // The destructor runs what waits.
}

}  // namespace
}  // namespace signalbox
