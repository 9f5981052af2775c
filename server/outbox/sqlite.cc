#include "server/outbox/sqlite.h"

#include <sqlite3.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/error.h"

namespace signalbox {
namespace {

// Whether a file could not grow. A failed sync is not such an error: after it,
// nobody knows which earlier writes reached the disk.
bool IsDiskFull(int code, int system_error) {
  if ((code & 0xff) == SQLITE_FULL) return true;
  if (code != SQLITE_IOERR_WRITE && code != SQLITE_IOERR_SHMSIZE &&
      code != SQLITE_IOERR_TRUNCATE) {
    return false;
  }
  return system_error == ENOSPC || system_error == EDQUOT;
}

absl::Status ErrorOf(int code, int system_error, absl::string_view path,
                     absl::string_view detail) {
  const std::string message =
      absl::StrCat("database ", Quoted(path, 512), ": ", detail, " (SQLite ",
                   sqlite3_errstr(code & 0xff), ", code ", code, ")");
  if (IsDiskFull(code, system_error)) {
    return Error(absl::StatusCode::kResourceExhausted, "DISK_FULL",
                 absl::StrCat(message,
                              "; the server stores nothing until its disk has "
                              "free space"));
  }
  const bool no_descriptor = (code & 0xff) == SQLITE_CANTOPEN &&
                             (system_error == EMFILE || system_error == ENFILE);
  if (no_descriptor) {
    return Error(absl::StatusCode::kUnavailable, "STORE_BUSY", message);
  }
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Error(absl::StatusCode::kUnavailable, "STORE_BUSY", message);
    case SQLITE_INTERRUPT:
      return Error(absl::StatusCode::kCancelled, "CANCELLED", message);
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
      return Error(absl::StatusCode::kPermissionDenied, "STORE_NOT_WRITABLE",
                   message);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Error(absl::StatusCode::kInternal, "STORE_DAMAGED", message);
    default:
      return Error(absl::StatusCode::kInternal, "STORE_FAILED", message);
  }
}

// How many virtual machine steps pass between two calls of `cancelled`.
constexpr int kStepsPerLook = 1000;

// The log is written again in pieces of this size. SQLite's file methods use
// only the lower 17 bits of a length, so a piece must be below 128 KiB.
constexpr sqlite3_int64 kLogPiece = 64 << 10;

// The file of the write-ahead log. Null: there is none.
sqlite3_file* LogOf(sqlite3* handle) {
  sqlite3_file* log = nullptr;
  const int code = sqlite3_file_control(
      handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, static_cast<void*>(&log));
  const bool has_log =
      code == SQLITE_OK && log != nullptr && log->pMethods != nullptr;
  return has_log ? log : nullptr;
}

constexpr char kBeginRead[] = "BEGIN DEFERRED";
constexpr char kBeginWrite[] = "BEGIN IMMEDIATE";
constexpr char kCommit[] = "COMMIT";
constexpr char kRollback[] = "ROLLBACK";

}  // namespace

// The methods of the database file, with one that looks before it reads.
struct SqliteConnection::WatchedFile {
  sqlite3_io_methods methods;  // First, because the file points to it.
  const sqlite3_io_methods* real;
  SqliteConnection* connection;

  static int Read(sqlite3_file* file, void* to, int length, sqlite3_int64 at) {
    const auto* const watched =
        reinterpret_cast<const WatchedFile*>(file->pMethods);
    watched->connection->LookWhetherCancelled();
    return watched->real->xRead(file, to, length, at);
  }
};

absl::StatusOr<std::unique_ptr<SqliteConnection>> SqliteConnection::Open(
    const std::string& path, Access access) {
  // The server never asks SQLite how much memory it uses, and counting takes a
  // lock at each allocation. If SQLite is in use already, it refuses this and
  // counts.
  [[maybe_unused]] static const int without_counting =
      sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  switch (access) {
    case Access::kCreate:
      flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
      break;
    case Access::kWrite:
      flags |= SQLITE_OPEN_READWRITE;
      break;
    case Access::kRead:
      flags |= SQLITE_OPEN_READONLY;
      break;
  }
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  if (code != SQLITE_OK) {
    const absl::Status status =
        ErrorOf(code, handle == nullptr ? 0 : sqlite3_system_errno(handle),
                path, "cannot be opened");
    sqlite3_close(handle);
    return status;
  }
  sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  return std::unique_ptr<SqliteConnection>(new SqliteConnection(handle, path));
}

SqliteConnection::SqliteConnection(sqlite3* handle, std::string path)
    : handle_(handle), path_(std::move(path)) {}

SqliteConnection::~SqliteConnection() {
  for (const auto& [sql, statement] : prepared_) sqlite3_finalize(statement);
  sqlite3_close(handle_);
}

void SqliteConnection::Run(const char* statements) {
  if (!status_.ok()) return;
  const int code = sqlite3_exec(handle_, statements, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) Fail(code);
}

void SqliteConnection::SetWaitsForDisk(bool waits) {
  if (waits == waits_for_disk_) return;
  Run(waits ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
  if (status_.ok()) waits_for_disk_ = waits;
}

int64_t SqliteConnection::LastInsertId() const {
  return sqlite3_last_insert_rowid(handle_);
}

int64_t SqliteConnection::ChangedRows() const {
  return sqlite3_changes64(handle_);
}

bool SqliteConnection::ReadOnly() const {
  return sqlite3_db_readonly(handle_, "main") == 1;
}

bool SqliteConnection::WriteLogAgain() {
  if (!status_.ok()) return false;
  sqlite3_file* const log = LogOf(handle_);
  sqlite3_int64 size = 0;
  int code = log == nullptr ? SQLITE_OK : log->pMethods->xFileSize(log, &size);
  std::string piece;
  for (sqlite3_int64 at = 0; code == SQLITE_OK && at < size;) {
    const auto length =
        static_cast<int>(std::min<sqlite3_int64>(size - at, kLogPiece));
    piece.resize(length);
    code = log->pMethods->xRead(log, piece.data(), length, at);
    if (code == SQLITE_OK) {
      code = log->pMethods->xWrite(log, piece.data(), length, at);
    }
    at += length;
  }
  if (code == SQLITE_OK && size > 0) {
    code = log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
  }
  if (code == SQLITE_OK) {
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
  } else {
    status_ = ErrorOf(code, 0, path_, "cannot rewrite its write-ahead log");
  }
  return size > 0;
}

// In place of PRAGMA wal_autocheckpoint, which hides failed syncs.
void SqliteConnection::MoveLogAt(int pages) {
  move_log_at_ = pages;
  sqlite3_wal_hook(
      handle_,
      [](void* self, sqlite3* handle, const char* database, int length) {
        auto* const connection = static_cast<SqliteConnection*>(self);
        if (length < connection->move_log_at_) return SQLITE_OK;
        const int code = sqlite3_wal_checkpoint_v2(
            handle, database, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
        if (code == SQLITE_IOERR_FSYNC) connection->Fail(code);
        return SQLITE_OK;
      },
      this);
}

// SQLite 3.40 checks all trees of a database in one step, and calls no
// progress handler meanwhile. But it reads each page through the file.
void SqliteConnection::SetCancelled(std::function<bool()> cancelled) {
  cancelled_ = std::move(cancelled);
  sqlite3_progress_handler(
      handle_, kStepsPerLook,
      [](void* self) {
        static_cast<SqliteConnection*>(self)->LookWhetherCancelled();
        return 0;
      },
      this);
  sqlite3_file* file = nullptr;
  sqlite3_file_control(handle_, "main", SQLITE_FCNTL_FILE_POINTER,
                       static_cast<void*>(&file));
  if (file == nullptr || file->pMethods == nullptr) return;
  watched_file_ = std::make_unique<WatchedFile>(
      WatchedFile{*file->pMethods, file->pMethods, this});
  watched_file_->methods.xRead = WatchedFile::Read;
  file->pMethods = &watched_file_->methods;
}

void SqliteConnection::LookWhetherCancelled() {
  if (cancelled_ && !cancelled_()) return;
  // Is not asked again.
  cancelled_ = nullptr;
  sqlite3_interrupt(handle_);
}

int64_t SqliteConnection::LogSize() const {
  sqlite3_file* const log = LogOf(handle_);
  sqlite3_int64 size = 0;
  if (log != nullptr) log->pMethods->xFileSize(log, &size);
  return size;
}

sqlite3_stmt* SqliteConnection::Prepare(const char* sql) {
  if (!status_.ok()) return nullptr;
  const auto [it, inserted] = prepared_.try_emplace(sql, nullptr);
  if (!inserted) return it->second;
  const int code = sqlite3_prepare_v3(
      handle_, sql, -1, SQLITE_PREPARE_PERSISTENT, &it->second, nullptr);
  if (code != SQLITE_OK) {
    prepared_.erase(it);
    Fail(code);
    return nullptr;
  }
  return it->second;
}

bool SqliteConnection::HasMoved() const {
  int moved = 0;
  return sqlite3_file_control(handle_, "main", SQLITE_FCNTL_HAS_MOVED,
                              &moved) == SQLITE_OK &&
         moved != 0;
}

bool SqliteConnection::AreCounts(std::initializer_list<int64_t> numbers) {
  constexpr int64_t kMost = int64_t{1} << 62;
  for (const int64_t number : numbers) {
    if (number >= 0 && number <= kMost) continue;
    NoteDamage(absl::StrCat("a row holds the impossible count ", number));
    return false;
  }
  return true;
}

void SqliteConnection::NoteDamage(absl::string_view what) {
  if (!status_.ok()) return;
  status_ = ErrorOf(SQLITE_CORRUPT, 0, path_, what);
  may_repair_ = true;
}

void SqliteConnection::ClearError() {
  if (sync_failed_) return;
  status_ = absl::OkStatus();
  may_repair_ = false;
}

void SqliteConnection::Fail(int code) {
  if (code == SQLITE_IOERR_FSYNC) {
    sync_failed_ = true;
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  }
  if (!status_.ok()) return;
  status_ = ErrorOf(code, sqlite3_system_errno(handle_), path_,
                    sqlite3_errmsg(handle_));
  may_repair_ = (code & 0xff) == SQLITE_CONSTRAINT;
}

SqliteTransaction::SqliteTransaction(SqliteConnection* connection, Kind kind)
    : connection_(connection), kind_(kind) {
  connection_->ClearError();
  // SQLite refuses this within a transaction.
  if (kind != Kind::kRead) connection_->SetWaitsForDisk(kind == Kind::kWrite);
  SqliteQuery(connection_, kind == Kind::kRead ? kBeginRead : kBeginWrite)
      .Run();
}

SqliteTransaction::~SqliteTransaction() {
  if (!open_ || sqlite3_get_autocommit(connection_->handle_) != 0) return;
  // Keeps the first error, but clears it for the rollback, which it would stop.
  const absl::Status status =
      std::exchange(connection_->status_, absl::OkStatus());
  SqliteQuery(connection_, kRollback).Run();
  connection_->status_ = status;
}

absl::Status SqliteTransaction::Commit() {
  if (kind_ != Kind::kRead && connection_->status().ok() &&
      connection_->HasMoved()) {
    connection_->status_ =
        ErrorOf(SQLITE_READONLY_DBMOVED, 0, connection_->path_,
                "the file was moved or deleted while it was open; put it back "
                "and start the server again");
  }
  SqliteQuery(connection_, kCommit).Run();
  if (connection_->status().ok()) open_ = false;
  return connection_->status();
}

SqliteQuery::SqliteQuery(SqliteConnection* connection, const char* sql)
    : connection_(connection), statement_(connection->Prepare(sql)) {}

SqliteQuery::~SqliteQuery() {
  if (statement_ != nullptr) sqlite3_reset(statement_);
}

bool SqliteQuery::Next() {
  if (!connection_->status_.ok()) return false;
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) connection_->Fail(code);
  return false;
}

void SqliteQuery::Run() {
  while (Next()) {
  }
}

// Without a statement, the functions of SQLite that bind only return an error.
void SqliteQuery::BindOne(int index, std::nullopt_t) {
  sqlite3_bind_null(statement_, index);
}

void SqliteQuery::BindOne(int index, int64_t value) {
  sqlite3_bind_int64(statement_, index, value);
}

void SqliteQuery::BindOne(int index, absl::string_view value) {
  // A null pointer would mean NULL.
  const char* const data = value.data() == nullptr ? "" : value.data();
  sqlite3_bind_text64(statement_, index, data, value.size(), SQLITE_STATIC,
                      SQLITE_UTF8);
}

void SqliteQuery::BindOne(int index, const SqliteBlob& value) {
  const char* const data =
      value.bytes.data() == nullptr ? "" : value.bytes.data();
  sqlite3_bind_blob64(statement_, index, data, value.bytes.size(),
                      SQLITE_STATIC);
}

void SqliteQuery::BindOne(int index, absl::Time value) {
  BindOne(index, absl::ToUnixMicros(value));
}

void SqliteQuery::BindOne(int index, absl::Duration value) {
  BindOne(index, absl::ToInt64Microseconds(value));
}

bool SqliteQuery::IsNull(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

int64_t SqliteQuery::Int(int column, int64_t least, int64_t most) const {
  const bool is_number =
      sqlite3_column_type(statement_, column) == SQLITE_INTEGER;
  const int64_t number =
      is_number ? sqlite3_column_int64(statement_, column) : 0;
  if (is_number && number >= least && number <= most) return number;
  connection_->NoteDamage(absl::StrCat(
      "column ", sqlite3_column_name(statement_, column), " of a row holds ",
      is_number ? absl::StrCat("the impossible value ", number) : "no number"));
  return std::clamp<int64_t>(0, least, most);
}

absl::string_view SqliteQuery::Bytes(int column, bool is_text) const {
  if (sqlite3_column_type(statement_, column) !=
      (is_text ? SQLITE_TEXT : SQLITE_BLOB)) {
    connection_->NoteDamage(
        absl::StrCat("column ", sqlite3_column_name(statement_, column),
                     " of a row holds no ", is_text ? "text" : "bytes"));
    return "";
  }
  const void* const data = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return absl::string_view(static_cast<const char*>(data),
                           data == nullptr ? 0 : static_cast<size_t>(size));
}

bool SqliteQuery::Holds(int column, const char* kinds) const {
  for (; *kinds != '\0'; ++kinds, ++column) {
    const int type = sqlite3_column_type(statement_, column);
    const char kind = absl::ascii_tolower(*kinds);
    if (type == SQLITE_NULL && kind != *kinds) continue;
    if (type != (kind == 't' ? SQLITE_TEXT : SQLITE_INTEGER)) return false;
    if (kind == 't' || kind == 'i') continue;
    const int64_t most = kind == 'c'   ? int64_t{1} << 62
                         : kind == 'n' ? std::numeric_limits<int>::max()
                                       : int64_t{1} << 53;
    const int64_t number = sqlite3_column_int64(statement_, column);
    if (number < 0 || number > most) return false;
  }
  return true;
}

void SqliteQuery::ReadOne(int column, absl::Time* value) const {
  const int64_t micros = Int(column);
  if (micros == std::numeric_limits<int64_t>::max()) {
    *value = absl::InfiniteFuture();
  } else if (micros == std::numeric_limits<int64_t>::min()) {
    *value = absl::InfinitePast();
  } else {
    *value = absl::FromUnixMicros(micros);
  }
}

}  // namespace signalbox
