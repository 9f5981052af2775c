#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_DELIVERIES_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_DELIVERIES_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/outbox/outbox.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/sqlite_writer_state.h"

namespace signalbox {

// The webhook requests that were accepted, and the hooks that sent them. Every
// function needs an open transaction, whose errors stick to `connection`.

// Whether a delivery was accepted since `oldest`, by its id or by its digest.
bool DeliveryIsKnown(SqliteConnection* connection, const Delivery& delivery,
                     absl::Time oldest);

// When the delivery with this id was accepted last; nothing: it is not known.
std::optional<absl::Time> DeliveryTime(SqliteConnection* connection,
                                       const std::string& id);

// GitHub is asked to make a delivery again, or was not asked after all.
void AwaitRedelivery(SqliteConnection* connection, const std::string& id,
                     bool cancelled, absl::Time now);
// It arrives. True: this arrival was asked for.
bool TakeRedelivery(SqliteConnection* connection, const std::string& id,
                    absl::Time now);

// Remembers an accepted delivery, and that its hook on `host` reaches us.
void NoteDelivery(SqliteConnection* connection, SqliteWriterState* state,
                  const Delivery& delivery, const std::string& host,
                  absl::Time now);

// Forgets some of the deliveries accepted before `oldest_delivery`: at most
// `limit`, those that came first.
void ForgetDeliveries(SqliteConnection* connection, absl::Time oldest_delivery,
                      int limit);

// Of each id, whether it is remembered.
std::vector<bool> KnownDeliveries(SqliteConnection* connection,
                                  absl::Span<const std::string> ids);
std::vector<SeenHook> SeenHooks(SqliteConnection* connection);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_DELIVERIES_H_
