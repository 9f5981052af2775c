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

  // Called exactly once. OK: the read is to be done now, on a thread of the
  // queue. UNAVAILABLE, reason TOO_MANY_READS: too many reads wait. The error
  // of AnswerOverdue: it waited too long.
  using Read = std::function<void(const absl::Status& admitted)>;

  // Calls `read` soon, or at once if it is refused.
  void Run(Read read);

  // Refuses the reads that have waited for `longest` or more, with `error`.
  void AnswerOverdue(absl::Duration longest, const absl::Status& error);

 private:
  struct Waiting {
    Read read;
    absl::Duration since;  // Monotonic.
  };

  // Runs what waits, on the thread of this worker.
  absl::Time RunOnce(size_t worker);

  Clock* const clock_;
  const size_t max_waiting_;

  Mutex mu_;
  std::deque<Waiting> waiting_ ABSL_GUARDED_BY(mu_);
  // By worker: it sleeps, and Run has not woken it. The others look at the
  // queue before they sleep.
  std::vector<bool> is_idle_ ABSL_GUARDED_BY(mu_);

  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_READ_QUEUE_H_
