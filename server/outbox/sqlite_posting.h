#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_POSTING_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_POSTING_H_

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/outbox/lease.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/sqlite_accept.h"
#include "server/outbox/standing_requests.h"

namespace signalbox {

// These functions implement the methods of Outbox with the same names, which
// take entries out for posting and settle them. They need an open transaction.
// Functions that change something need that of the writer.
std::optional<Lease> TakeDue(SqliteConnection* connection,
                             SqliteWriterState* state,
                             const LeaseRequest& request, absl::Time now);
// Takes out an entry for each request, in order.
std::vector<std::optional<Lease>> TakeAllDue(
    SqliteConnection* connection, SqliteWriterState* state,
    absl::Span<const LeaseRequest> wanted, absl::Time now);
// Takes out the results that became due in this transaction, for the requests
// that the poster left.
void TakeForStanding(SqliteConnection* connection, SqliteWriterState* state,
                     StandingDesk* standing);
// Whether the entry still has the report that was taken out.
bool IsNewest(SqliteConnection* connection, const Lease& lease);
void Settle(SqliteConnection* connection, SqliteWriterState* state,
            const Settlement& settlement, absl::Time now);
void Confess(SqliteConnection* connection, SqliteWriterState* state,
             int64_t entry_id, absl::Time now);
absl::Status Retry(SqliteConnection* connection, SqliteWriterState* state,
                   const StatusKey& key, absl::Time now);
// HasMissing: whether GitHub refused entries of a commit because it did not
// have the commit. ReviveMissing makes these entries due again.
bool HasMissing(SqliteConnection* connection, const SqliteWriterState& state,
                int64_t commit_key);
void ReviveMissing(SqliteConnection* connection, SqliteWriterState* state,
                   int64_t commit_key, absl::Time now);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_POSTING_H_
