#include "server/rpc/read_queue.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "common/error.h"

namespace signalbox {

ReadQueue::ReadQueue(Clock* clock, int threads, size_t max_waiting)
    : clock_(clock), max_waiting_(max_waiting), is_idle_(threads, false) {
  for (int i = 0; i < threads; ++i) {
    workers_.push_back(std::make_unique<Worker>(
        "read", clock, [this, i] { return RunOnce(i); }));
  }
}

ReadQueue::~ReadQueue() {
  for (const std::unique_ptr<Worker>& worker : workers_) worker->Stop();
  RunOnce(0);
}

void ReadQueue::Run(Read read) {
  const SteadyTime now = clock_->Steady();
  // The worker to wake: nothing if all are busy, and look again by themselves.
  std::optional<size_t> sleeper;
  const bool is_full = [&] {
    MutexLock lock(&mu_);
    if (waiting_.size() >= max_waiting_) return true;
    waiting_.push_back({std::move(read), now});
    const auto idle = std::ranges::find(is_idle_, true);
    if (idle != is_idle_.end()) {
      *idle = false;
      sleeper = idle - is_idle_.begin();
    }
    return false;
  }();
  if (is_full) {
    read(Error(absl::StatusCode::kUnavailable, "TOO_MANY_READS",
               "too many reads are waiting; repeat the call"));
  } else if (sleeper.has_value()) {
    workers_[*sleeper]->Wake();
  }
}

void ReadQueue::AnswerOverdue(absl::Duration longest,
                              const absl::Status& error) {
  const SteadyTime latest = clock_->Steady() - longest;
  std::vector<Read> overdue;
  {
    MutexLock lock(&mu_);
    while (!waiting_.empty() && waiting_.front().since <= latest) {
      overdue.push_back(std::move(waiting_.front().read));
      waiting_.pop_front();
    }
  }
  for (const Read& read : overdue) read(error);
}

absl::Time ReadQueue::RunOnce(size_t worker) {
  for (;;) {
    Read read;
    {
      MutexLock lock(&mu_);
      is_idle_[worker] = waiting_.empty();
      if (waiting_.empty()) return absl::InfiniteFuture();
      read = std::move(waiting_.front().read);
      waiting_.pop_front();
    }
    read(absl::OkStatus());
  }
}

}  // namespace signalbox
