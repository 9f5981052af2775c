#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_RUNS_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_RUNS_H_

#include <cstdint>
#include <vector>

#include "server/outbox/sqlite.h"
#include "server/report/judge.h"

namespace signalbox {

// The table `run`: Held::other_runs of the entries for which more than one
// series was reported. Errors stick to the connection. Not thread-safe.

std::vector<NewestRun> ReadOtherRuns(SqliteConnection* connection,
                                     int64_t entry_id);

// Replaces the stored runs. The caller sets `entry.other_run_count`.
void WriteOtherRuns(SqliteConnection* connection, int64_t entry_id,
                    const std::vector<NewestRun>& runs);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_RUNS_H_
