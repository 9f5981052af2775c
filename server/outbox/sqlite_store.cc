#include "server/outbox/sqlite_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/error.h"
#include "server/outbox/sqlite_outbox.h"
#include "server/outbox/sqlite_schema.h"

namespace signalbox {
namespace {

// Enough to record tries while the disk is full, and for a checkpoint.
constexpr uint64_t kSpaceKept = 16 << 20;
constexpr size_t kMostFindings = 20;
// How often the check looks at the log, in looks whether it is cancelled.
constexpr int kLooksPerLog = 64;

std::string DatabasePath(const std::string& data_dir) {
  return absl::StrCat(data_dir, "/signalbox.db");
}

absl::Status SystemError(int error, absl::string_view message) {
  const absl::Status named = absl::ErrnoToStatus(error, message);
  const absl::string_view text = named.message();
  switch (error) {
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::PermissionDeniedError(text);
    case ENOSPC:
    case EDQUOT:
      return Error(absl::StatusCode::kResourceExhausted, "DISK_FULL", text);
    case ENOENT:
    case ENOTDIR:
      return absl::NotFoundError(text);
    default:
      return absl::InternalError(text);
  }
}

// A new file is durable only after its directory is synced.
absl::Status SyncDirectory(const std::string& path) {
  const int directory = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return absl::OkStatus();  // Perhaps not readable.
  const int failed = fsync(directory);
  const int error = errno;
  close(directory);
  if (failed == 0 || error == EINVAL) return absl::OkStatus();
  return SystemError(error, absl::StrCat("directory ", Quoted(path, 512),
                                         ": cannot sync it to disk"));
}

absl::Status CreateDirectory(const std::string& path) {
  if (mkdir(path.c_str(), 0700) == 0)
    return SyncDirectory(absl::StrCat(path, "/.."));
  const int error = errno;
  struct stat found;
  if (error == EEXIST && stat(path.c_str(), &found) == 0) {
    if (S_ISDIR(found.st_mode)) return absl::OkStatus();
    return absl::NotFoundError(absl::StrCat(
        "data directory ", Quoted(path, 512), ": is not a directory"));
  }
  return SystemError(error, absl::StrCat("data directory ", Quoted(path, 512),
                                         ": cannot be created"));
}

absl::Status Alien(absl::string_view path, absl::string_view what) {
  return Error(absl::StatusCode::kDataLoss, "STORE_DAMAGED",
               absl::StrCat("database ", Quoted(path, 512), ": ", what));
}

int64_t Number(SqliteConnection* connection, const char* sql) {
  return connection->First<int64_t>(sql).value_or(0);
}

constexpr char kCountTables[] =
    "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table'";
constexpr char kGetApplicationId[] = "PRAGMA application_id";
constexpr char kGetSchemaVersion[] =
    "SELECT value FROM meta WHERE name = 'schema_version'";

// The mark of an orderly close is the epoch of that time, which every process
// that opens the store changes: also an older one, which leaves the mark.
constexpr char kPutMark[] =
    "INSERT OR REPLACE INTO meta (name, value) "
    "SELECT 'orderly_close_epoch', epoch FROM term WHERE name = 'work'";
constexpr char kCountMarks[] =
    "SELECT COUNT(*) FROM meta AS m JOIN term AS t ON t.name = 'work' "
    "AND t.epoch = m.value WHERE m.name = 'orderly_close_epoch'";
constexpr char kDropMark[] =
    "DELETE FROM meta WHERE name = 'orderly_close_epoch'";

// The version of a file's schema; 0: the file is empty.
using SchemaVersion = int64_t;

// Looks at the file without changing it.
absl::StatusOr<SchemaVersion> Examine(SqliteConnection* connection,
                                      const std::string& path) {
  SqliteTransaction transaction(connection, SqliteTransaction::Kind::kRead);
  const int64_t tables = Number(connection, kCountTables);
  const int64_t application = Number(connection, kGetApplicationId);
  if (!connection->status().ok()) return OpenError(connection->status());
  if (tables == 0 && application == 0) return 0;
  if (application != kApplicationId) {
    return Alien(path,
                 absl::StrCat("another program made it (application_id ",
                              application, ", wanted ", kApplicationId, ")"));
  }
  const int64_t version = Number(connection, kGetSchemaVersion);
  if (!connection->status().ok()) {
    return Alien(path, connection->status().message());
  }
  if (version > kSchemaVersion) {
    return Error(
        absl::StatusCode::kFailedPrecondition, "SCHEMA_TOO_NEW",
        absl::StrCat("database ", Quoted(path, 512),
                     ": a newer program upgraded it (schema ", version,
                     ", and this program knows schemas up to ", kSchemaVersion,
                     "); run a newer signalbox-server"));
  }
  if (version < 1) {
    return Alien(path, absl::StrCat("its schema version is ", version,
                                    ", wanted 1 to ", kSchemaVersion));
  }
  return version;
}

// Applies the settings that make the store durable and safe, and reads them
// back: SQLite ignores a setting that it cannot apply.
absl::Status Configure(SqliteConnection* connection, const std::string& path) {
  const std::string mode =
      connection->First<std::string>("PRAGMA journal_mode = WAL").value_or("");
  connection->Run(
      "PRAGMA synchronous = FULL;"
      "PRAGMA foreign_keys = ON;"
      "PRAGMA locking_mode = NORMAL;"
      "PRAGMA trusted_schema = OFF;"
      "PRAGMA temp_store = MEMORY;"
      // 32 MiB.
      "PRAGMA cache_size = -32768");
  // A commit moves the log into the database at 64 MiB, if the housekeeper
  // finds no quiet moment before. Pages that many commits change are then
  // written to the database once.
  connection->MoveLogAt(16384);
  const int64_t limit =
      Number(connection, "PRAGMA journal_size_limit = 67108864");
  const int64_t timeout = Number(connection, "PRAGMA busy_timeout = 2000");
  const int64_t mmap = Number(connection, "PRAGMA mmap_size = 0");
  const int64_t synchronous = Number(connection, "PRAGMA synchronous");
  const int64_t foreign_keys = Number(connection, "PRAGMA foreign_keys");
  if (!connection->status().ok()) return OpenError(connection->status());
  constexpr int64_t kFull = 2;
  if (mode != "wal" || synchronous != kFull || foreign_keys != 1 ||
      limit != 67108864 || timeout != 2000 || mmap != 0) {
    return Error(
        absl::StatusCode::kInternal, "STORE_FAILED",
        absl::StrCat("database ", Quoted(path, 512),
                     ": SQLite did not apply the settings journal_mode=wal "
                     "synchronous=2 foreign_keys=1 journal_size_limit=67108864 "
                     "busy_timeout=2000 mmap_size=0, but has journal_mode=",
                     mode, " synchronous=", synchronous, " foreign_keys=",
                     foreign_keys, " journal_size_limit=", limit,
                     " busy_timeout=", timeout, " mmap_size=", mmap));
  }
  return absl::OkStatus();
}

// If a sync failed in an earlier process, the unsynced part of the log can
// still be read, but Linux never writes it to the disk. After a power cut the
// log would end before it. Commits that were acknowledged on top of it would be
// lost, or half in the database. So the log is written again before anything
// else: any part of it that survives then agrees with the database. The write
// lock keeps other programs from writing.
//
// The mark of an orderly close then goes first. It does not count beside a log:
// closing in order deletes the log, so somebody has written since, or a log of
// another time lies beside the database.
absl::Status MakeLogDurable(SqliteConnection* connection, SchemaVersion version,
                            bool* is_sound) {
  SqliteTransaction transaction(connection, SqliteTransaction::Kind::kWrite);
  const bool had_log = connection->WriteLogAgain();
  const bool has_mark =
      version == kSchemaVersion && Number(connection, kCountMarks) > 0;
  *is_sound = !had_log && (version == 0 || has_mark);
  if (version > 0) connection->Execute(kDropMark);
  return transaction.Commit();
}

// Begins a new log, so that the next start has little to write again.
absl::Status BeginNewLog(SqliteConnection* connection) {
  const bool was_busy =
      connection->First<bool>("PRAGMA wal_checkpoint(TRUNCATE)")
          .value_or(false);
  if (connection->status().ok() && was_busy) {
    return Error(absl::StatusCode::kUnavailable, "STORE_BUSY",
                 absl::StrCat("database ", Quoted(connection->path(), 512),
                              ": another program has it open; close it there, "
                              "and start the server again"));
  }
  return connection->status();
}

// An error with the findings of a check, whose rows are "ok" or findings.
absl::Status Findings(SqliteConnection* connection, const char* pragma,
                      const std::string& path) {
  std::vector<std::string> findings;
  SqliteQuery query(connection, pragma);
  while (findings.size() < kMostFindings && query.Next()) {
    std::string finding;
    query.Read(&finding);
    if (finding != "ok") findings.push_back(Quoted(finding, 256));
  }
  if (!connection->status().ok()) return OpenError(connection->status());
  if (findings.empty()) return absl::OkStatus();
  return Alien(path, absl::StrCat("SQLite found damage: ",
                                  absl::StrJoin(findings, ", ")));
}

}  // namespace

absl::StatusOr<DataDirLock> DataDirLock::Acquire(const std::string& data_dir,
                                                 IfMissing if_missing) {
  if (if_missing == IfMissing::kCreate) {
    const absl::Status created = CreateDirectory(data_dir);
    if (!created.ok()) return created;
  }
  const std::string path = absl::StrCat(data_dir, "/lock");
  const int descriptor =
      open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) {
    return SystemError(errno,
                       absl::StrCat("data directory ", Quoted(data_dir, 512),
                                    ": its lock file cannot be opened"));
  }
  DataDirLock lock(descriptor);
  if (flock(descriptor, LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno != EWOULDBLOCK) {
    return SystemError(errno,
                       absl::StrCat("data directory ", Quoted(data_dir, 512),
                                    ": cannot be locked"));
  }
  return Error(
      absl::StatusCode::kFailedPrecondition, "DATA_DIR_IN_USE",
      absl::StrCat("data directory ", Quoted(data_dir, 512),
                   ": another signalbox-server uses it; stop it, or give "
                   "this one another directory"));
}

DataDirLock::DataDirLock(DataDirLock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

DataDirLock::~DataDirLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

absl::Status OpenError(const absl::Status& status) {
  if (ReasonOf(status) != "STORE_DAMAGED") return status;
  return Error(
      absl::StatusCode::kDataLoss, "STORE_DAMAGED",
      absl::StrCat("the database is damaged, or the file is no database: ",
                   status.message()));
}

absl::StatusOr<std::unique_ptr<SqliteConnection>> OpenWriter(
    const std::string& data_dir, bool* is_sound) {
  const std::string path = DatabasePath(data_dir);
  auto opened = SqliteConnection::Open(path, SqliteConnection::Access::kCreate);
  if (!opened.ok()) return OpenError(opened.status());
  SqliteConnection* const connection = opened->get();
  if (connection->ReadOnly()) {
    return Error(absl::StatusCode::kPermissionDenied, "STORE_NOT_WRITABLE",
                 absl::StrCat("database ", Quoted(path, 512),
                              ": the server may not write to it"));
  }
  const absl::StatusOr<SchemaVersion> version = Examine(connection, path);
  if (!version.ok()) return version.status();
  const absl::Status configured = Configure(connection, path);
  if (!configured.ok()) return configured;
  const absl::Status durable = MakeLogDurable(connection, *version, is_sound);
  if (!durable.ok()) return OpenError(durable);
  const absl::Status made = *version == 0 ? CreateSchema(connection)
                                          : UpgradeSchema(connection, *version);
  if (!made.ok()) return OpenError(made);
  const absl::Status begun = BeginNewLog(connection);
  if (!begun.ok()) return OpenError(begun);
  // Makes durable which files were created and deleted.
  const absl::Status synced = SyncDirectory(data_dir);
  if (!synced.ok()) return synced;
  return opened;
}

absl::StatusOr<std::unique_ptr<SqliteConnection>> OpenReader(
    const std::string& data_dir) {
  auto opened = SqliteConnection::Open(DatabasePath(data_dir),
                                       SqliteConnection::Access::kRead);
  if (!opened.ok()) return OpenError(opened.status());
  (*opened)->Run(
      "PRAGMA query_only = ON;"
      "PRAGMA busy_timeout = 2000;"
      "PRAGMA mmap_size = 0;"
      "PRAGMA trusted_schema = OFF;"
      "PRAGMA temp_store = MEMORY;"
      // 4 MiB.
      "PRAGMA cache_size = -4096");
  if (!(*opened)->status().ok()) return OpenError((*opened)->status());
  return opened;
}

absl::Status LeaveMark(SqliteConnection* connection) {
  connection->ClearError();
  // The mark says that the database was written without an error, so that goes
  // first. Closing then has only the mark to write.
  const absl::Status written = BeginNewLog(connection);
  if (!written.ok()) return written;
  SqliteTransaction transaction(connection, SqliteTransaction::Kind::kWrite);
  connection->Execute(kPutMark);
  return transaction.Commit();
}

absl::Status CheckSpace(const std::string& data_dir) {
  struct statvfs space;
  // The next write meets the error and names it.
  if (statvfs(data_dir.c_str(), &space) != 0) return absl::OkStatus();
  const uint64_t all = uint64_t{space.f_blocks} * space.f_frsize;
  const uint64_t left = uint64_t{space.f_bavail} * space.f_frsize;
  // A file system that does not count its blocks says 0.
  const uint64_t wanted = std::min(kSpaceKept, all / 8);
  if (all == 0 || left >= wanted) return absl::OkStatus();
  return Error(absl::StatusCode::kResourceExhausted, "DISK_FULL",
               absl::StrCat("data directory ", Quoted(data_dir, 512),
                            ": its disk has ", left >> 10,
                            " KiB free, and the server refuses reports until ",
                            wanted >> 10, " KiB are free"));
}

absl::Status CheckSqliteOutbox(const std::string& data_dir) {
  const std::string path = DatabasePath(data_dir);
  struct stat found;
  if (stat(path.c_str(), &found) != 0) {
    return SystemError(errno, absl::StrCat("database ", Quoted(path, 512),
                                           ": cannot be found"));
  }
  const absl::StatusOr<DataDirLock> lock =
      DataDirLock::Acquire(data_dir, DataDirLock::IfMissing::kFail);
  if (!lock.ok()) return lock.status();
  const auto connection =
      SqliteConnection::Open(path, SqliteConnection::Access::kWrite);
  if (!connection.ok()) return OpenError(connection.status());
  const absl::StatusOr<SchemaVersion> version =
      Examine(connection->get(), path);
  if (!version.ok()) return version.status();
  return Findings(connection->get(), "PRAGMA integrity_check", path);
}

absl::Status QuickCheckSqliteOutbox(const std::string& data_dir,
                                    std::function<bool()> cancelled,
                                    int64_t long_log) {
  const std::string path = DatabasePath(data_dir);
  const auto opened = OpenReader(data_dir);
  if (!opened.ok()) return opened.status();
  SqliteConnection* const connection = opened->get();
  // Opens the log.
  Number(connection, kCountTables);
  if (!connection->status().ok()) return OpenError(connection->status());
  // The file of the log stays long for some commits after it was moved.
  const int64_t longest_log = std::max(long_log, connection->LogSize());
  int looks = 0;
  bool is_cancelled = false;
  bool is_in_the_way = false;
  connection->SetCancelled([&] {
    is_cancelled = cancelled && cancelled();
    if (++looks % kLooksPerLog == 0) {
      is_in_the_way =
          connection->LogSize() > longest_log || !CheckSpace(data_dir).ok();
    }
    return is_cancelled || is_in_the_way;
  });
  const absl::Status checked = Findings(connection, "PRAGMA quick_check", path);
  // What a check finds that was ended is not there.
  if (is_cancelled) {
    return Error(absl::StatusCode::kCancelled, "CANCELLED",
                 "the check was cancelled");
  }
  if (is_in_the_way) {
    return Error(absl::StatusCode::kUnavailable, "STORE_BUSY",
                 absl::StrCat("database ", Quoted(path, 512),
                              ": too much is written to check it, or the disk "
                              "is nearly full"));
  }
  return checked;
}

}  // namespace signalbox
