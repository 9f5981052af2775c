#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_EVENTS_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_EVENTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/outbox/recovery_notes.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/sqlite_writer_state.h"
#include "server/outbox/submission.h"

namespace signalbox {

// Events, reruns and named times in the database. An event is a webhook about a
// repository or an account, not a report: a rename, an archived repository, a
// changed installation, or a request to run contexts again. The last kind is
// stored as a rerun, on which the server acts later. A named time is a time
// that recovery stores under a name.
//
// Every function needs an open transaction; those that change something need
// that of the writer. Errors stick to `connection` (see SqliteConnection).

// Applies an event at once, or stores a rerun. False: its delivery was accepted
// before, and nothing changes; one that was accepted before `oldest_delivery`
// counts as new. An error of `submission.may_report` (the caller may not report
// for the repository) is returned, and nothing changes. Implements
// Acceptance::AcceptEvent.
absl::StatusOr<bool> AcceptEvent(SqliteConnection* connection,
                                 SqliteWriterState* state,
                                 const EventSubmission& submission,
                                 absl::Time oldest_delivery, absl::Time now);

// These implement the methods of RecoveryNotes with the same names.
//
// At most `limit` stored reruns, those that are due first.
std::vector<Rerun> Reruns(SqliteConnection* connection, absl::Time now,
                          int limit);
// Deletes a rerun, because the server has acted on it; or, with `retry_in`, has
// it tried again after that time.
void SettleRerun(SqliteConnection* connection, int64_t id,
                 std::optional<absl::Duration> retry_in, absl::Time now);

// Stores a time under a name, and reads it. Nothing: it was never stored.
void SetNamedTime(SqliteConnection* connection, const std::string& name,
                  absl::Time time);
std::optional<absl::Time> GetNamedTime(SqliteConnection* connection,
                                       const std::string& name);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_EVENTS_H_
