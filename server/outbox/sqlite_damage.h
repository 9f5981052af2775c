#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_DAMAGE_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_DAMAGE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/sqlite_writer_state.h"

namespace signalbox {

// The condition, in SQL, for a row of `entry` that MendDamage leaves as it is.
// What changes a row asks for it, so that nothing stands on what is set aside
// later. Never destroyed.
const std::string& EntryIsSound();

// Looks through all tables for rows that hold what cannot be there, and sets
// them aside, so that nothing meets them again:
//
// - An entry is abandoned with kRowDamaged; what makes no sense in it is
//   replaced.
// - A repository or a commit gets what the rows that point to it, or its other
//   columns, tell of it. What cannot be told is replaced by something that
//   nobody asks for, so that the row keeps what hangs on it.
// - What is only derived from other rows is derived again.
// - Of the history, and of what can be asked or found out again, the row is
//   deleted.
//
// Returns a line about each such row. Reads every row, so it is for when one
// was met that is damaged. Nothing in memory is believed: call it in a
// transaction of its own, and load the state anew.
//
// Errors stick to the connection.
std::vector<std::string> MendDamage(SqliteConnection* connection,
                                    SqliteWriterState* state);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_DAMAGE_H_
