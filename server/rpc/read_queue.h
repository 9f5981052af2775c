#ifndef SIGNALBOX_SERVER_RPC_READ_QUEUE_H_
#define SIGNALBOX_SERVER_RPC_READ_QUEUE_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "absl/time/time.h"
#include "common/mutex.h"
#include "server/base/clock.h"
#include "server/base/worker.h"

namespace signalbox {

// Runs reads of the outbox on threads of its own, because gRPC's threads must
// never block.
//
// Thread-safe.
class ReadQueue {
 public:
  // `clock` is borrowed.
  ReadQueue(Clock* clock, int threads, size_t max_waiting);

  // Runs the reads that still wait, then ends the threads.
  ~ReadQueue();

  // Runs `read` soon. False: too many reads wait, and `read` does not run.
  bool Run(std::function<void()> read);

 private:
  // Runs what waits, on the thread of this worker.
  absl::Time RunOnce(size_t worker);

  const size_t max_waiting_;

  Mutex mu_;
  std::deque<std::function<void()>> waiting_ ABSL_GUARDED_BY(mu_);
  // By worker: it sleeps, and Run has not woken it. The others look at the
  // queue before they sleep.
  std::vector<bool> is_idle_ ABSL_GUARDED_BY(mu_);

  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_READ_QUEUE_H_
