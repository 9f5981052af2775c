#include "server/outbox/file_check.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "tests/support/fake_clock.h"
#include "tests/support/forwarding_outbox.h"

namespace signalbox {
namespace {

// Spends a thread's time for each page of a file.
class PagedOutbox : public ForwardingOutbox {
 public:
  explicit PagedOutbox(FakeClock* clock)
      : ForwardingOutbox(nullptr), clock_(clock) {}

  bool NeedsCheck() override { return needs_check; }
  absl::Status CheckFile(std::function<bool()> cancelled) override {
    ++checks;
    for (int i = 0; i < pages; ++i) {
      clock_->Advance(work_per_page + wait_per_page);
      cpu_time += work_per_page;
      if (cancelled()) return absl::CancelledError("cancelled");
    }
    return result;
  }

  bool needs_check = true;
  int pages = 0;
  absl::Duration work_per_page;
  absl::Duration wait_per_page;  // For the disk.
  absl::Status result;
  int checks = 0;
  absl::Duration cpu_time = absl::Seconds(3);

 private:
  FakeClock* const clock_;
};

class FileCheckTest : public testing::Test {
 protected:
  absl::Time Run() {
    return CheckFileSlowly(
        &outbox_, &clock_, [this] { return outbox_.cpu_time; },
        [this](absl::Duration time) {
          pauses_.push_back(time);
          // A sleep may last longer.
          clock_.Advance(time + oversleep_);
          return !is_stopping_;
        },
        [this](const absl::Status& status) { failures_.push_back(status); });
  }

  FakeClock clock_;
  PagedOutbox outbox_{&clock_};
  absl::Duration oversleep_;
  bool is_stopping_ = false;
  std::vector<absl::Duration> pauses_;
  std::vector<absl::Status> failures_;
};

TEST_F(FileCheckTest, AFileThatNeedsNoneIsNotChecked) {
  outbox_.needs_check = false;
  EXPECT_EQ(Run(), absl::InfiniteFuture());
  EXPECT_EQ(outbox_.checks, 0);
}

// Whether the pages are in memory, or the disk is slow, or a page takes long.
TEST_F(FileCheckTest, KeepsACoreBusyForATenthOfTheTime) {
  for (const absl::Duration work :
       {absl::Microseconds(10), absl::Milliseconds(3), absl::Milliseconds(25),
        absl::Seconds(2)}) {
    for (const absl::Duration wait :
         {absl::ZeroDuration(), absl::Microseconds(70),
          absl::Milliseconds(9)}) {
      for (const absl::Duration oversleep :
           {absl::ZeroDuration(), absl::Milliseconds(1)}) {
        outbox_.pages = 10'000;
        outbox_.work_per_page = work;
        outbox_.wait_per_page = wait;
        oversleep_ = oversleep;
        pauses_.clear();
        const SteadyTime begin = clock_.Steady();
        const absl::Duration work_before = outbox_.cpu_time;
        EXPECT_EQ(Run(), absl::InfiniteFuture());
        const absl::Duration passed = clock_.Steady() - begin;
        const absl::Duration worked = outbox_.cpu_time - work_before;
        EXPECT_EQ(worked, 10'000 * work);
        // But for the work since the last pause.
        const absl::Duration slice = absl::Milliseconds(10) + work;
        EXPECT_GE(passed, 10 * (worked - slice)) << work << " " << wait;
        // The check takes no longer than that asks for.
        if (oversleep == absl::ZeroDuration()) {
          EXPECT_LE(passed, std::max(10 * worked, worked + 10'000 * wait))
              << work << " " << wait;
        }
        // The core is never busy for longer than a slice.
        EXPECT_GE(pauses_.size(), work > wait ? worked / (2 * slice) : 0)
            << work << " " << wait;
      }
    }
  }
  EXPECT_TRUE(failures_.empty());
}

// The machine was suspended, or the disk hung.
TEST_F(FileCheckTest, TimeWithoutWorkNeedsNoPause) {
  outbox_.pages = 3;
  outbox_.work_per_page = absl::Milliseconds(1);
  outbox_.wait_per_page = absl::Hours(8);
  Run();
  for (const absl::Duration pause : pauses_) {
    EXPECT_EQ(pause, absl::ZeroDuration());
  }
}

TEST_F(FileCheckTest, AStopEndsTheCheckAtItsNextPause) {
  outbox_.pages = 1'000'000;
  outbox_.work_per_page = absl::Milliseconds(1);
  is_stopping_ = true;
  EXPECT_EQ(Run(), absl::InfiniteFuture());
  EXPECT_EQ(pauses_.size(), 1u);
  EXPECT_TRUE(failures_.empty());
}

// A slow disk keeps the check from needing pauses.
TEST_F(FileCheckTest, AStopEndsTheCheckOfASlowDiskToo) {
  outbox_.pages = 1'000'000;
  outbox_.work_per_page = absl::Microseconds(10);
  outbox_.wait_per_page = absl::Milliseconds(1);
  const SteadyTime begin = clock_.Steady();
  is_stopping_ = true;
  EXPECT_EQ(Run(), absl::InfiniteFuture());
  EXPECT_LE(clock_.Steady() - begin, absl::Milliseconds(20));
}

TEST_F(FileCheckTest, ACheckThatIsNotPossibleIsTriedAgain) {
  outbox_.result = absl::UnavailableError("too much is written");
  EXPECT_EQ(Run(), clock_.Now() + absl::Minutes(10));
  // A long check that was given up is not repeated soon.
  outbox_.pages = 1;
  outbox_.wait_per_page = absl::Minutes(7);
  const absl::Time next = Run();
  EXPECT_EQ(next, clock_.Now() + absl::Minutes(140));
  outbox_.result = absl::OkStatus();
  EXPECT_EQ(Run(), absl::InfiniteFuture());
  EXPECT_EQ(outbox_.checks, 3);
  EXPECT_TRUE(failures_.empty());
}

TEST_F(FileCheckTest, DamageIsAFailure) {
  outbox_.result = absl::DataLossError("damaged");
  EXPECT_EQ(Run(), absl::InfiniteFuture());
  ASSERT_EQ(failures_.size(), 1u);
  EXPECT_EQ(failures_[0], outbox_.result);
}

}  // namespace
}  // namespace signalbox
