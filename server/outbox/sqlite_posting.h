#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_POSTING_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_POSTING_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/outbox/credential_notes.h"
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
bool BringForward(SqliteConnection* connection, SqliteWriterState* state,
                  absl::Time limit, absl::Time now, int most);
std::vector<DueCredential> DueCredentials(SqliteConnection* connection,
                                          absl::Time now);
absl::Time NextDueTime(SqliteConnection* connection, absl::Time now);
absl::Status Retry(SqliteConnection* connection, SqliteWriterState* state,
                   const StatusKey& key, absl::Time now);
// HasMissing: whether GitHub refused entries of a commit because it did not
// have the commit. ReviveMissing makes these entries due again.
bool HasMissing(SqliteConnection* connection, int64_t commit_key);
void ReviveMissing(SqliteConnection* connection, SqliteWriterState* state,
                   int64_t commit_key, absl::Time now);
void SetPause(SqliteConnection* connection, const std::string& credential,
              absl::Time until, absl::Time now);
std::vector<CredentialPause> Pauses(SqliteConnection* connection);
void SetInstallations(SqliteConnection* connection,
                      absl::Span<const CredentialInstallation> installations);
std::vector<CredentialInstallation> Installations(SqliteConnection* connection);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_POSTING_H_
