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

// Threads that are made when they are needed, up to a limit, and kept.
//
// Thread-safe.
class ThreadPool {
 public:
  // At most `max_threads` jobs run and `max_queue` wait.
  ThreadPool(size_t max_threads, size_t max_queue)
      : max_threads_(max_threads), max_queue_(max_queue) {}
  ~ThreadPool() { Drain(); }

  // Has `job` run on a thread of the pool. False, and the job is dropped, if
  // too many wait already, there can be no first thread, or the pool was
  // drained. A job must not throw.
  bool Submit(std::function<void()> job);

  // How many jobs wait that no thread is about to take.
  size_t Shortage();

  // Returns when all jobs have run. Nothing can be submitted any more.
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
