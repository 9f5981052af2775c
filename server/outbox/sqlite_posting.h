#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_POSTING_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_POSTING_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/outbox/lease.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/sqlite_writer_state.h"
#include "server/outbox/standing_requests.h"

namespace signalbox {

// Posting in the database: takes due entries out for the poster, stores how
// their tries ended, and makes entries due again. post_queue.h describes the
// promises to the poster; posting_rules.h decides, without a database, what the
// end of a try changes.
//
// All functions need an open transaction; those that take a `state` need that
// of the writer. Errors stick to the connection (see SqliteConnection).

// Takes out one due entry, or a due probe, for each request, in order, and
// stores its lease, so that after a crash the server knows that something may
// have been sent. The result has one element for each request; nothing: no
// entry is due. For PostQueue::Turn.
std::vector<std::optional<Lease>> TakeAllDue(
    SqliteConnection* connection, SqliteWriterState* state,
    absl::Span<const LeaseRequest> wanted, absl::Time now);
// Takes out the results that became due in this transaction, for the requests
// that the poster left with PostQueue::LeaveRequests: at most one for each
// credential. Their posts then need no transaction of their own. Call it at the
// end of each transaction.
void TakeForStanding(SqliteConnection* connection, SqliteWriterState* state,
                     StandingDesk* standing);
// Whether no newer report of the entry was accepted since it was taken out.
bool IsNewest(SqliteConnection* connection, const Lease& lease);
// Stores the end of a lease, and adds the try to the history. If the lease was
// lost, only the history changes. See PostQueue::Turn.
void Settle(SqliteConnection* connection, SqliteWriterState* state,
            const Settlement& settlement, absl::Time now);
// Notes that a request for this entry (Lease::entry_id) may have reached GitHub
// after its lease. The entry becomes due again and is read back first. If it is
// abandoned, it stays so until something revives it. Implements
// PostQueue::Confess, for one entry.
void Confess(SqliteConnection* connection, SqliteWriterState* state,
             int64_t entry_id, absl::Time now);
// Revives an abandoned entry, and makes the next probe due soon if the
// repository is parked. NOT_FOUND: there is no such entry. FAILED_PRECONDITION,
// reason ROW_DAMAGED: the report was damaged on disk, so only a new report
// helps. Implements Acceptance::Retry.
absl::Status Retry(SqliteConnection* connection, SqliteWriterState* state,
                   const StatusKey& key, absl::Time now);
// Whether an entry of the commit waits or is abandoned because GitHub did not
// have the commit (PostingLimits::missing_commit). `commit_key` is the number
// of a row of `commit_summary`.
bool HasMissing(SqliteConnection* connection, const SqliteWriterState& state,
                int64_t commit_key);
// Makes these entries due again. Call it when a delivery has shown that GitHub
// has the commit.
void ReviveMissing(SqliteConnection* connection, SqliteWriterState* state,
                   int64_t commit_key, absl::Time now);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_POSTING_H_
