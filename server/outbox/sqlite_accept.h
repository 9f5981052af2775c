#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_ACCEPT_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_ACCEPT_H_

#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/sqlite_writer_state.h"
#include "server/outbox/submission.h"

namespace signalbox {

struct AcceptOptions {
  absl::Duration pending_settle;
  // Deliveries older than this are forgotten.
  absl::Time oldest_delivery;
  absl::Time now;
};

// Accepts submissions, one after the other, within the open transaction of
// `connection`, as Acceptance::Accept says. A refused submission stores no
// report. After an error of the connection, the result has too few outcomes.
std::vector<Outcome> AcceptSubmissions(SqliteConnection* connection,
                                       SqliteWriterState* state,
                                       absl::Span<const Submission> submissions,
                                       const AcceptOptions& options);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_ACCEPT_H_
