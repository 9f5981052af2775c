#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_DUE_TIMES_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_DUE_TIMES_H_

#include "absl/time/time.h"
#include "server/outbox/post_queue.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/sqlite_writer_state.h"

namespace signalbox {

// When something is to be posted next. The poster asks this to know which
// credentials have work, and how long it can sleep. Both functions need an open
// transaction; BringForward needs that of the writer. Errors stick to the
// connection (see SqliteConnection).

// What PostQueue::FindDueWork answers, read from the tables.
DueWork FindDueWork(SqliteConnection* connection, absl::Time now);
// Repairs times that the wall clock, which was set back, has moved into the
// future: see PostQueue::BringForward. `limit`: what is due later is repaired.
// True: there may be more.
bool BringForward(SqliteConnection* connection, SqliteWriterState* state,
                  absl::Time limit, absl::Time now, int most);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_DUE_TIMES_H_
