#ifndef SIGNALBOX_SERVER_OUTBOX_HOUSEKEEPER_H_
#define SIGNALBOX_SERVER_OUTBOX_HOUSEKEEPER_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/wake_up.h"
#include "server/outbox/upkeep.h"

namespace signalbox {

// Housekeeper does the regular work in the outbox. It turns expired pendings
// into errors. It abandons statuses that GitHub will not take. It deletes old
// commits and history, in small batches with pauses between them, so that
// reports never wait for it. It makes the outbox continue the work that it does
// in batches (DoChores), and checkpoint while nothing is written.
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

  // All pointers are borrowed. Entries that became due wake `became_due`.
  Housekeeper(Upkeep* outbox, Clock* clock, Options options,
              WakeUp* became_due);

  // Does what is due now, and returns when to call it again: in 10 s at the
  // latest, since a new pending may expire earlier than all others.
  absl::Time RunOnce();

 private:
  void NoticeJump(absl::Time wall, absl::Duration steady);
  // False: there are more to expire at once.
  bool Expire(absl::Time now);
  // True: there may be more work, after a pause of 10 ms.
  bool DoChores(absl::Time now);
  // These return false if there are more to abandon.
  bool AbandonParked(absl::Time now);
  bool AbandonHeld(absl::Time now);
  void Forget(absl::Time now, absl::Duration steady);
  bool Worked(const absl::Status& status);

  Upkeep* const outbox_;
  Clock* const clock_;
  const Options options_;
  WakeUp* const became_due_;

  // These are times of Clock::Monotonic.
  absl::Duration quiet_until_;
  // Wall time minus steady time. It changes only when the wall clock is set.
  absl::Duration offset_;
  absl::Duration next_forgetting_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_HOUSEKEEPER_H_
