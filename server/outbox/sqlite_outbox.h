#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_OUTBOX_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_OUTBOX_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/outbox/history.h"
#include "server/outbox/naming.h"
#include "server/outbox/outbox.h"
#include "server/report/posting_limits.h"

namespace signalbox {

// The outbox in one SQLite file, `signalbox.db`, in a directory of its own. The
// server opens it at its start and keeps it open until its end.
//
// One connection makes all changes. Reads have connections of their own that
// only read. If the journal of reports (sqlite_journal.h) has rows, a read of
// commits, entries or history waits until the writer has brought these rows
// into the tables. SQLite writes changes to a log first and moves them into the
// database later (WAL, synchronous=FULL). A lock on the directory keeps other
// processes out: SQLite before 3.51.3 can lose a commit when a second process
// moves the log.
struct SqliteOutboxOptions {
  explicit SqliteOutboxOptions(const PostingLimits& limits) : limits(limits) {}

  // The poster's must be the same.
  PostingLimits limits;

  // The directory. Created with mode 0700 if it does not exist.
  std::string data_dir;

  // How long after its acceptance a pending becomes due. A result that arrives
  // before then replaces it, which saves a post.
  absl::Duration pending_settle = absl::Milliseconds(300);

  // Returns the id of the credential that posts for a repository; empty text:
  // no credential does. Called under the store's lock, so it must be fast.
  // Empty function: all repositories have the credential "".
  std::function<std::string(const Repository&)> credential_of;

  // Whether a caller, given by name, may report a context (empty: any) of a
  // repository. The outbox asks in two cases. First, one caller reported by an
  // old name what another caller reported by the new name. Second, only the
  // caller's own deliveries say that its reports are about that repository.
  // Must not block. Empty function: everything is allowed.
  MayReport may_report;

  // How long the outbox remembers the ids and digests of deliveries, to
  // recognise one that arrives again. GitHub redelivers for 3 days, GitHub
  // Enterprise Server for 7.
  absl::Duration delivery_memory = absl::Hours(8 * 24);

  // How many of the newest sequences Statuses::ChangesAfter offers. A status
  // change takes some hundred bytes.
  int64_t changes_kept = 500'000;

  // The number of read-only connections, and so of reads at the same time.
  // Further reads wait for one of them.
  int readers = 4;

  // Called after every transaction that made status changes, outside the
  // store's lock. Several threads may call it at once. Must not block. May be
  // empty.
  std::function<void()> on_change;

  // Called for each status that the outbox has abandoned by itself, after the
  // commit: AbandonParked, AbandonHeld and chores do it, at most some hundred
  // at a time. Called outside the store's lock. Several threads may call it at
  // once. May be empty.
  std::function<void(const AbandonedStatus&)> on_abandoned;

  // Called with a line about each damaged row, after the row was set aside (see
  // sqlite_damage.h). The method that met the row continues without an error.
  // Called under the store's lock. May be empty.
  std::function<void(const std::string& what)> on_damaged_row;

  // Called for every INTERNAL error of the open outbox, before the method
  // returns it. The process must then end, so that the next one recovers the
  // store. Several threads may call it at once, outside the store's lock. May
  // be empty.
  std::function<void(const absl::Status&)> on_failure;
};

// Opens the outbox, or creates it. First recovers what a former process left:
// - Its term ends (see terms.h).
// - Entries that it had taken out become due again at the ends of their leases.
//   How their tries ended is unknown, so they are read back.
// - Each repository gets the credential that `credential_of` gives now. Entries
//   that were abandoned for lack of a credential become due if there is one.
//
// Errors are one line and name the path:
// - PERMISSION_DENIED or NOT_FOUND: the directory or the database cannot be
//   created or written.
// - FAILED_PRECONDITION, reason DATA_DIR_IN_USE: another server uses the
//   directory. Reason SCHEMA_TOO_NEW: a newer program has upgraded the
//   database.
// - DATA_LOSS: the file is damaged, or is not a database of Signalbox.
// - RESOURCE_EXHAUSTED, reason DISK_FULL: the disk is full.
// - UNAVAILABLE, reason STORE_BUSY: another program has the database open.
// - INTERNAL: the operating system or SQLite failed in another way.
absl::StatusOr<std::unique_ptr<Outbox>> OpenSqliteOutbox(
    SqliteOutboxOptions options);

// Checks that the database is intact, by reading all of it. For
// `signalbox-server --check`; no server may have the database open. Errors as
// above; DATA_LOSS lists the damage.
absl::Status CheckSqliteOutbox(const std::string& data_dir);

// The check of Upkeep::CheckFile, which is quicker and less thorough. It reads
// the whole database on its own connection, while the outbox is open, and
// delays no writer. Until it ends, SQLite's log of changes only grows. So the
// check ends with UNAVAILABLE, reason STORE_BUSY, once the log has grown and is
// longer than `long_log` bytes, or the disk is nearly full. `cancelled` and the
// other errors are those of Upkeep::CheckFile; empty function: never.
absl::Status QuickCheckSqliteOutbox(const std::string& data_dir,
                                    std::function<bool()> cancelled = {},
                                    int64_t long_log = 256 << 20);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_OUTBOX_H_
