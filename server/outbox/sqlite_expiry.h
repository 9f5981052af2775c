#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_EXPIRY_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_EXPIRY_H_

#include "absl/time/time.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/sqlite_accept.h"

namespace signalbox {

// These functions implement Outbox::ExpirePendings and Outbox::NextExpiry. Both
// need an open transaction; ExpirePendings needs that of the writer.
int ExpirePendings(SqliteConnection* connection, SqliteWriterState* state,
                   absl::Time now, int limit);
absl::Time NextExpiry(SqliteConnection* connection);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_EXPIRY_H_
