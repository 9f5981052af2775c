#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_CHANGES_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_CHANGES_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "server/outbox/change_cursor.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/status_view.h"

namespace signalbox {

// Status changes in the database: the numbered steps that
// Statuses::ChangesAfter returns, and from which WatchStatuses feeds its
// watchers. There are two kinds:
// - An accepted report. Its row in the history (table `report`) is the change,
//   so that an accepted report needs no further row.
// - Every other change of an entry, for example of its posting. NoteChange
//   copies the entry into the table `status_change`.
//
// All functions need an open transaction. Errors stick to the connection (see
// SqliteConnection).

// Copies the entry, as it is now, into `status_change`, under the entry's
// `change_sequence`. Call it after each statement that sets `change_sequence`,
// except for an accepted report.
void NoteChange(SqliteConnection* connection, int64_t entry_id);

// Just after the change with the newest sequence given. Implements
// Statuses::NewestChange.
ChangeCursor NewestChange(SqliteConnection* connection);
// The changes after `after`, in order; at most `limit`. `kept`: how many of the
// newest sequences a watcher can go back. OUT_OF_RANGE, reason
// SEQUENCE_NOT_KEPT: `after` is older than that, or its sequence was never
// given. Implements Statuses::ChangesAfter.
absl::StatusOr<std::vector<StatusChange>> ChangesAfter(
    SqliteConnection* connection, ChangeCursor after, int limit, int64_t kept);

// The first report_id whose report, accepted or superseded, may be newer than
// `sequence`. Larger report_ids are of newer reports.
int64_t FirstReportAfter(SqliteConnection* connection, int64_t sequence);

// Notes that changes with this sequence or a smaller one are being deleted.
// ChangesAfter then refuses every cursor before it, because a watcher would
// miss changes.
void NoteForgotten(SqliteConnection* connection, int64_t sequence);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_CHANGES_H_
