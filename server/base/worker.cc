#include "server/base/worker.h"

#include <pthread.h>

#include <utility>

namespace signalbox {

Worker::Worker(absl::string_view name, Clock* clock,
               std::function<absl::Time()> run_once)
    : clock_(clock),
      name_(name.substr(0, 15)),
      run_once_(std::move(run_once)),
      thread_([this] { Loop(); }) {
  pthread_setname_np(thread_.native_handle(), name_.c_str());
}

Worker::~Worker() { Stop(); }

void Worker::Wake() {
  {
    MutexLock lock(&mu_);
    if (wake_) return;
    wake_ = true;
  }
  woken_.NotifyOne();
}

void Worker::Stop() {
  {
    MutexLock lock(&mu_);
    stop_ = true;
  }
  woken_.NotifyAll();
  if (thread_.joinable()) thread_.join();
}

void Worker::Loop() {
  absl::Time next = absl::InfinitePast();
  for (;;) {
    {
      MutexLock lock(&mu_);
      while (!stop_ && !wake_ && clock_->Now() < next) {
        woken_.WaitFor(&mu_, next - clock_->Now());
      }
      if (stop_) return;
      wake_ = false;
    }
    next = run_once_();
  }
}

}  // namespace signalbox
