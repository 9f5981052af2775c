#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_DELIVERIES_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_DELIVERIES_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/outbox/recovery_notes.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/sqlite_writer_state.h"
#include "server/outbox/submission.h"

namespace signalbox {

// Webhooks in the database: the deliveries that were accepted lately, so that
// one that arrives twice counts once; the redeliveries that the server has
// ordered from GitHub; and the hooks at GitHub that send to this server.
// Acceptance and recovery use these functions.
//
// Every function needs an open transaction. Functions that change something
// need one of the connection that writes. Errors stick to `connection` (see
// SqliteConnection). The `id` of a delivery is GitHub's.

// Whether a delivery with the same id, or with the same content (digest), was
// accepted at `oldest` or later.
bool DeliveryIsKnown(SqliteConnection* connection, const Delivery& delivery,
                     absl::Time oldest);

// When the delivery with this id was accepted; if a person had it sent again
// for a rerun, when that was. Nothing: never, or so long ago that it was
// forgotten.
std::optional<absl::Time> DeliveryTime(SqliteConnection* connection,
                                       const std::string& id);

// Notes that the server is about to order a redelivery of this delivery. With
// `cancelled`: notes that it did not order it after all. An order is forgotten
// after an hour.
void AwaitRedelivery(SqliteConnection* connection, const std::string& id,
                     bool cancelled, absl::Time now);
// Call it for every delivery that arrives. True: the server had ordered this
// arrival within the last hour; the order is now fulfilled. False: GitHub or a
// person sent it.
bool TakeRedelivery(SqliteConnection* connection, const std::string& id,
                    absl::Time now);

// Stores that this delivery was accepted at `now`, and that its hook on `host`
// sends to this server. A hook is forgotten 30 days after its last delivery.
void NoteDelivery(SqliteConnection* connection, SqliteWriterState* state,
                  const Delivery& delivery, const std::string& host,
                  absl::Time now);

// Forgets deliveries that were accepted before `oldest_delivery`: at most
// `limit`, the oldest first. Each transaction with reports calls it. If it
// found none, it does nothing for the next minute, to save time.
void ForgetDeliveries(SqliteConnection* connection, SqliteWriterState* state,
                      absl::Time oldest_delivery, int limit);

// Whether each of these deliveries was accepted and is not forgotten yet. The
// result has one element for each id, in order. Implements
// RecoveryNotes::KnownDeliveries.
std::vector<bool> KnownDeliveries(SqliteConnection* connection,
                                  absl::Span<const std::string> ids);
// The hooks that NoteDelivery stored. Implements RecoveryNotes::SeenHooks.
std::vector<SeenHook> SeenHooks(SqliteConnection* connection);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_DELIVERIES_H_
