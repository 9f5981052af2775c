#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_RETENTION_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_RETENTION_H_

#include "absl/time/time.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/sqlite_accept.h"

namespace signalbox {

// Implements Upkeep::ForgetBefore within the open transaction of `connection`.
// Keeps the changes of at most the newest `changes_kept` sequences.
bool ForgetBefore(SqliteConnection* connection, SqliteWriterState* state,
                  absl::Time before, int64_t changes_kept);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_RETENTION_H_
