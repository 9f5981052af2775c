#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_DELIVERIES_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_DELIVERIES_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/outbox/recovery_notes.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/sqlite_writer_state.h"
#include "server/outbox/submission.h"

namespace signalbox {

// The accepted webhook requests, and the hooks that sent them. Every function
// needs an open transaction. Errors stick to `connection`.

// Whether a delivery was accepted since `oldest`; compares its id and its
// digest.
bool DeliveryIsKnown(SqliteConnection* connection, const Delivery& delivery,
                     absl::Time oldest);

// When the delivery with this id was last accepted; nothing: it is not known.
std::optional<absl::Time> DeliveryTime(SqliteConnection* connection,
                                       const std::string& id);

// The server asks GitHub for a delivery again, or (`cancelled`) did not after
// all.
void AwaitRedelivery(SqliteConnection* connection, const std::string& id,
                     bool cancelled, absl::Time now);
// The delivery has arrived. True: the server had asked GitHub for this arrival.
bool TakeRedelivery(SqliteConnection* connection, const std::string& id,
                    absl::Time now);

// Stores an accepted delivery, and that its hook on `host` reaches this server.
void NoteDelivery(SqliteConnection* connection, SqliteWriterState* state,
                  const Delivery& delivery, const std::string& host,
                  absl::Time now);

// Deletes at most `limit` of the deliveries that were accepted before
// `oldest_delivery`, the oldest first. If there is none, it looks again a
// minute later, because it is called in every transaction of reports.
void ForgetDeliveries(SqliteConnection* connection, SqliteWriterState* state,
                      absl::Time oldest_delivery, int limit);

// For each id, whether the delivery is stored.
std::vector<bool> KnownDeliveries(SqliteConnection* connection,
                                  absl::Span<const std::string> ids);
std::vector<SeenHook> SeenHooks(SqliteConnection* connection);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_DELIVERIES_H_
