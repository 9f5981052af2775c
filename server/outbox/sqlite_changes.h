#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_CHANGES_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_CHANGES_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/status_view.h"

namespace signalbox {

// The changes of entries, for watchers. An accepted report is a change by its
// row in the history, so accepting reports costs nothing here. NoteChange
// stores all other changes.
//
// All functions run in the caller's transaction; errors stick to the
// connection.

// Stores the present state of the entry as a change with its `change_sequence`.
// Call it after each statement that gives an entry a new `change_sequence`
// without a row in the history.
void NoteChange(SqliteConnection* connection, int64_t entry_id);

// These functions implement the methods of Outbox with the same names.
// ChangesAfter goes back at most `kept` sequences.
int64_t NewestSequence(SqliteConnection* connection);
absl::StatusOr<std::vector<StatusChange>> ChangesAfter(
    SqliteConnection* connection, int64_t after_sequence, int limit,
    int64_t kept);

// Notes that the changes up to this sequence are gone.
void NoteForgotten(SqliteConnection* connection, int64_t sequence);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_CHANGES_H_
