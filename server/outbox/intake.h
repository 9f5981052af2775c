#ifndef SIGNALBOX_SERVER_OUTBOX_INTAKE_H_
#define SIGNALBOX_SERVER_OUTBOX_INTAKE_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/mutex.h"
#include "server/base/clock.h"
#include "server/base/wake_up.h"
#include "server/outbox/acceptance.h"
#include "server/outbox/submission.h"

namespace signalbox {

// Intake puts the submissions of all callers into the outbox. A commit to disk
// takes long, so many submissions share one (group commit): those that arrive
// during a commit form the next transaction. No caller gets an answer before
// its transaction is durable.
//
// Intake starts no thread: a Worker or a simulation calls RunOnce.
//
// Thread-safe; only one thread at a time may call RunOnce.
class Intake {
 public:
  // The caller's function. Intake calls it exactly once for every submission,
  // with its outcome or with an error. RunOnce calls it with what the store
  // answered; Submit or the destructor calls it for a refused submission, and
  // AnswerOverdue for one that waits too long. Must not block or throw.
  using Done = std::function<void(absl::StatusOr<Outcome>)>;

  struct Options {
    // The limits of one transaction: submissions, and reports of all of them
    // together. One submission alone may have more reports. Larger transactions
    // do not commit faster, and other callers wait for them.
    size_t max_batch = 256;
    size_t max_batch_reports = 1024;
    // The limits of the queue. A submission beyond them is refused with
    // UNAVAILABLE, reason INTAKE_FULL: the disk does not keep up, and the
    // caller repeats.
    size_t max_waiting = 16384;
    size_t max_waiting_bytes = size_t{64} << 20;
  };

  // All pointers are borrowed. Submit wakes `wake_up`, so that RunOnce is
  // called. RunOnce wakes `became_due`, the poster's, if an entry may have
  // become due sooner, before the callers get their answers.
  Intake(Acceptance* outbox, Clock* clock, Options options, WakeUp* wake_up,
         WakeUp* became_due)
      : outbox_(outbox),
        clock_(clock),
        options_(options),
        wake_up_(wake_up),
        became_due_(became_due) {}

  // Refuses the submissions that still wait, with the error of Close.
  ~Intake();

  // kNone: AnswerOverdue leaves the submission to RunOnce.
  enum class Deadline { kSome, kNone };

  // Puts a submission into the queue. Never blocks. `done` may run before this
  // returns.
  void Submit(Submission submission, Done done,
              Deadline deadline = Deadline::kSome);

  // Commits all waiting submissions. In the next quiet moment it tidies up
  // after them (Acceptance::TidyUp). Returns when to call it again:
  // absl::InfiniteFuture() means after `wake_up` only.
  absl::Time RunOnce();

  // The disk hangs: answers the submissions with a deadline that arrived at
  // least `longest` ago, with `error`. They are committed all the same once the
  // disk works. Another thread than RunOnce's calls this, since RunOnce may be
  // blocked.
  void AnswerOverdue(absl::Duration longest, const absl::Status& error);

  // From now on Submit refuses with UNAVAILABLE, reason SHUTTING_DOWN. The next
  // RunOnce still commits those that wait.
  void Close();

 private:
  struct Caller {
    Done done;  // Empty: AnswerOverdue has answered.
    // InfiniteFuture: AnswerOverdue does not answer.
    SteadyTime arrived;
  };

  // The submissions of one transaction and, in the same order, their callers.
  struct Batch {
    std::vector<Submission> submissions;
    std::vector<Caller> callers;
    size_t reports = 0;
    size_t bytes = 0;  // Roughly, in memory.
  };

  // Call it when the queue is empty. Returns what RunOnce returns.
  absl::Time TidyUp();

  // Takes the next batch out of the queue; its callers are in `committing_`
  // from then on.
  std::vector<Submission> TakeBatch();
  std::vector<Caller> TakeCommitting();

  Acceptance* const outbox_;
  Clock* const clock_;
  const Options options_;
  WakeUp* const wake_up_;
  WakeUp* const became_due_;

  // When to tidy up. Only RunOnce uses it.
  absl::Time tidy_time_ = absl::InfiniteFuture();

  Mutex mu_;
  std::deque<Batch> waiting_ ABSL_GUARDED_BY(mu_);
  size_t waiting_count_ ABSL_GUARDED_BY(mu_) = 0;  // Submissions.
  size_t waiting_bytes_ ABSL_GUARDED_BY(mu_) = 0;
  // The callers of the transaction under way.
  std::vector<Caller> committing_ ABSL_GUARDED_BY(mu_);
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_INTAKE_H_
