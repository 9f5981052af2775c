#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_RETENTION_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_RETENTION_H_

#include <cstdint>

#include "absl/time/time.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/sqlite_writer_state.h"

namespace signalbox {

// Implements Upkeep::ForgetOlderThan: deletes one batch of old commits, history
// and status changes, so that the database does not grow for ever. Status
// changes go once they are not among the newest `changes_kept` sequences. True:
// there may be more to delete. Needs an open transaction of the writer. Errors
// stick to `connection` (see SqliteConnection).
bool ForgetBefore(SqliteConnection* connection, SqliteWriterState* state,
                  absl::Time before, int64_t changes_kept);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_RETENTION_H_
