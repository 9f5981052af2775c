#include "server/rpc/read_queue.h"

#include <utility>

namespace signalbox {

ReadQueue::ReadQueue(Clock* clock, int threads, size_t max_waiting)
    : max_waiting_(max_waiting) {
  for (int i = 0; i < threads; ++i) {
    workers_.push_back(
        std::make_unique<Worker>("read", clock, [this] { return RunOnce(); }));
  }
}

ReadQueue::~ReadQueue() {
  for (const std::unique_ptr<Worker>& worker : workers_) worker->Stop();
  RunOnce();
}

bool ReadQueue::Run(std::function<void()> read) {
  size_t position = 0;
  {
    MutexLock lock(&mu_);
    if (waiting_.size() >= max_waiting_) return false;
    waiting_.push_back(std::move(read));
    position = waiting_.size();
  }
  // One read needs one thread. A thread that is awake empties the queue.
  workers_[position % workers_.size()]->Wake();
  return true;
}

absl::Time ReadQueue::RunOnce() {
  for (;;) {
    std::function<void()> read;
    {
      MutexLock lock(&mu_);
      if (waiting_.empty()) return absl::InfiniteFuture();
      read = std::move(waiting_.front());
      waiting_.pop_front();
    }
    read();
  }
}

}  // namespace signalbox
