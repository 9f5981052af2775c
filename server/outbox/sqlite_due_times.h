#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_DUE_TIMES_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_DUE_TIMES_H_

#include <vector>

#include "absl/time/time.h"
#include "server/outbox/lease.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/sqlite_writer_state.h"

namespace signalbox {

// These functions implement the methods of PostQueue that look for what is due
// or repair due times. They need an open transaction. BringForward needs that
// of the writer.
std::vector<DueCredential> DueCredentials(SqliteConnection* connection,
                                          absl::Time now);
absl::Time NextDueTime(SqliteConnection* connection, absl::Time now);
bool BringForward(SqliteConnection* connection, SqliteWriterState* state,
                  absl::Time limit, absl::Time now, int most);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_DUE_TIMES_H_
