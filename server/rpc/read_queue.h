#ifndef SIGNALBOX_SERVER_RPC_READ_QUEUE_H_
#define SIGNALBOX_SERVER_RPC_READ_QUEUE_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/mutex.h"
#include "server/base/clock.h"
#include "server/base/worker.h"

namespace signalbox {

// ReadQueue runs calls that read the outbox on threads of its own. A read
// blocks, and gRPC's threads must never block. StatusServiceImpl uses it for
// all calls but reports.
//
// Thread-safe.
class ReadQueue {
 public:
  // Runs reads on `threads` threads, and lets at most `max_waiting` wait.
  // `clock` is borrowed.
  ReadQueue(Clock* clock, int threads, size_t max_waiting);

  // Runs the reads that still wait, then ends the threads.
  ~ReadQueue();

  // A waiting read. The queue calls it exactly once. OK: it does its work now,
  // on a thread of the queue. Otherwise it does no work and answers its caller
  // with the error: UNAVAILABLE, reason TOO_MANY_READS, if `max_waiting` reads
  // wait already; the error of AnswerOverdue, if it waited too long.
  using Read = std::function<void(const absl::Status& admitted)>;

  // Calls `read` soon, or at once if it is refused.
  void Run(Read read);

  // Refuses the reads that have waited for `longest` or more, with `error`.
  void AnswerOverdue(absl::Duration longest, const absl::Status& error);

 private:
  struct Waiting {
    Read read;
    SteadyTime since;
  };

  // Runs waiting reads on the thread of the worker with this index. Returns
  // when the worker calls it again.
  absl::Time RunOnce(size_t worker);

  Clock* const clock_;
  const size_t max_waiting_;

  Mutex mu_;
  std::deque<Waiting> waiting_ ABSL_GUARDED_BY(mu_);
  // By worker: whether it sleeps and Run has not woken it. The other workers
  // look at the queue before they sleep.
  std::vector<bool> is_idle_ ABSL_GUARDED_BY(mu_);

  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_READ_QUEUE_H_
