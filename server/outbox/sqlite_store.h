#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_STORE_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_STORE_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/outbox/sqlite.h"

namespace signalbox {

// The data directory of an outbox: its lock, its database file and the settings
// of its connections. sqlite_outbox.h lists the errors.

// A lock on a data directory. While it exists, no other process, and no other
// outbox of this process, can lock the directory. It ends with the object, or
// with the process.
class DataDirLock {
 public:
  enum class IfMissing { kCreate, kFail };

  // `if_missing`: whether to create the directory if it does not exist.
  // FAILED_PRECONDITION, reason DATA_DIR_IN_USE: it is locked already.
  static absl::StatusOr<DataDirLock> Acquire(const std::string& data_dir,
                                             IfMissing if_missing);
  ~DataDirLock();

  DataDirLock(DataDirLock&& other) noexcept;
  DataDirLock& operator=(DataDirLock&& other) = delete;

 private:
  explicit DataDirLock(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;  // Of the lock file; -1: moved to another object.
};

// The error to return while the store is being opened. Damage, which is
// INTERNAL on an open store, becomes DATA_LOSS, and the message says that the
// file may not be a database. Other errors stay as they are.
absl::Status OpenError(const absl::Status& status);

// Opens the one connection that makes changes. The caller must hold the lock.
// Creates the file and its tables if they are missing, upgrades older tables,
// refuses a file that is no database of Signalbox, and checks that the settings
// that make commits durable are in force.
//
// `is_sound` becomes true if the file is new, or if LeaveMark made the last
// change of it. OpenWriter takes that mark away before it writes anything else:
// durably, and in the database itself, so that a copy without its log has no
// mark either.
absl::StatusOr<std::unique_ptr<SqliteConnection>> OpenWriter(
    const std::string& data_dir, bool* is_sound);

// Marks the file as closed in order, so that the next OpenWriter finds it
// sound. Nothing may be written afterwards, and the connection must be the last
// one that is closed. After an error there is no mark.
absl::Status LeaveMark(SqliteConnection* connection);

// Opens a connection that only reads. OpenWriter must have succeeded before.
absl::StatusOr<std::unique_ptr<SqliteConnection>> OpenReader(
    const std::string& data_dir);

// RESOURCE_EXHAUSTED, reason DISK_FULL, if the disk has less than 16 MiB free
// (on a small disk: less than an eighth). Then no report may be accepted: the
// outbox needs that space to record the posting of the reports that it has
// accepted already.
absl::Status CheckSpace(const std::string& data_dir);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_STORE_H_
