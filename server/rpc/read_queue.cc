#include "server/rpc/read_queue.h"

#include <algorithm>
#include <utility>

namespace signalbox {

ReadQueue::ReadQueue(Clock* clock, int threads, size_t max_waiting)
    : max_waiting_(max_waiting), is_idle_(threads, false) {
  for (int i = 0; i < threads; ++i) {
    workers_.push_back(std::make_unique<Worker>(
        "read", clock, [this, i] { return RunOnce(i); }));
  }
}

ReadQueue::~ReadQueue() {
  for (const std::unique_ptr<Worker>& worker : workers_) worker->Stop();
  RunOnce(0);
}

bool ReadQueue::Run(std::function<void()> read) {
  size_t sleeper = 0;
  {
    MutexLock lock(&mu_);
    if (waiting_.size() >= max_waiting_) return false;
    waiting_.push_back(std::move(read));
    const auto idle = std::ranges::find(is_idle_, true);
    if (idle == is_idle_.end()) return true;
    *idle = false;
    sleeper = idle - is_idle_.begin();
  }
  workers_[sleeper]->Wake();
  return true;
}

absl::Time ReadQueue::RunOnce(size_t worker) {
  for (;;) {
    std::function<void()> read;
    {
      MutexLock lock(&mu_);
      is_idle_[worker] = waiting_.empty();
      if (waiting_.empty()) return absl::InfiniteFuture();
      read = std::move(waiting_.front());
      waiting_.pop_front();
    }
    read();
  }
}

}  // namespace signalbox
