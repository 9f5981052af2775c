#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_DAMAGE_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_DAMAGE_H_

#include <string>
#include <vector>

#include "server/outbox/sqlite.h"
#include "server/outbox/sqlite_writer_state.h"

namespace signalbox {

// Checks all tables for damaged rows, which hold values that the schema
// forbids, and sets these rows aside:
//
// - An entry is abandoned with kRowDamaged; its impossible values are replaced.
// - A repository or a commit is rebuilt from the rows that point to it and from
//   its other columns. A value that cannot be rebuilt is replaced by one that
//   no caller asks for, so that the row keeps the rows that depend on it.
// - Values that are only derived from other rows are derived again.
// - Rows of the history, and rows that the server learns again, are deleted.
//
// Returns a line about each damaged row. It reads every row, so call it only
// after a damaged row was met. Call it in a separate transaction, and load the
// state again afterwards, since the state in memory may come from damaged rows.
//
// Errors stick to the connection.
std::vector<std::string> RepairDamage(SqliteConnection* connection,
                                      SqliteWriterState* state);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_DAMAGE_H_
