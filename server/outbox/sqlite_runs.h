#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_RUNS_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_RUNS_H_

#include <cstdint>
#include <vector>

#include "server/outbox/sqlite.h"
#include "server/report/judge.h"

namespace signalbox {

// The table `run`. If reports for one key come in several series, the order of
// reports (Judge) needs the newest run of each. The row of `entry` holds the
// run that was reported last; this table holds the others
// (Held::other_runs). Most entries have none.
//
// Both functions need an open transaction; WriteOtherRuns needs that of the
// writer. Errors stick to the connection (see SqliteConnection). `entry_id` is
// the key of the entry's row.

// In the order in which they were last reported, the newest first.
std::vector<NewestRun> ReadOtherRuns(SqliteConnection* connection,
                                     int64_t entry_id);

// Replaces the stored runs by these. The caller must store their number in
// `entry.other_run_count`.
void WriteOtherRuns(SqliteConnection* connection, int64_t entry_id,
                    const std::vector<NewestRun>& runs);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_RUNS_H_
