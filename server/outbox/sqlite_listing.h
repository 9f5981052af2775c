#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_LISTING_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_LISTING_H_

#include <vector>

#include "server/outbox/sqlite.h"
#include "server/outbox/status_list.h"

namespace signalbox {

// These functions implement the methods of Outbox with the same names, which
// list and count statuses across repositories. They need an open transaction.
ListedPage ListStatuses(SqliteConnection* connection, const StatusQuery& query);
PostingCounts CountPostings(SqliteConnection* connection, absl::Time now);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_LISTING_H_
