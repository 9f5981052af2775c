#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_READERS_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_READERS_H_

#include <memory>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "common/mutex.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/sqlite_writer.h"

namespace signalbox {

// SqliteReaders makes all reads of the store, on connections that only read. A
// read waits for a free connection and, if it must find every report, until the
// journal is folded (see SqliteWriter).
//
// Thread-safe.
class SqliteReaders {
 public:
  // Reads rows. It may run twice, so it must assign its results instead of
  // adding to them. Must not block or throw.
  using Look = absl::FunctionRef<void(SqliteConnection*)>;

  // `writer` is borrowed, to fold the journal and to repair damaged rows.
  SqliteReaders(std::vector<std::unique_ptr<SqliteConnection>> connections,
                SqliteWriter* writer);

  // Runs `look` on one unchanging view of the data, and returns the error that
  // sticks to its connection, or OK. If `look` meets a damaged row, the writer
  // sets the row aside, and `look` runs again.
  absl::Status Read(Look look);
  // The same without folding, for tables that reports do not change. So it
  // never waits for a change.
  absl::Status ReadUnfolded(Look look);

 private:
  // Runs `look` once. `may_repair`: whether it met a damaged row.
  absl::Status TryToRead(Look look, bool* may_repair);

  // Take waits until a connection is free. Return frees it.
  std::unique_ptr<SqliteConnection> Take();
  void Return(std::unique_ptr<SqliteConnection> connection);

  SqliteWriter* const writer_;

  Mutex mu_;
  CondVar returned_;
  std::vector<std::unique_ptr<SqliteConnection>> idle_ ABSL_GUARDED_BY(mu_);
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_READERS_H_
