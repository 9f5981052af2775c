#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_SUMMARY_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_SUMMARY_H_

#include <cstdint>

#include "server/outbox/sqlite.h"

namespace signalbox {

// Counts the statuses of a commit again and stores the counts in its row of
// commit_summary, within the open transaction of `connection`.
void Summarize(SqliteConnection* connection, int64_t commit_key);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_SUMMARY_H_
