#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_H_

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

struct sqlite3;
struct sqlite3_stmt;

namespace signalbox {

// SQLite for the .cc files of this folder: connections, transactions and
// prepared statements that close themselves.
//
// Errors stick to the connection: after the first failed statement, every
// further statement does nothing and finds no row, and the transaction's Commit
// returns that error. So the code between Begin and Commit needs no error
// checks, and no decision from a failed read can become durable.
//
// Errors: RESOURCE_EXHAUSTED, reason DISK_FULL; UNAVAILABLE, reason STORE_BUSY
// (locked, or no descriptor free); PERMISSION_DENIED, reason
// STORE_NOT_WRITABLE; INTERNAL, reason STORE_DAMAGED or STORE_FAILED. The
// message is one line and names the file.
//
// Only one thread at a time may use a connection and its transactions and
// queries.
class SqliteConnection {
 public:
  enum class Access {
    kCreate,  // Reads and writes; creates the file if it is missing.
    kWrite,   // Reads and writes.
    kRead,
  };

  static absl::StatusOr<std::unique_ptr<SqliteConnection>> Open(
      const std::string& path, Access access);

  // All of its transactions and queries must be gone.
  ~SqliteConnection();

  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;

  // Runs statements without parameters, and ignores their rows.
  void Run(const char* statements);

  // Row id of the last INSERT.
  int64_t LastInsertId() const;

  // How many rows the last INSERT, UPDATE or DELETE changed.
  int64_t ChangedRows() const;

  // Whether the file could be opened only for reading.
  bool ReadOnly() const;

  // Writes the write-ahead log once more, byte for byte, and syncs it, so that
  // every readable part of it is durable. Does nothing if there is no log.
  //
  // Until this call, closing the last connection leaves the log as it is. After
  // the call, it may bring the log into the database and delete it.
  void WriteLogAgain();

  // Long statements call `cancelled` now and then, and end with CANCELLED if it
  // returns true. It must outlive the connection's last statement.
  void SetCancelled(std::function<bool()> cancelled);

  // Whether these numbers are possible counts: from 0 to 2^62, so that counting
  // on cannot overflow. If not, the file is damaged, and this error sticks:
  // INTERNAL, reason STORE_DAMAGED.
  bool AreCounts(std::initializer_list<int64_t> numbers);

  // A row is missing or holds an impossible value: INTERNAL, reason
  // STORE_DAMAGED, sticks, unless another error does already.
  void NoteDamage(absl::string_view what);

  // Whether the error that sticks may come from a damaged row: an impossible
  // value was noted or read, or SQLite refused a change because of one. The
  // file itself is not damaged, and RepairDamage may help.
  bool MayRepair() const { return may_repair_; }

  // The error that sticks, or OK.
  const absl::Status& status() const { return status_; }

 private:
  friend class SqliteQuery;
  friend class SqliteTransaction;

  SqliteConnection(sqlite3* handle, std::string path);

  sqlite3_stmt* Prepare(const char* sql);
  void Fail(int code);
  // Whether the file's name now belongs to another file, or to none.
  bool HasMoved() const;

  sqlite3* const handle_;
  const std::string path_;
  // By the address of the SQL constant.
  std::map<const char*, sqlite3_stmt*> prepared_;
  std::function<bool()> cancelled_;
  absl::Status status_;
  bool may_repair_ = false;
};

// A transaction that begins at construction. The destructor rolls it back
// unless Commit succeeded.
class SqliteTransaction {
 public:
  enum class Kind {
    kRead,   // One unchanging view of the data.
    kWrite,  // Takes the write lock at once.
  };

  // `connection` is borrowed. Its earlier error is cleared.
  SqliteTransaction(SqliteConnection* connection, Kind kind);
  ~SqliteTransaction();

  SqliteTransaction(const SqliteTransaction&) = delete;
  SqliteTransaction& operator=(const SqliteTransaction&) = delete;

  // OK: the whole transaction is durable. Otherwise it is rolled back; if
  // COMMIT itself failed, a crash may still make it visible. It is an error,
  // too, if the file was moved or deleted meanwhile.
  absl::Status Commit();

 private:
  SqliteConnection* const connection_;
  const Kind kind_;
  bool open_ = true;
};

// Bytes that are not text, to bind.
struct SqliteBlob {
  absl::string_view bytes;
};
// Bytes that are not text, to read.
struct SqliteBytes {
  std::string bytes;
};
inline std::string BytesOf(const std::optional<SqliteBytes>& value) {
  return value.has_value() ? value->bytes : std::string();
}

// One use of a prepared statement. The connection keeps the statement for the
// next use.
class SqliteQuery {
 public:
  // `sql` is a constant that is never destroyed. Only one SqliteQuery per
  // constant may exist at a time.
  SqliteQuery(SqliteConnection* connection, const char* sql);
  ~SqliteQuery();

  SqliteQuery(const SqliteQuery&) = delete;
  SqliteQuery& operator=(const SqliteQuery&) = delete;

  // Sets all parameters in order, in one call. Texts are borrowed until the
  // query is destroyed. Times are stored as microseconds since 1970, durations
  // as microseconds.
  template <typename... Values>
  SqliteQuery& Bind(const Values&... values) {
    int index = 0;
    (BindOne(++index, values), ...);
    return *this;
  }

  // Goes to the next row. False after the last row, and after an error.
  bool Next();

  // For statements that return no rows.
  void Run();

  // Reads the columns of the row in order. An int is a count. The values of an
  // enum begin at 1 and end at that of LastOf, a function beside the enum. A
  // column with another value, or another type, is damage (see NoteDamage): the
  // schema forbids it.
  template <typename... Values>
  void Read(Values*... values) const {
    int column = 0;
    (ReadOne(column++, values), ...);
  }

  // Whether the columns from this one on hold the kinds of values that these
  // letters stand for, one letter each. Does not look inside texts. t: a text;
  // i: a number; c: a count (see AreCounts); n: an int; w: a time from 1970 to
  // 2255. Capital letters: or NULL.
  bool Holds(int column, const char* kinds) const;

 private:
  void BindOne(int index, const char* value) = delete;  // It would be a bool.
  void BindOne(int index, std::nullopt_t);
  void BindOne(int index, int64_t value);
  void BindOne(int index, absl::string_view value);
  void BindOne(int index, const SqliteBlob& value);
  void BindOne(int index, absl::Time value);
  void BindOne(int index, absl::Duration value);
  void BindOne(int index, int value) {
    BindOne(index, static_cast<int64_t>(value));
  }
  void BindOne(int index, bool value) {
    BindOne(index, static_cast<int64_t>(value));
  }
  void BindOne(int index, const std::string& value) {
    BindOne(index, absl::string_view(value));
  }
  template <typename Enum, std::enable_if_t<std::is_enum_v<Enum>, int> = 0>
  void BindOne(int index, Enum value) {
    BindOne(index, static_cast<int64_t>(value));
  }
  template <typename Value>
  void BindOne(int index, const std::optional<Value>& value) {
    if (value.has_value()) {
      BindOne(index, *value);
    } else {
      BindOne(index, std::nullopt);
    }
  }

  bool IsNull(int column) const;
  // A value that is not a number from `least` to `most` is damage; it reads as
  // the allowed number that is nearest to 0.
  int64_t Int(int column, int64_t least = std::numeric_limits<int64_t>::min(),
              int64_t most = std::numeric_limits<int64_t>::max()) const;
  absl::string_view Bytes(int column, bool is_text) const;

  void ReadOne(int column, int64_t* value) const { *value = Int(column); }
  void ReadOne(int column, int* value) const {
    *value = static_cast<int>(Int(column, 0, std::numeric_limits<int>::max()));
  }
  void ReadOne(int column, bool* value) const {
    *value = Int(column, 0, 1) != 0;
  }
  void ReadOne(int column, std::string* value) const {
    *value = std::string(Bytes(column, /*is_text=*/true));
  }
  void ReadOne(int column, SqliteBytes* value) const {
    value->bytes = std::string(Bytes(column, /*is_text=*/false));
  }
  void ReadOne(int column, absl::Time* value) const;
  template <typename Enum, std::enable_if_t<std::is_enum_v<Enum>, int> = 0>
  void ReadOne(int column, Enum* value) const {
    *value =
        static_cast<Enum>(Int(column, 1, static_cast<int64_t>(LastOf(Enum()))));
  }
  template <typename Value>
  void ReadOne(int column, std::optional<Value>* value) const {
    if (IsNull(column)) {
      value->reset();
    } else {
      ReadOne(column, &value->emplace());
    }
  }

  SqliteConnection* const connection_;
  sqlite3_stmt* const statement_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_H_
