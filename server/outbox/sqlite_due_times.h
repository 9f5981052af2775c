#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_DUE_TIMES_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_DUE_TIMES_H_

#include <vector>

#include "absl/time/time.h"
#include "server/outbox/lease.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/sqlite_writer_state.h"

namespace signalbox {

// When something is to be posted next. The poster asks this to know which
// credentials have work, and how long it can sleep. These functions implement
// DueCredentials, NextDueIn and BringForward of PostQueue, with times in place
// of durations. All need an open transaction; BringForward needs that of the
// writer. Errors stick to the connection (see SqliteConnection).

// The credentials with an entry or a probe that is due at `now`, sorted.
std::vector<DueCredential> DueCredentials(SqliteConnection* connection,
                                          absl::Time now);
// When the next entry or probe becomes due, later than `now`;
// absl::InfiniteFuture(): none will. Does not look at questions about names.
absl::Time NextDueTime(SqliteConnection* connection, absl::Time now);
// Repairs times that the wall clock, which was set back, has moved into the
// future: see PostQueue::BringForward. `limit`: what is due later is repaired.
// True: there may be more.
bool BringForward(SqliteConnection* connection, SqliteWriterState* state,
                  absl::Time limit, absl::Time now, int most);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_DUE_TIMES_H_
