#include "shim/thread_pool.h"

#include <algorithm>
#include <system_error>
#include <utility>

namespace signalbox {

bool ThreadPool::Submit(std::function<void()> job) {
  const std::lock_guard<std::mutex> lock(mu_);
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
  changed_.notify_one();
  return true;
}

size_t ThreadPool::Shortage() {
  const std::lock_guard<std::mutex> lock(mu_);
  return queue_.size() - std::min(queue_.size(), idle_);
}

void ThreadPool::Drain() {
  std::vector<std::thread> threads;
  {
    const std::lock_guard<std::mutex> lock(mu_);
    draining_ = true;
    threads.swap(threads_);
  }
  changed_.notify_all();
  for (std::thread& thread : threads) thread.join();
}

void ThreadPool::Run() {
  std::unique_lock<std::mutex> lock(mu_);
  while (true) {
    changed_.wait(lock, [this] { return draining_ || !queue_.empty(); });
    --idle_;
    if (queue_.empty()) return;
    std::function<void()> job = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    job();
    // The job's data is destroyed outside the lock.
    job = nullptr;
    lock.lock();
    ++idle_;
  }
}

}  // namespace signalbox
