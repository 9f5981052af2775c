#ifndef SIGNALBOX_SERVER_OUTBOX_HOUSEKEEPER_H_
#define SIGNALBOX_SERVER_OUTBOX_HOUSEKEEPER_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/wake_up.h"
#include "server/outbox/held_term.h"
#include "server/outbox/upkeep.h"

namespace signalbox {

// Housekeeper decides when the outbox does its regular work (Upkeep). It turns
// expired pendings into errors. It abandons statuses that GitHub will not take.
// It deletes old commits and history. It continues chores, and checkpoints
// while nothing is written. All of this happens in small batches with pauses
// between them, so that reports wait only briefly. It happens only while the
// process has the term (see terms.h).
//
// For ten minutes after a start, or after the wall clock has jumped by more
// than a minute, nothing expires: farms may have been unable to report, and get
// time to do so.
//
// Housekeeper starts no thread: a Worker or a simulation calls RunOnce.
//
// Only one thread at a time may call RunOnce.
class Housekeeper {
 public:
  // A credential that GitHub refuses, and the reason.
  struct StoppedCredential {
    std::string id;
    std::string reason;
  };

  struct Options {
    // The store deletes a commit after this long without a report, a post, an
    // abandonment or a new status at GitHub. After the same time the
    // housekeeper abandons statuses that wait for a stopped credential.
    absl::Duration retention = absl::Hours(90 * 24);
    // The credentials that are stopped. Empty: none is.
    std::function<std::vector<StoppedCredential>()> stopped_credentials =
        nullptr;
  };

  // All pointers are borrowed. Wakes `became_due`, the poster's, after an entry
  // may have become due.
  Housekeeper(Upkeep* outbox, HeldTerm* held_term, Clock* clock,
              Options options, WakeUp* became_due);

  // Does what is to be done now. Returns the wall time of the next call, 10 s
  // from now at the latest, since a new pending may expire earlier than all
  // others. absl::InfiniteFuture(): when the process has the term. If the store
  // fails, logs that and tries again in the next call.
  absl::Time RunOnce();

 private:
  // Begins ten minutes without expiry if the wall clock has jumped.
  void NoticeJump(const Moment& now);
  // False: there are more to expire at once.
  bool Expire(absl::Time now);
  // True: there may be more work, after a pause of 10 ms.
  bool DoChores(absl::Time now);
  // These return false if there are more to abandon.
  bool AbandonParked(absl::Time now);
  bool AbandonHeld(absl::Time now);
  // Does one batch of AbandonHeld and of deleting, and sets when to go on.
  void Forget(const Moment& now);
  // Logs an error, unless the term is over. Returns whether there was none.
  bool Worked(const absl::Status& status);

  Upkeep* const outbox_;
  HeldTerm* const held_term_;
  Clock* const clock_;
  const Options options_;
  WakeUp* const became_due_;

  Term term_;                   // Of the present call of RunOnce.
  Moment last_look_;            // The last call of NoticeJump.
  SteadyTime quiet_until_;      // Until then nothing expires.
  SteadyTime next_forgetting_;  // When to call Forget.
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_HOUSEKEEPER_H_
