#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_STORE_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_STORE_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/outbox/sqlite.h"

namespace signalbox {

// The data directory of an outbox: its lock, its database file and its schema.
// sqlite_outbox.h lists the errors.

// Keeps other processes, and other outboxes of this process, out of a
// directory.
class DataDirLock {
 public:
  enum class IfMissing { kCreate, kFail };

  static absl::StatusOr<DataDirLock> Acquire(const std::string& data_dir,
                                             IfMissing if_missing);
  ~DataDirLock();

  DataDirLock(DataDirLock&& other) noexcept;
  DataDirLock& operator=(DataDirLock&& other) = delete;

 private:
  explicit DataDirLock(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;
};

// The error to return while the store is being opened: INTERNAL for damage
// becomes DATA_LOSS.
absl::Status OpenError(const absl::Status& status);

// Opens the one connection that writes. The lock must be held. Creates the file
// and its schema if they are missing, refuses a file that is no database of
// Signalbox, and checks that the settings for durability are in force.
absl::StatusOr<std::unique_ptr<SqliteConnection>> OpenWriter(
    const std::string& data_dir);

// Opens a read-only connection. The writer must be open.
absl::StatusOr<std::unique_ptr<SqliteConnection>> OpenReader(
    const std::string& data_dir);

// RESOURCE_EXHAUSTED, reason DISK_FULL, if the disk has little space left. The
// outbox keeps that space to record the posting of the reports that it has
// accepted.
absl::Status CheckSpace(const std::string& data_dir);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_STORE_H_
