#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_PARKING_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_PARKING_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/outbox/lease.h"
#include "server/outbox/parking.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/sqlite_writer_state.h"
#include "server/outbox/status_view.h"

namespace signalbox {

// The table `parking`. A repository in it has no row in `due_repository`, so
// that searches for due entries skip it. The function After (parking.h) decides
// how its row changes.
//
// Every function needs an open transaction. Errors stick to the connection.

// The parking of a repository; nothing: it is not parked.
std::optional<Parking> FindParking(SqliteConnection* connection,
                                   int64_t repository_key);

// Changes the public view of an entry of a parked repository: it waits.
void ShowParked(const Parking& parking, Posting* posting);

// Applies an event to a repository, if it is parked.
void TellParking(SqliteConnection* connection, SqliteWriterState* state,
                 int64_t repository_key, const ParkingEvent& event,
                 absl::Time now);
// Brings the probe of this repository forward, because something changed that
// may help.
void BringProbeForward(SqliteConnection* connection, SqliteWriterState* state,
                       int64_t repository_key, absl::Time now);
// After a rename: ends the parking if another credential posts for the new
// name, else brings the probe forward.
void RecheckParking(SqliteConnection* connection, SqliteWriterState* state,
                    int64_t repository_key, absl::Time now);
// Implements PostQueue::BringProbesForward.
int64_t BringCredentialForward(SqliteConnection* connection,
                               SqliteWriterState* state,
                               absl::string_view credential, int64_t after,
                               absl::Time now, int limit);

// GitHub accepts posts to the repository again.
void EndParking(SqliteConnection* connection, SqliteWriterState* state,
                int64_t repository_key);

// After all credentials were assigned again: ends the parking of repositories
// for which another credential posts now.
void RecheckParkings(SqliteConnection* connection, SqliteWriterState* state);

// Applies the end of a lease of an entry of this repository. `due_time` is when
// that entry may be tried again.
void SettleParking(SqliteConnection* connection, SqliteWriterState* state,
                   int64_t repository_key, const Settlement& settlement,
                   std::optional<absl::Time> due_time, absl::Time now);

// Takes out the entry that probes next in the credential of the request, with
// the request's deadline; 0: no probe is due. A request for results may use the
// budget that is kept for results, so a pending probes only if the request is
// for pendings.
int64_t TakeProbe(SqliteConnection* connection, SqliteWriterState* state,
                  const LeaseRequest& request, absl::Time now);

// The credentials that have parked repositories, sorted.
std::vector<std::string> CredentialsOfParked(SqliteConnection* connection);

// Abandons these entries of a repository, for this reason.
void AbandonEntries(SqliteConnection* connection, SqliteWriterState* state,
                    int64_t repository_key, absl::Span<const int64_t> entries,
                    absl::string_view reason, absl::Time now);

// Whether AbandonParked has something to do.
bool HasHopelessParking(SqliteConnection* connection);
// Abandons at most `limit` entries of repositories that are no longer probed.
// Returns how many.
int AbandonParked(SqliteConnection* connection, SqliteWriterState* state,
                  absl::Time now, int limit);

// Abandons at most `limit` entries of a credential whose newest report is older
// than `before`, for this reason. Returns how many.
int AbandonHeld(SqliteConnection* connection, SqliteWriterState* state,
                absl::string_view credential, absl::string_view reason,
                absl::Time before, absl::Time now, int limit);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_PARKING_H_
