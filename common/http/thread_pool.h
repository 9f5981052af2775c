#ifndef SIGNALBOX_COMMON_HTTP_THREAD_POOL_H_
#define SIGNALBOX_COMMON_HTTP_THREAD_POOL_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "common/mutex.h"

namespace signalbox {

// A pool that creates threads when it needs them, up to a limit, and keeps
// them.
//
// Thread-safe.
class ThreadPool {
 public:
  // At most `max_threads` jobs run and `max_queue` wait.
  ThreadPool(size_t max_threads, size_t max_queue)
      : max_threads_(max_threads), max_queue_(max_queue) {}
  ~ThreadPool() { Drain(); }

  // Runs `job` on a thread of the pool. False, and the job is dropped: too many
  // jobs wait already, the first thread cannot be created, or the pool was
  // drained. A job must not throw.
  bool Submit(std::function<void()> job);

  // How many waiting jobs have no thread that will take them soon.
  size_t Shortage();

  // Returns when all jobs have run. Afterwards Submit returns false.
  void Drain();

 private:
  void Run();

  const size_t max_threads_;
  const size_t max_queue_;

  Mutex mu_;
  CondVar changed_;
  std::deque<std::function<void()>> queue_ ABSL_GUARDED_BY(mu_);
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(mu_);
  // Threads that take the next job, or soon will.
  size_t idle_ ABSL_GUARDED_BY(mu_) = 0;
  bool draining_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_HTTP_THREAD_POOL_H_
