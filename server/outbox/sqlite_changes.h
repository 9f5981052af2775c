#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_CHANGES_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_CHANGES_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "server/outbox/outbox.h"
#include "server/outbox/sqlite.h"

namespace signalbox {

// The changes of entries, for those who watch. A report that was accepted is
// one by its row in the history, so that accepting does nothing for it; all
// others are kept by NoteChange.
//
// All run in the caller's transaction; errors stick to the connection.

// Keeps how the entry is now, under its `change_sequence`. To be called after
// each statement that gives an entry a new one without a row in the history.
void NoteChange(SqliteConnection* connection, int64_t entry_id);

// As the methods of Outbox of the same names. At most `kept` numbers are looked
// back.
int64_t NewestSequence(SqliteConnection* connection);
absl::StatusOr<std::vector<StatusChange>> ChangesAfter(
    SqliteConnection* connection, int64_t after_sequence, int limit,
    int64_t kept);

// Tells that changes up to this number are gone.
void NoteForgotten(SqliteConnection* connection, int64_t sequence);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_CHANGES_H_
