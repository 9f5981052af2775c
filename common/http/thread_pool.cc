#include "common/http/thread_pool.h"

#include <algorithm>
#include <system_error>
#include <utility>

namespace signalbox {

bool ThreadPool::Submit(std::function<void()> job) {
  MutexLock lock(&mu_);
  if (draining_ || queue_.size() >= max_queue_) return false;
  if (queue_.size() >= idle_ && threads_.size() < max_threads_) {
    try {
      threads_.emplace_back([this] { Run(); });
      ++idle_;
    } catch (const std::system_error&) {
      // The system has no more threads, so the existing ones must do.
      if (threads_.empty()) return false;
    }
  }
  queue_.push_back(std::move(job));
  changed_.NotifyOne();
  return true;
}

size_t ThreadPool::Shortage() {
  MutexLock lock(&mu_);
  return queue_.size() - std::min(queue_.size(), idle_);
}

void ThreadPool::Drain() {
  std::vector<std::thread> threads;
  {
    MutexLock lock(&mu_);
    draining_ = true;
    threads.swap(threads_);
  }
  changed_.NotifyAll();
  for (std::thread& thread : threads) thread.join();
}

void ThreadPool::Run() {
  while (true) {
    std::function<void()> job;
    {
      MutexLock lock(&mu_);
      while (!draining_ && queue_.empty()) changed_.Wait(&mu_);
      --idle_;
      if (queue_.empty()) return;
      job = std::move(queue_.front());
      queue_.pop_front();
    }
    job();
    // The job's data is destroyed outside the lock.
    job = nullptr;
    MutexLock lock(&mu_);
    ++idle_;
  }
}

}  // namespace signalbox
