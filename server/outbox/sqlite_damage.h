#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_DAMAGE_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_DAMAGE_H_

#include <string>
#include <vector>

#include "server/outbox/sqlite.h"
#include "server/outbox/sqlite_writer_state.h"

namespace signalbox {

// Repairs damaged rows: rows with values that the schema forbids, for example
// because the disk or another program changed them. The writer calls it after
// it, or a reader, met such a row. The repair keeps one bad row from stopping
// the whole server.
//
// RepairDamage checks all rows of all tables, so it takes long:
// - A damaged entry is abandoned with the reason kRowDamaged, and its
//   impossible values are replaced. A new report mends it.
// - A damaged repository or commit is rebuilt from the rows that point to it
//   and from its other columns. A value that cannot be rebuilt is replaced by
//   one that no caller asks for, so that the rows that depend on it can stay.
// - Values that can be computed from other rows are computed again.
// - A damaged row of the history is deleted, and so is a row that the server
//   will learn again.
//
// Then it also folds the journal (see sqlite_writer.h).
//
// Returns a line about each damaged row, for the log; empty: it found none.
//
// Needs an open transaction of the writer that does nothing else. The caller
// must load `state` again after it, since the state may come from damaged rows.
// Errors stick to the connection (see SqliteConnection).
std::vector<std::string> RepairDamage(SqliteConnection* connection,
                                      SqliteWriterState* state);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_DAMAGE_H_
