#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_EXPIRY_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_EXPIRY_H_

#include "absl/time/time.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/sqlite_writer_state.h"

namespace signalbox {

// Implements Upkeep::ExpirePendings: replaces at most `limit` pendings that
// expired by `now` by `error`, as reports of the server itself, and makes their
// entries due. Returns how many. Needs an open transaction of the writer.
// Errors stick to the connection (see SqliteConnection).
int ExpirePendings(SqliteConnection* connection, SqliteWriterState* state,
                   absl::Time now, int limit);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_EXPIRY_H_
