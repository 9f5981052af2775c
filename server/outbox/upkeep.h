#ifndef SIGNALBOX_SERVER_OUTBOX_UPKEEP_H_
#define SIGNALBOX_SERVER_OUTBOX_UPKEEP_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/outbox/terms.h"

namespace signalbox {

// Upkeep is the part of the outbox that Housekeeper calls regularly: it expires
// pendings, abandons what GitHub will not take, and deletes what is old. Every
// such call does a small batch, because reports wait while it runs. Upkeep also
// checks the file for damage (see file_check.h), which holds up nobody.
//
// Every method that changes rows is one transaction. OK means that the change
// is durable; outbox.h lists the errors. It changes them only in the newest
// term. FAILED_PRECONDITION, reason TERM_OVER: `term` is not the newest, and
// nothing has changed. (A method that finds nothing to do may return OK then.)
//
// Thread-safe.
class Upkeep {
 public:
  virtual ~Upkeep() = default;

  // Turns at most `limit` pendings whose expiry is over into errors of the
  // server, beginning with those that expired first. Returns how many; if that
  // is `limit`, there may be more.
  virtual absl::StatusOr<int> ExpirePendings(const Term& term, absl::Time now,
                                             int limit) = 0;

  // Abandons at most `limit` entries of parked repositories that the server no
  // longer probes (Parking::gives_up). Returns how many; if that is `limit`,
  // there may be more. Also adds chores that abandon the entries of
  // repositories whose name GitHub has not given for a week.
  virtual absl::StatusOr<int> AbandonParked(const Term& term, absl::Time now,
                                            int limit) = 0;
  // The credential is stopped for this reason. Abandons at most `limit` entries
  // that wait for it and were reported longer than `age` ago. Returns how many;
  // if that is `limit`, there may be more.
  virtual absl::StatusOr<int> AbandonHeld(const Term& term,
                                          const std::string& credential,
                                          const std::string& reason,
                                          absl::Duration age, absl::Time now,
                                          int limit) = 0;

  // Does a batch of a chore: of work that is too much for one transaction.
  // Chores move commits to another repository after a rename, make many entries
  // due again, or abandon them. True: it did a batch, and there may be another
  // one.
  virtual absl::StatusOr<bool> DoChores(const Term& term, absl::Time now) = 0;

  // Moves the store's log of its newest transactions into the database. Does
  // nothing while changes wait to be written. Without this call a transaction
  // has to do it now and then, and its reports wait for it.
  virtual absl::Status Checkpoint() = 0;

  // Whether the file may be damaged: the process before did not close it in
  // order, because it was killed, met damage or an error, or did not make a
  // check that was needed. A new file needs no check.
  virtual bool NeedsCheck() = 0;
  // Reads the whole file for damage, as SQLite's quick_check does. That takes
  // seconds if the file is large, and delays no other method. A file that needs
  // a check is only closed in order if it has passed this one.
  //
  // Calls `cancelled` at least once for each page that it reads from the file;
  // the function may pause. Ends with CANCELLED soon after it returned true.
  // DATA_LOSS lists the damage. UNAVAILABLE: so much is written meanwhile that
  // the log would grow too long, or the disk is nearly full.
  virtual absl::Status CheckFile(std::function<bool()> cancelled) = 0;

  // Deletes old commits with their entries, and history older than `age`; one
  // batch of some hundred rows. A commit is kept while one of its entries is
  // due, may expire, or was reported, posted, abandoned or seen at GitHub
  // within `age`. True: there may be more.
  virtual absl::StatusOr<bool> ForgetOlderThan(const Term& term,
                                               absl::Duration age,
                                               absl::Time now) = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_UPKEEP_H_
