#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_ACCEPT_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_ACCEPT_H_

#include "absl/time/time.h"
#include "server/outbox/outbox.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/sqlite_writer_state.h"

namespace signalbox {

// Accepts one submission within the open transaction of `connection`, as
// Outbox::Accept says. A submission that is refused leaves no trace.
Outcome AcceptSubmission(SqliteConnection* connection, SqliteWriterState* state,
                         const Submission& submission,
                         absl::Duration pending_settle,
                         absl::Time oldest_delivery, absl::Time now);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_ACCEPT_H_
