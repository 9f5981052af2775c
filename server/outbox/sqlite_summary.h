#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_SUMMARY_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_SUMMARY_H_

#include <cstdint>

#include "server/outbox/sqlite.h"

namespace signalbox {

// Counts the statuses of a commit again (all, pending, failed), and stores the
// counts and the newest sequence in its row of `commit_summary`, for lists of
// commits. Call it after entries have moved between commits, or were repaired:
// accepting a report keeps the counts right by itself. Needs an open
// transaction of the writer. Errors stick to `connection` (see
// SqliteConnection). `commit_key` is the key of the row.
void Summarize(SqliteConnection* connection, int64_t commit_key);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_SUMMARY_H_
