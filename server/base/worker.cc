#include "server/base/worker.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

namespace signalbox {
namespace {

// A wait stands still while the machine is suspended, and does not notice that
// the wall clock was set forward. So every wait is short.
constexpr absl::Duration kLongestWait = absl::Seconds(5);

}  // namespace

Worker::Worker(absl::string_view name, Clock* clock,
               std::function<absl::Time()> run_once)
    : Worker(name, clock, &own_wake_up_, std::move(run_once)) {}

Worker::Worker(absl::string_view name, Clock* clock,
               std::function<absl::Time(Worker*)> run_once)
    : Worker(
          name, clock, &own_wake_up_,
          [this, run_once = std::move(run_once)] { return run_once(this); }) {}

Worker::Worker(absl::string_view name, Clock* clock, WakeUp* wake_up,
               std::function<absl::Time()> run_once)
    : clock_(clock),
      name_(name.substr(0, 15)),
      run_once_(std::move(run_once)),
      wake_up_(wake_up),
      thread_([this] { Loop(); }) {
  pthread_setname_np(thread_.native_handle(), name_.c_str());
}

void Worker::Stop() {
  stop_ = true;
  wake_up_->Wake();
  MutexLock lock(&join_mu_);
  if (thread_.joinable()) thread_.join();
}

bool Worker::Pause(absl::Duration time) {
  const SteadyTime end = clock_->Steady() + time;
  bool is_woken = false;
  for (;;) {
    // Before the look at `stop_`: Stop sets that first.
    if (wake_up_->Take()) is_woken = true;
    const absl::Duration left = end - clock_->Steady();
    if (stop_ || left <= absl::ZeroDuration()) break;
    wake_up_->WaitFor(std::min(left, kLongestWait));
  }
  if (is_woken) wake_up_->Wake();
  return !stop_;
}

void Worker::Loop() {
  absl::Time next = absl::InfinitePast();
  // `next` on the steady clock: after the wall clock was set back, `next` may
  // be hours away.
  SteadyTime deadline;
  while (!stop_) {
    if (wake_up_->Take() || clock_->Now() >= next ||
        clock_->Steady() >= deadline) {
      next = run_once_();
      deadline = clock_->Steady() + (next - clock_->Now());
    } else {
      wake_up_->WaitFor(std::min(next - clock_->Now(), kLongestWait));
    }
  }
}

}  // namespace signalbox
