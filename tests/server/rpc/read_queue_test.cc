#include "server/rpc/read_queue.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/synchronization/notification.h"
#include "common/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/clock.h"

namespace signalbox {
namespace {

TEST(ReadQueueTest, ARunningReadHoldsUpNoOther) {
  ReadQueue queue(Clock::System(), /*threads=*/2, /*max_waiting=*/10);
  // Reads that begin while the queue is empty, one after the other.
  for (int round = 0; round < 10; ++round) {
    absl::Notification first_runs, second_ran, first_ran;
    queue.Run([&](auto) {
      first_runs.Notify();
      second_ran.WaitForNotification();
      first_ran.Notify();
    });
    first_runs.WaitForNotification();
    queue.Run([&](auto) { second_ran.Notify(); });
    first_ran.WaitForNotification();
  }
}

// A queue whose only thread is busy until its end.
class BusyReadQueueTest : public testing::Test {
 protected:
  BusyReadQueueTest() {
    queue_->Run([this](auto) {
      runs_.Notify();
      end_.WaitForNotification();
    });
    runs_.WaitForNotification();
  }

  ~BusyReadQueueTest() override { End(); }

  void Run() {
    queue_->Run([this](const absl::Status& admitted) {
      answers_.push_back(admitted.ok() ? "OK" : ReasonOf(admitted));
    });
  }

  // The destructor of the queue runs what waits.
  void End() {
    if (queue_ == nullptr) return;
    end_.Notify();
    queue_.reset();
  }

  absl::Notification runs_, end_;
  std::vector<std::string> answers_;
  std::unique_ptr<ReadQueue> queue_ = std::make_unique<ReadQueue>(
      Clock::System(), /*threads=*/1, /*max_waiting=*/2);
};

TEST_F(BusyReadQueueTest, AFullQueueRefusesAtOnce) {
  Run();
  Run();
  Run();
  EXPECT_THAT(answers_, testing::ElementsAre("TOO_MANY_READS"));
  End();
  EXPECT_THAT(answers_, testing::ElementsAre("TOO_MANY_READS", "OK", "OK"));
}

TEST_F(BusyReadQueueTest, AReadThatWaitsTooLongIsAnsweredOnce) {
  Run();
  queue_->AnswerOverdue(absl::Hours(1), absl::CancelledError());
  EXPECT_THAT(answers_, testing::IsEmpty());
  queue_->AnswerOverdue(
      absl::ZeroDuration(),
      Error(absl::StatusCode::kDeadlineExceeded, "SERVER_TOO_SLOW", "x"));
  EXPECT_THAT(answers_, testing::ElementsAre("SERVER_TOO_SLOW"));
  Run();
  End();
  EXPECT_THAT(answers_, testing::ElementsAre("SERVER_TOO_SLOW", "OK"));
}

}  // namespace
}  // namespace signalbox
