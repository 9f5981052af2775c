#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_STORE_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_STORE_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/outbox/sqlite.h"

namespace signalbox {

// The data directory of an outbox: its lock, its database file and schema.
// Errors are those that sqlite_outbox.h names.

// Keeps other processes, and other outboxes of this one, off a directory.
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

// What an error of a connection means while the store is being opened: damage
// is DATA_LOSS then.
absl::Status OpenError(const absl::Status& status);

// The one connection that writes. The lock must be held. Creates the file and
// its schema if they are not there, refuses what is no database of ours, and
// makes sure that the settings on which durability rests have taken.
absl::StatusOr<std::unique_ptr<SqliteConnection>> OpenWriter(
    const std::string& data_dir);

// A connection that can only read. The writer must be open.
absl::StatusOr<std::unique_ptr<SqliteConnection>> OpenReader(
    const std::string& data_dir);

// RESOURCE_EXHAUSTED, reason DISK_FULL, when so little space is left that it
// must be kept for noting what becomes of the reports already accepted.
absl::Status CheckSpace(const std::string& data_dir);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_STORE_H_
