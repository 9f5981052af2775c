#ifndef SIGNALBOX_SERVER_OUTBOX_INTAKE_H_
#define SIGNALBOX_SERVER_OUTBOX_INTAKE_H_

#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/mutex.h"
#include "server/outbox/outbox.h"

namespace signalbox {

// Intake puts submissions into the outbox by group commit: what arrives while
// a transaction is being committed is the next transaction. Nobody is answered
// before the transaction is durable.
//
// It has no thread of its own: a Worker calls RunOnce, or a simulation does.
//
// Thread-safe; RunOnce by one thread at a time.
class Intake {
 public:
  // Called exactly once for every submission, from RunOnce (or from Submit or
  // Close when it is refused): the outcome, or why the store did not take it.
  // Must not block or throw.
  using Done = std::function<void(absl::StatusOr<Outcome>)>;

  struct Options {
    // Transactions have at most so many submissions, which together have at
    // most so many reports, unless one submission alone has more: what is
    // larger does not commit faster, and others wait for it.
    size_t max_batch = 256;
    size_t max_batch_reports = 1024;
    // Submissions that would be more, or take more memory, while others wait
    // are refused with UNAVAILABLE, reason INTAKE_FULL: the disk is not keeping
    // up, and callers repeat.
    size_t max_waiting = 16384;
    size_t max_waiting_bytes = size_t{64} << 20;
  };

  // `outbox` and `clock` are borrowed. `wake` asks for a call of RunOnce;
  // `committed` is called after a transaction by which something may be due
  // sooner, before its callers are answered. `on_store_failure`, if there is
  // one, is called by RunOnce when the store says INTERNAL: the process must
  // end and recover.
  Intake(Outbox* outbox, Clock* clock, Options options,
         std::function<void()> wake, std::function<void()> committed,
         std::function<void(absl::Status)> on_store_failure = nullptr);

  // What still waits is refused as by Close.
  ~Intake();

  // Never blocks. `done` may run before this returns.
  void Submit(Submission submission, Done done);

  // Commits all that waits. Returns when it wants to be called again:
  // absl::InfiniteFuture(), until `wake`.
  absl::Time RunOnce();

  // Refuses new submissions with UNAVAILABLE, reason SHUTTING_DOWN. Those that
  // wait are still committed by the next RunOnce.
  void Close();

 private:
  struct Waiting {
    Submission submission;
    Done done;
    size_t bytes = 0;
  };

  // Takes out what the next transaction is to have.
  void TakeBatch(size_t most, std::vector<Submission>* batch,
                 std::vector<Done>* dones);

  Outbox* const outbox_;
  Clock* const clock_;
  const Options options_;
  const std::function<void()> wake_;
  const std::function<void()> committed_;
  const std::function<void(absl::Status)> on_store_failure_;

  Mutex mu_;
  std::deque<Waiting> waiting_ ABSL_GUARDED_BY(mu_);
  size_t waiting_bytes_ ABSL_GUARDED_BY(mu_) = 0;
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_INTAKE_H_
