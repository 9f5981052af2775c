#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_LISTING_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_LISTING_H_

#include "server/outbox/sqlite.h"
#include "server/outbox/status_list.h"

namespace signalbox {

// Lists and counts statuses across repositories, for `signalbox list` and the
// metrics. These functions implement the methods of Statuses with the same
// names. They need an open transaction. Errors stick to the connection (see
// SqliteConnection).

// One page of the statuses that match `query`, and the place where the next
// page begins.
ListedPage ListStatuses(SqliteConnection* connection, const StatusQuery& query);
// How many statuses are not posted: see PostingCounts.
PostingCounts CountPostings(SqliteConnection* connection, absl::Time now);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_LISTING_H_
