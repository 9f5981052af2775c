#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_PARKING_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_PARKING_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/outbox/outbox.h"
#include "server/outbox/parking.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/sqlite_writer_state.h"

namespace signalbox {

// The table `parking`. While a repository is in it, it is in no row of
// `due_repository`, so that searches for due entries pass it by; After decides
// how its row changes.
//
// Every function needs an open transaction, whose errors stick to the
// connection.

// How a repository stands; nothing: it is not parked.
std::optional<Parking> FindParking(SqliteConnection* connection,
                                   int64_t repository_key);

// What people may know of an entry of a parked repository.
void ShowParked(const Parking& parking, Posting* posting);

// Tells a repository what has happened to it.
void TellParking(SqliteConnection* connection, SqliteWriterState* state,
                 int64_t repository_key, const ParkingEvent& event,
                 absl::Time now);
// Something changed that may help this repository, all of an account, or all of
// a lane.
void BringProbeForward(SqliteConnection* connection, SqliteWriterState* state,
                       int64_t repository_key, absl::Time now);
// After a rename: the new name may be another credential's.
void RecheckParking(SqliteConnection* connection, SqliteWriterState* state,
                    int64_t repository_key, absl::Time now);
// Outbox::BringProbesForward.
int64_t BringLaneForward(SqliteConnection* connection, SqliteWriterState* state,
                         absl::string_view lane, int64_t after, absl::Time now,
                         int limit);

// GitHub takes what is posted there.
void EndParking(SqliteConnection* connection, SqliteWriterState* state,
                int64_t repository_key);

// After the lanes of all repositories were assigned anew: what another
// credential was refused counts no more.
void RecheckParkings(SqliteConnection* connection, SqliteWriterState* state);

// The end of a lease of an entry of this repository, and when that entry wants
// to be tried again.
void SettleParking(SqliteConnection* connection, SqliteWriterState* state,
                   int64_t repository_key, const Settlement& settlement,
                   std::optional<absl::Time> due_time, absl::Time now);

// The entry whose turn it is to probe in the lane of the request, and which is
// taken out with its deadline; 0: none is due. What is sent for a request of
// results takes of what is kept for them, so a pending probes only for one of
// pendings.
int64_t TakeProbe(SqliteConnection* connection, SqliteWriterState* state,
                  const LeaseRequest& request, absl::Time now);

// The lanes that have parked repositories, sorted.
std::vector<std::string> ParkedLanes(SqliteConnection* connection);

// Nothing tries these entries of a repository any more, for this reason.
void AbandonEntries(SqliteConnection* connection, SqliteWriterState* state,
                    int64_t repository_key, absl::Span<const int64_t> entries,
                    absl::string_view reason, absl::Time now);

// Whether there is something for AbandonParked to do.
bool HasHopelessParking(SqliteConnection* connection);
// Abandons entries of repositories that are not probed any more, at most
// `limit`; how many.
int AbandonParked(SqliteConnection* connection, SqliteWriterState* state,
                  absl::Time now, int limit);

// Abandons entries of a lane whose newest report came before `before`, for this
// reason, at most `limit`; how many.
int AbandonHeld(SqliteConnection* connection, SqliteWriterState* state,
                absl::string_view lane, absl::string_view reason,
                absl::Time before, absl::Time now, int limit);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_PARKING_H_
