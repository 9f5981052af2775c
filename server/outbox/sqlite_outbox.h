#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_OUTBOX_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_OUTBOX_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/outbox/outbox.h"

namespace signalbox {

// The outbox in one SQLite file, `signalbox.db` in a directory of its own.
//
// One connection writes and checkpoints (WAL, synchronous=FULL); reads go
// through read-only connections and never wait for the writer. A lock on the
// directory keeps a second process out: SQLite before 3.51.3 can lose a commit
// when a second process checkpoints.
struct SqliteOutboxOptions {
  // Created, with mode 0700, if it is not there.
  std::string data_dir;

  // How long a pending waits from when it first became due, so that a fast
  // result overtakes it and saves a post.
  absl::Duration pending_settle = absl::Milliseconds(300);

  // Who posts for a repository; every repository with the same answer is in
  // one lane, and no lane waits for another. Called under the store's lock.
  // Empty function: everything is in the lane "".
  std::function<std::string(const Repository&)> lane_of;

  // Whether a caller, by name, may report a context (empty: any) of a
  // repository: asked where what it reported by an old name meets what another
  // caller reported by the new one, and where only its deliveries say that what
  // it reported is about that repository. Must not block. Empty function:
  // everything is allowed.
  std::function<bool(const std::string& caller, const Repository& repository,
                     const std::string& context)>
      may_report;

  // How long delivery ids and digests are remembered. GitHub redelivers for 3
  // days, GHES for 7.
  absl::Duration delivery_memory = absl::Hours(8 * 24);

  // How many of the newest changes are kept for ChangesAfter, some hundred
  // bytes each.
  int64_t changes_kept = 500'000;

  // Connections that only read: so many callers read at a time.
  int readers = 4;

  // Told after every transaction that made changes, under the store's lock.
  // Must not block. Empty: nobody is told.
  std::function<void()> on_change;

  // Told of each row that held what cannot be there, after it was set aside:
  // see sqlite_damage.h. The method that met it goes on without an error.
  // Called as on_failure.
  std::function<void(const std::string& what)> on_damaged_row;

  // Told of every INTERNAL error once the outbox is open, before the method
  // returns it: whoever called it, the process must end and recover. May be
  // called by several threads at once, under the store's lock. Empty: nobody is
  // told.
  std::function<void(const absl::Status&)> on_failure;
};

// Opens or creates the outbox, recovers it, and assigns lanes anew. Leases of a
// former process become due again at their deadline, with an unknown end. What
// was abandoned because nobody could post for it becomes due if somebody can.
//
// Errors are one line and name the path: PERMISSION_DENIED or NOT_FOUND (the
// directory cannot be made or written), FAILED_PRECONDITION (another server
// runs on it, reason DATA_DIR_IN_USE; its schema is newer than this program,
// reason SCHEMA_TOO_NEW), DATA_LOSS (the file is damaged or is no database of
// ours), RESOURCE_EXHAUSTED (reason DISK_FULL).
absl::StatusOr<std::unique_ptr<Outbox>> OpenSqliteOutbox(
    SqliteOutboxOptions options);

// Reads the whole database of a directory that no server has open and checks
// that it is intact. Errors as above; DATA_LOSS lists what is damaged.
absl::Status CheckSqliteOutbox(const std::string& data_dir);

// The quicker check, for while the outbox is open: reads the whole database on
// a connection of its own and delays no writer. DATA_LOSS lists what is
// damaged. Takes seconds for large databases; ends soon, with CANCELLED, once
// `cancelled` returns true (empty: never).
absl::Status QuickCheckSqliteOutbox(const std::string& data_dir,
                                    std::function<bool()> cancelled = {});

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_OUTBOX_H_
