#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_RUNS_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_RUNS_H_

#include <cstdint>
#include <vector>

#include "server/outbox/sqlite.h"
#include "server/report/judge.h"

namespace signalbox {

// The table `run`: Held::other_runs of the entries that more than one series
// tells of. Errors stick to the connection. Not thread-safe.

std::vector<NewestRun> ReadOtherRuns(SqliteConnection* connection,
                                     int64_t entry_id);

// In place of those that are stored. `entry.other_run_count` is the caller's.
void WriteOtherRuns(SqliteConnection* connection, int64_t entry_id,
                    const std::vector<NewestRun>& runs);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_RUNS_H_
