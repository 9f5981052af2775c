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

// ThreadPool runs the requests of HttpServer. It creates a thread when all
// others are busy, up to a limit, and keeps its threads.
//
// Thread-safe.
class ThreadPool {
 public:
  // At most `max_threads` jobs run at once, and `max_queue` jobs wait.
  ThreadPool(size_t max_threads, size_t max_queue)
      : max_threads_(max_threads), max_queue_(max_queue) {}
  ~ThreadPool() { Drain(); }

  // Runs `job` on a thread of the pool, soon. `job` must not throw. False: the
  // pool drops the job, because too many jobs wait already, it cannot create
  // its first thread, or Drain was called.
  bool Submit(std::function<void()> job);

  // How many waiting jobs lack a thread: all threads are busy.
  size_t Shortage();

  // Waits until all jobs have run, and ends the threads. Submit then returns
  // false.
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
