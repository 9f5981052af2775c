#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_ACCEPT_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_ACCEPT_H_

#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/sqlite_writer_state.h"
#include "server/outbox/submission.h"

namespace signalbox {

// Accepts reports into the database. The outbox calls it for
// Acceptance::Accept, with all submissions that share a transaction.

struct AcceptOptions {
  // How long after `now` a new pending becomes due.
  absl::Duration pending_settle;
  // A delivery that was accepted before this time counts as new if it arrives
  // again.
  absl::Time oldest_delivery;
  // When the submissions arrived.
  absl::Time now;
};

// Accepts submissions, one after the other, as Acceptance::Accept says. Returns
// one outcome for each. A refused submission stores no report, and its outcome
// has the error. Also forgets some deliveries that are older than
// `oldest_delivery`. Needs an open transaction of the writer. Errors stick to
// `connection` (see SqliteConnection); after one, outcomes are missing.
std::vector<Outcome> AcceptSubmissions(SqliteConnection* connection,
                                       SqliteWriterState* state,
                                       absl::Span<const Submission> submissions,
                                       const AcceptOptions& options);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_ACCEPT_H_
