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

// Parked repositories in the database. GitHub refuses all posts to such a
// repository, so the server leaves its entries as they are and posts only one
// of them now and then, as a probe. The table `parking` has one row for each
// parked repository, and the repository is not in the due list (see
// sqlite_repositories.h), so that searches for due entries skip it. The pure
// function After (parking.h) decides what an event changes in the row. These
// functions load and store it.
//
// Every function needs an open transaction; those that take a `state` need that
// of the writer. Errors stick to the connection (see SqliteConnection).
// `repository_key` is the number of a row of `repository`.

// The parking of a repository. Nothing: it is not parked.
std::optional<Parking> FindParking(SqliteConnection* connection,
                                   int64_t repository_key);

// For readers: shows a due entry of a parked repository as WAITING, with the
// reason of the refusal and the time of the next probe. Leaves other entries
// unchanged.
void ShowParked(const Parking& parking, Posting* posting);

// Applies an event to a repository. Does nothing if it is not parked.
void ApplyParkingEvent(SqliteConnection* connection, SqliteWriterState* state,
                       int64_t repository_key, const ParkingEvent& event,
                       absl::Time now);
// Makes the next probe of this repository due soon (see kBetweenProbes). Call
// it after a change that may end GitHub's refusals. Does nothing if the
// repository is not parked.
void BringProbeForward(SqliteConnection* connection, SqliteWriterState* state,
                       int64_t repository_key, absl::Time now);
// Call it after a rename, and after an event about the repository. If another
// credential posts for the repository now, ends the parking. Else does
// BringProbeForward.
void RecheckParking(SqliteConnection* connection, SqliteWriterState* state,
                    int64_t repository_key, absl::Time now);
// Implements PostQueue::BringProbesForward: BringProbeForward for at most
// `limit` repositories that were parked with this credential, in the order of
// their keys and beginning after the key `after`. Returns the last key; 0:
// there are no more.
int64_t BringCredentialForward(SqliteConnection* connection,
                               SqliteWriterState* state,
                               absl::string_view credential, int64_t after,
                               absl::Time now, int limit);

// Ends the parking, because GitHub accepts posts to the repository again: all
// of its entries are due at their own times. Does nothing if it is not parked.
void EndParking(SqliteConnection* connection, SqliteWriterState* state,
                int64_t repository_key);

// Ends the parking of every repository for which another credential posts now.
// Call it after SqliteRepositories::AssignCredentials.
void RecheckParkings(SqliteConnection* connection, SqliteWriterState* state);

// Parks a repository, ends its parking, or plans its next probe, according to
// how a try ended. `settlement` is the end of the lease of one of its entries.
// `due_time` is when that entry may be tried again; nothing: it is not due.
void SettleParking(SqliteConnection* connection, SqliteWriterState* state,
                   int64_t repository_key, const Settlement& settlement,
                   std::optional<absl::Time> due_time, absl::Time now);

// Finds the entry with which the next parked repository of the request's
// credential is probed, and delays further probes of that repository by the
// request's lease time. Returns the number of the entry; 0: no probe is due.
// The caller must take the entry out. A probe with a pending is found only if
// the request is for pendings: requests for results may use the reserve. Also
// ends the parking of repositories that have nothing to post any more.
int64_t TakeProbe(SqliteConnection* connection, SqliteWriterState* state,
                  const LeaseRequest& request, absl::Time now);

// The credentials with which repositories were parked, sorted.
std::vector<std::string> CredentialsOfParked(SqliteConnection* connection);

// Abandons these entries of one repository with this reason, and corrects the
// due list.
void AbandonEntries(SqliteConnection* connection, SqliteWriterState* state,
                    int64_t repository_key, absl::Span<const int64_t> entries,
                    absl::string_view reason, absl::Time now);

// Whether a repository is no longer probed (Parking::gives_up) and
// AbandonParked has to abandon its entries.
bool HasHopelessParking(SqliteConnection* connection);
// Abandons at most `limit` entries of repositories that are no longer probed,
// with the reason of the refusal. Ends the parking of a repository that has no
// more entries to abandon. Returns how many entries it abandoned.
int AbandonParked(SqliteConnection* connection, SqliteWriterState* state,
                  absl::Time now, int limit);

// Implements Upkeep::AbandonHeld: abandons at most `limit` due entries of a
// stopped credential whose newest report is older than `before`, with this
// reason. Returns how many entries it abandoned.
int AbandonHeld(SqliteConnection* connection, SqliteWriterState* state,
                absl::string_view credential, absl::string_view reason,
                absl::Time before, absl::Time now, int limit);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_PARKING_H_
