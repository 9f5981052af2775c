#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_SUMMARY_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_SUMMARY_H_

#include <cstdint>

#include "server/outbox/sqlite.h"

namespace signalbox {

// Counts the statuses of a commit anew, within the open transaction of
// `connection`: what its row in commit_summary says of them.
void Summarize(SqliteConnection* connection, int64_t commit_key);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_SUMMARY_H_
