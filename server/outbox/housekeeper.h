#ifndef SIGNALBOX_SERVER_OUTBOX_HOUSEKEEPER_H_
#define SIGNALBOX_SERVER_OUTBOX_HOUSEKEEPER_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/outbox/outbox.h"

namespace signalbox {

// Housekeeper does to the outbox what time asks for: pendings whose expiry has
// passed become errors, and what nobody has touched for long is forgotten, in
// small batches with pauses between them, so that reports never wait for it. It
// also has the outbox go on with what it does in batches.
//
// For ten minutes after a start, or after the wall clock has jumped by more
// than a minute, nothing expires: whoever was away or was set to another time
// gives the farms a chance to say that they are alive.
//
// It has no thread of its own: a Worker calls RunOnce, or a simulation does.
//
// RunOnce by one thread at a time.
class Housekeeper {
 public:
  // A lane whose credential GitHub refuses, and why.
  struct StoppedLane {
    std::string id;
    std::string reason;
  };

  struct Options {
    // The store deletes a commit after this long without a report, a post or an
    // abandonment. After the same time the housekeeper abandons statuses that
    // wait for a stopped credential.
    absl::Duration retention = absl::Hours(90 * 24);
    // Empty: none is stopped.
    std::function<std::vector<StoppedLane>()> stopped_lanes = nullptr;
  };

  // `outbox` and `clock` are borrowed. `committed` is called when something has
  // become due; `on_store_failure`, if there is one, when the store says
  // INTERNAL: the process must end and recover.
  Housekeeper(Outbox* outbox, Clock* clock, Options options,
              std::function<void()> committed,
              std::function<void(absl::Status)> on_store_failure = nullptr);

  // Does what is to be done now, and returns when it wants to be called again:
  // in 10 s at the latest, since a pending can be accepted meanwhile.
  absl::Time RunOnce();

 private:
  void NoticeJump(absl::Time wall, absl::Duration steady);
  // False: there is more, at once.
  bool Expire(absl::Time now);
  // True: there are more, at once.
  bool DoChores(absl::Time now);
  bool AbandonParked(absl::Time now);
  bool AbandonHeld(absl::Time now);
  void Forget(absl::Time now, absl::Duration steady);
  bool Worked(const absl::Status& status);

  Outbox* const outbox_;
  Clock* const clock_;
  const Options options_;
  const std::function<void()> committed_;
  const std::function<void(absl::Status)> on_store_failure_;

  // By Clock::Monotonic, as all that follows.
  absl::Duration quiet_until_;
  // Wall time less steady time: changes only when the wall clock is set.
  absl::Duration offset_;
  absl::Duration next_forgetting_;
  bool has_chores_ = false;  // As of the last look.
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_HOUSEKEEPER_H_
