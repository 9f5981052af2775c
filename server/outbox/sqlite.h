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
#include <tuple>
#include <type_traits>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/report/sha.h"
#include "server/report/status_key.h"

struct sqlite3;
struct sqlite3_stmt;

namespace signalbox {

// A connection to an SQLite file. The other files sqlite_*.cc of this folder
// use it, with SqliteTransaction and SqliteQuery below, instead of the C
// library.
//
// Errors stick to the connection: after the first failed statement, every
// further statement does nothing and finds no row, and the transaction's Commit
// returns that error. So the code within a transaction needs no error checks,
// and no decision from a failed read can become durable. The next transaction
// clears the error, unless a sync failed. After that, Linux may never write
// what was to be synced, also of earlier transactions (see
// SqliteTransaction::Kind::kRepeatable), although it can be read. A later sync
// would succeed nevertheless. So the error stays, and the log as it is, until
// WriteLogAgain of the next process.
//
// The message of an error is one line and names the file. The errors:
// - RESOURCE_EXHAUSTED, reason DISK_FULL.
// - UNAVAILABLE, reason STORE_BUSY: another program has locked the file, or the
//   process has no file descriptor left.
// - PERMISSION_DENIED, reason STORE_NOT_WRITABLE.
// - INTERNAL, reason STORE_DAMAGED: the file or a row is damaged.
// - INTERNAL, reason STORE_FAILED: anything else.
// - CANCELLED: see SetCancelled.
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

  // Opens the file with this path. Does not look at its content yet.
  static absl::StatusOr<std::unique_ptr<SqliteConnection>> Open(
      const std::string& path, Access access);

  // Its transactions and queries must have been destroyed before.
  ~SqliteConnection();

  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;

  // Runs SQL statements without parameters, and ignores the rows that they
  // return.
  void Run(const char* statements);

  // Each of these is one SqliteQuery, from its Bind to its end. Of `sql` and
  // `parameters` the same holds as there. A `Row` is a value that
  // SqliteQuery::Read can read, or a std::tuple of such values.
  //
  // Runs a statement that returns no rows.
  template <typename... Parameters>
  void Execute(const char* sql, const Parameters&... parameters);
  // Whether the statement returns a row.
  template <typename... Parameters>
  bool Finds(const char* sql, const Parameters&... parameters);
  // The first row. Nothing: the statement returns none.
  template <typename Row, typename... Parameters>
  std::optional<Row> First(const char* sql, const Parameters&... parameters);
  // All rows.
  template <typename Row, typename... Parameters>
  std::vector<Row> All(const char* sql, const Parameters&... parameters);

  // Row id of the last INSERT.
  int64_t LastInsertId() const;

  // How many rows the last INSERT, UPDATE or DELETE changed.
  int64_t ChangedRows() const;

  // Of the file, as given to Open.
  const std::string& path() const { return path_; }

  // Whether the file could be opened only for reading.
  bool ReadOnly() const;

  // Writes the write-ahead log once more, byte for byte, and syncs it, so that
  // every readable part of it is durable. Call it after opening a file that
  // another process may have left after a failed sync. False: there is no log.
  //
  // If the last connection to the file is closed before this call, the log
  // stays as it is. After this call, SQLite may then move the log into the
  // database and delete it.
  bool WriteLogAgain();

  // From now on, a commit that finds so many pages in the log moves them into
  // the database. If another program or a full disk prevents that, a later
  // commit tries again.
  void MoveLogAt(int pages);

  // From now on, statements call `cancelled` now and then, and at least once
  // for each page that they read from the database file (but not from the log),
  // and end with CANCELLED if it returns true. It may take its time. What it
  // refers to must outlive the connection's last statement. Call this once.
  void SetCancelled(std::function<bool()> cancelled);

  // The size of the write-ahead log in bytes; 0: there is none.
  int64_t LogSize() const;

  // Whether these numbers, read from the file, are possible counts: from 0 to
  // 2^62, so that adding to them cannot overflow. False: a row is damaged, and
  // the function has called NoteDamage.
  bool AreCounts(std::initializer_list<int64_t> numbers);

  // Call it after a read that found an impossible value, or no row where there
  // must be one. From then on the error INTERNAL, reason STORE_DAMAGED, sticks
  // (unless another one does already), with `what` in its message.
  void NoteDamage(absl::string_view what);

  // Whether the error that sticks may come from a damaged row, so that
  // RepairDamage may help: NoteDamage was called, a column had an impossible
  // value, or a change would have broken a rule of the schema. False for damage
  // that SQLite itself finds in the file.
  bool MayRepair() const { return may_repair_; }

  // The error that sticks, or OK.
  const absl::Status& status() const { return status_; }
  // Forgets that error, as the beginning of a transaction does (see above). For
  // statements outside of transactions.
  void ClearError();

 private:
  friend class SqliteQuery;
  friend class SqliteTransaction;
  struct WatchedFile;

  // Whether a commit waits for the disk, from the next transaction on. An error
  // sticks.
  void SetWaitsForDisk(bool waits);

  SqliteConnection(sqlite3* handle, std::string path);

  sqlite3_stmt* Prepare(const char* sql);
  void Fail(int code);
  // Asks `cancelled_`, and ends the statement under way if it returns true.
  void LookWhetherCancelled();
  // Whether another file, or none, has the path of the open file now.
  bool HasMoved() const;

  sqlite3* const handle_;
  const std::string path_;
  // By the address of the SQL constant.
  std::map<const char*, sqlite3_stmt*> prepared_;
  std::function<bool()> cancelled_;
  std::unique_ptr<WatchedFile> watched_file_;
  absl::Status status_;
  bool may_repair_ = false;
  bool waits_for_disk_ = true;
  bool sync_failed_ = false;
  int move_log_at_ = 0;
};

// A transaction that begins at construction. The destructor rolls it back
// unless Commit succeeded.
class SqliteTransaction {
 public:
  enum class Kind {
    kRead,   // One unchanging view of the data.
    kWrite,  // Takes the write lock at once.
    // As kWrite, but Commit does not wait for the disk. After a power cut the
    // transaction may be missing, together with all later ones. A later Commit
    // of kWrite makes it durable, too.
    kRepeatable,
  };

  // `connection` is borrowed. Clears its earlier error.
  SqliteTransaction(SqliteConnection* connection, Kind kind);
  ~SqliteTransaction();

  SqliteTransaction(const SqliteTransaction&) = delete;
  SqliteTransaction& operator=(const SqliteTransaction&) = delete;

  // OK: the whole transaction is durable (but see kRepeatable). Otherwise the
  // destructor rolls it back; but if the commit itself failed, a crash may
  // still make it visible. It is an error, too, if the file was moved or
  // deleted meanwhile.
  absl::Status Commit();

 private:
  SqliteConnection* const connection_;
  const Kind kind_;
  bool open_ = true;
};

// Bytes that are not text: a parameter for SqliteQuery::Bind (borrowed), and a
// column for SqliteQuery::Read.
struct SqliteBlob {
  absl::string_view bytes;
};
struct SqliteBytes {
  std::string bytes;
};

// Whether a value of this type has a text or bytes of its own, which end with
// it.
template <typename Value>
inline constexpr bool kHoldsBytes =
    !std::is_trivially_destructible_v<Value> || std::is_same_v<Value, Sha>;
template <typename Value>
inline constexpr bool kHoldsBytes<std::optional<Value>> = kHoldsBytes<Value>;
// Whether an argument of this type can be borrowed for longer than the call.
template <typename Value>
concept OutlivesCall =
    std::is_lvalue_reference_v<Value> || !kHoldsBytes<std::remove_cv_t<Value>>;

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

  // Sets all parameters of the statement, in order. Texts are borrowed until
  // the query is destroyed. Times are stored as microseconds since 1970,
  // durations as microseconds, enums and bools as numbers, and std::nullopt as
  // NULL. A Repository is three parameters: host, owner and name.
  //
  // A query with a name outlives temporary texts, so it does not take them.
  template <OutlivesCall... Values>
  SqliteQuery& Bind(Values&&... values) & {
    int index = 0;
    (BindNext(&index, values), ...);
    return *this;
  }
  template <typename... Values>
  SqliteQuery& Bind(const Values&... values) && {
    return Bind(values...);
  }

  // Goes to the next row; the first call to the first row. False after the last
  // row, and after an error.
  bool Next();

  // Runs a statement that returns no rows.
  void Run();

  // Reads the first columns of the row, in order. A std::optional is for a
  // column that can be NULL. A Sha is for bytes; it is empty if they are none,
  // which is no error. An int is a number from 0 on. An enum has the
  // numbers from 1 to LastOf(its type), a function beside the enum. If a column
  // has another value or type, a row is damaged: see NoteDamage. The variable
  // then gets a harmless value. A Repository is three columns: host, owner and
  // name. A std::tuple is a column for each of its values.
  template <typename... Values>
  void Read(Values*... values) const {
    int column = 0;
    (ReadNext(&column, values), ...);
  }

  // Whether the columns from `column` on (0: the first) hold these kinds of
  // values. A quick check of columns that are not read. `kinds` has one letter
  // for each column: t: a text; i: a number; c: a count (see AreCounts); n: an
  // int; w: a time from 1970 to 2255. A capital letter also allows NULL.
  bool Holds(int column, const char* kinds) const;

 private:
  // These take as many parameters or columns after `last`, or from `next` on,
  // as the value needs.
  template <typename Value>
  void BindNext(int* last, const Value& value) {
    BindOne(++*last, value);
  }
  void BindNext(int* last, const Repository& repository) {
    BindNext(last, repository.host);
    BindNext(last, repository.owner);
    BindNext(last, repository.name);
  }
  template <typename Value>
  void ReadNext(int* next, Value* value) const {
    ReadOne((*next)++, value);
  }
  void ReadNext(int* next, Repository* repository) const {
    ReadNext(next, &repository->host);
    ReadNext(next, &repository->owner);
    ReadNext(next, &repository->name);
  }
  template <typename... Values>
  void ReadNext(int* next, std::tuple<Values...>* row) const {
    std::apply([&](Values&... values) { (ReadNext(next, &values), ...); },
               *row);
  }

  void BindOne(int index, const char* value) = delete;  // It would be a bool.
  void BindOne(int index, std::nullopt_t);
  void BindOne(int index, int64_t value);
  void BindOne(int index, absl::string_view value);
  void BindOne(int index, const SqliteBlob& value);
  void BindOne(int index, const CanonicalName& value) {
    BindOne(index, value.text());
  }
  void BindOne(int index, const Sha& value) {
    BindOne(index, SqliteBlob{value.bytes()});
  }
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
  // The number in this column. If it is none from `least` to `most`, a row is
  // damaged, and the result is the allowed number that is nearest to 0.
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
  void ReadOne(int column, CanonicalName* value) const {
    *value =
        CanonicalName::OfStored(std::string(Bytes(column, /*is_text=*/true)));
  }
  void ReadOne(int column, Sha* value) const {
    *value = Sha::OfBytes(Bytes(column, /*is_text=*/false));
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

template <typename... Parameters>
void SqliteConnection::Execute(const char* sql,
                               const Parameters&... parameters) {
  SqliteQuery(this, sql).Bind(parameters...).Run();
}

template <typename... Parameters>
bool SqliteConnection::Finds(const char* sql, const Parameters&... parameters) {
  return SqliteQuery(this, sql).Bind(parameters...).Next();
}

template <typename Row, typename... Parameters>
std::optional<Row> SqliteConnection::First(const char* sql,
                                           const Parameters&... parameters) {
  SqliteQuery query(this, sql);
  std::optional<Row> row;
  if (query.Bind(parameters...).Next()) query.Read(&row.emplace());
  return row;
}

template <typename Row, typename... Parameters>
std::vector<Row> SqliteConnection::All(const char* sql,
                                       const Parameters&... parameters) {
  SqliteQuery query(this, sql);
  query.Bind(parameters...);
  std::vector<Row> rows;
  while (query.Next()) query.Read(&rows.emplace_back());
  return rows;
}

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_H_
