#ifndef SIGNALBOX_SHIM_THREAD_POOL_H_
#define SIGNALBOX_SHIM_THREAD_POOL_H_

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

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

  std::mutex mu_;
  std::condition_variable changed_;
  // Guarded by mu_.
  std::deque<std::function<void()>> queue_;
  std::vector<std::thread> threads_;
  size_t idle_ = 0;  // Threads that take the next job, or soon will.
  bool draining_ = false;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SHIM_THREAD_POOL_H_
