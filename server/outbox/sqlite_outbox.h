#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_OUTBOX_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_OUTBOX_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/outbox/naming.h"
#include "server/outbox/outbox.h"
#include "server/report/posting_limits.h"

namespace signalbox {

// The outbox in one SQLite file, `signalbox.db`, in its own directory.
//
// One connection writes and checkpoints (WAL, synchronous=FULL). Reads go
// through read-only connections and never wait for the writer. A lock on the
// directory keeps a second process out: SQLite before 3.51.3 can lose a commit
// when a second process checkpoints.
struct SqliteOutboxOptions {
  explicit SqliteOutboxOptions(const PostingLimits& limits) : limits(limits) {}

  // The poster's must be the same.
  PostingLimits limits;

  // Created with mode 0700 if it does not exist.
  std::string data_dir;

  // How long a pending waits after it first became due, so that a fast result
  // replaces it and saves a post.
  absl::Duration pending_settle = absl::Milliseconds(300);

  // The credential of a repository. Repositories with the same answer share a
  // credential, and no credential waits for another. Called under the store's
  // lock. Empty function: all repositories are in the credential "".
  std::function<std::string(const Repository&)> credential_of;

  // Whether a caller, given by name, may report a context (empty: any) of a
  // repository. The outbox asks in two cases: a caller reported by an old name
  // what another caller reported by the new name; or only the caller's own
  // deliveries say that its reports are about that repository. Must not block.
  // Empty function: everything is allowed.
  MayReport may_report;

  // How long the outbox remembers delivery ids and digests. GitHub redelivers
  // for 3 days, GHES for 7.
  absl::Duration delivery_memory = absl::Hours(8 * 24);

  // How many sequences ChangesAfter can go back. A change takes some hundred
  // bytes.
  int64_t changes_kept = 500'000;

  // The number of read-only connections, and so of reads at the same time.
  int readers = 4;

  // Called after every transaction that made status changes, outside the
  // store's lock. Several threads may call it at once. Must not block. May be
  // empty.
  std::function<void()> on_change;

  // Called for each damaged row after it was set aside: see sqlite_damage.h.
  // The method that met the row continues without an error. Called under the
  // store's lock. May be empty.
  std::function<void(const std::string& what)> on_damaged_row;

  // Called for every INTERNAL error once the outbox is open, before the method
  // returns it: the process must then end and recover. Several threads may call
  // it at once, outside the store's lock. May be empty.
  std::function<void(const absl::Status&)> on_failure;
};

// Opens or creates the outbox, recovers it, and assigns the credentials again.
// The term of a former process ends (see terms.h). Its leases become due again
// at their deadline, with an unknown end. Entries that were abandoned for lack
// of a credential become due if there is one now.
//
// Errors are one line and name the path. PERMISSION_DENIED or NOT_FOUND: the
// directory cannot be created or written. FAILED_PRECONDITION: another server
// uses it (reason DATA_DIR_IN_USE), or its schema is newer than this program
// (reason SCHEMA_TOO_NEW). DATA_LOSS: the file is damaged or is not a database
// of Signalbox. RESOURCE_EXHAUSTED: reason DISK_FULL.
absl::StatusOr<std::unique_ptr<Outbox>> OpenSqliteOutbox(
    SqliteOutboxOptions options);

// Checks that the database is intact, by reading all of it. No server may have
// it open. Errors as above; DATA_LOSS lists the damage.
absl::Status CheckSqliteOutbox(const std::string& data_dir);

// A quicker check, for use while the outbox is open: it reads the whole
// database on its own connection and delays no writer. DATA_LOSS lists the
// damage. It takes seconds for large databases. It ends soon with CANCELLED
// once `cancelled` returns true (empty: never).
absl::Status QuickCheckSqliteOutbox(const std::string& data_dir,
                                    std::function<bool()> cancelled = {});

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_OUTBOX_H_
