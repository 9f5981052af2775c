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

// These functions implement the methods of Outbox with the same names, for
// events, reruns and named times. Every function needs an open transaction.
// Errors stick to `connection`.

absl::StatusOr<bool> AcceptEvent(SqliteConnection* connection,
                                 SqliteWriterState* state,
                                 const EventSubmission& submission,
                                 absl::Time oldest_delivery, absl::Time now);

std::vector<Rerun> Reruns(SqliteConnection* connection, int limit);
void SettleRerun(SqliteConnection* connection, int64_t id,
                 std::optional<absl::Time> next_try_time);

void SetNamedTime(SqliteConnection* connection, const std::string& name,
                  absl::Time time);
std::optional<absl::Time> GetNamedTime(SqliteConnection* connection,
                                       const std::string& name);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_EVENTS_H_
