#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_SUMMARY_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_SUMMARY_H_

#include <cstdint>

#include "server/outbox/sqlite.h"

namespace signalbox {

// Counts the statuses of a commit again (all, pending, failed), and stores the
// counts and the newest sequence in the row of `commit_summary` with this
// `commit_key`, for lists of commits. Call it after entries have moved between
// commits, or were repaired. It is not needed for a report, since acceptance
// keeps the counts right. Needs an open transaction of the connection that
// writes. Errors stick to `connection` (see SqliteConnection).
void Summarize(SqliteConnection* connection, int64_t commit_key);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_SUMMARY_H_
