#ifndef SIGNALBOX_SERVER_OUTBOX_UPKEEP_H_
#define SIGNALBOX_SERVER_OUTBOX_UPKEEP_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace signalbox {

// The work that time brings, in small batches, because reports wait for each.
//
// Every method is one transaction. OK means that the change is durable;
// outbox.h lists the errors.
//
// Thread-safe.
class Upkeep {
 public:
  virtual ~Upkeep() = default;

  // Replaces at most `limit` expired pendings by `error`, those that expired
  // first. Returns how many.
  virtual absl::StatusOr<int> ExpirePendings(absl::Time now, int limit) = 0;

  // Abandons at most `limit` entries of repositories that are no longer probed,
  // and returns how many. Also begins to abandon the entries of repositories
  // whose name GitHub has not given for a week.
  virtual absl::StatusOr<int> AbandonParked(absl::Time now, int limit) = 0;
  // A credential is stopped for this reason: abandons at most
  // `limit` entries that wait for it and were reported before `before`. Returns
  // how many.
  virtual absl::StatusOr<int> AbandonHeld(const std::string& credential,
                                          const std::string& reason,
                                          absl::Time before, absl::Time now,
                                          int limit) = 0;

  // Does a batch of the work that is too much for one transaction: commits that
  // move to another repository, entries that become due again or are abandoned.
  // True: it did a batch, and there may be another one.
  virtual absl::StatusOr<bool> DoChores(absl::Time now) = 0;

  // Moves the log of the newest commits into the database, unless changes wait.
  // If it is never called, a commit has to do that now and then, and the
  // reports of that commit wait for it.
  virtual absl::Status Checkpoint() = 0;

  // Deletes old commits, with everything that belongs to them, and history
  // older than `before`. A commit is kept while one of its entries is due, may
  // expire, or was reported, posted, abandoned or seen at GitHub since
  // `before`. Works in small batches of some hundred rows. True: there may be
  // more.
  virtual absl::StatusOr<bool> ForgetBefore(absl::Time before) = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_UPKEEP_H_
