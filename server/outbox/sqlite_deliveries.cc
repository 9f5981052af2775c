#include "server/outbox/sqlite_deliveries.h"

#include <utility>

namespace signalbox {
namespace {

constexpr char kFindDelivery[] =
    "SELECT 1 FROM delivery WHERE id = ? AND accept_time_us >= ?";
constexpr char kFindDigest[] =
    "SELECT 1 FROM delivery WHERE digest = ? AND digest <> x'' "
    "AND accept_time_us >= ?";
constexpr char kInsertDelivery[] =
    "INSERT OR REPLACE INTO delivery (id, digest, accept_time_us) "
    "VALUES (?, ?, ?)";
constexpr char kDeleteDeliveries[] =
    "DELETE FROM delivery WHERE accept_time_us < ? AND delivery_key IN "
    "(SELECT delivery_key FROM delivery ORDER BY delivery_key LIMIT ?)";
constexpr char kRemembers[] = "SELECT 1 FROM delivery WHERE id = ?";

constexpr char kFindTime[] = "SELECT accept_time_us FROM delivery WHERE id = ?";

constexpr char kAwait[] =
    "INSERT INTO redelivery (delivery_id, awaited, asked_time_us) "
    "VALUES (?, 1, ?) ON CONFLICT (delivery_id) DO UPDATE "
    "SET awaited = awaited + 1, asked_time_us = excluded.asked_time_us";
constexpr char kTake[] =
    "UPDATE redelivery SET awaited = awaited - 1 "
    "WHERE delivery_id = ? AND awaited > 0 AND asked_time_us >= ? "
    "RETURNING awaited";
constexpr char kForgetAwaited[] =
    "DELETE FROM redelivery WHERE awaited <= 0 OR asked_time_us < ?";
// GitHub redelivers at once. A redelivery that is later than this is lost.
constexpr absl::Duration kAwaitFor = absl::Hours(1);

constexpr char kPutHook[] =
    "INSERT OR REPLACE INTO hook (host, hook_id, seen_time_us) "
    "VALUES (?, ?, ?)";
constexpr char kDeleteHooks[] = "DELETE FROM hook WHERE seen_time_us < ?";
constexpr char kListHooks[] =
    "SELECT host, hook_id FROM hook ORDER BY host, hook_id";

constexpr absl::Duration kBetweenForgettings = absl::Minutes(1);

// How often the time of a hook is stored, and how long a hook is kept.
constexpr absl::Duration kNoteHookEvery = absl::Hours(6);
constexpr absl::Duration kHookMemory = absl::Hours(30 * 24);

void NoteHook(SqliteConnection* connection, SqliteWriterState* state,
              const std::string& host, int64_t hook_id, absl::Time now) {
  const auto key = std::make_pair(host, hook_id);
  const absl::Time* const noted = state->hooks.Find(key);
  if (noted != nullptr && now - *noted < kNoteHookEvery && now >= *noted) {
    return;
  }
  state->hooks.Put(key, now);
  connection->Execute(kPutHook, host, hook_id, now);
  connection->Execute(kDeleteHooks, now - kHookMemory);
}

}  // namespace

bool DeliveryIsKnown(SqliteConnection* connection, const Delivery& delivery,
                     absl::Time oldest) {
  if (connection->Finds(kFindDelivery, delivery.id, oldest)) return true;
  return !delivery.digest.empty() &&
         connection->Finds(kFindDigest, SqliteBlob{delivery.digest}, oldest);
}

std::optional<absl::Time> DeliveryTime(SqliteConnection* connection,
                                       const std::string& id) {
  return connection->First<absl::Time>(kFindTime, id);
}

void AwaitRedelivery(SqliteConnection* connection, const std::string& id,
                     bool cancelled, absl::Time now) {
  connection->Execute(kForgetAwaited, now - kAwaitFor);
  if (cancelled) {
    TakeRedelivery(connection, id, now);
  } else {
    connection->Execute(kAwait, id, now);
  }
}

bool TakeRedelivery(SqliteConnection* connection, const std::string& id,
                    absl::Time now) {
  return connection->Finds(kTake, id, now - kAwaitFor);
}

void NoteDelivery(SqliteConnection* connection, SqliteWriterState* state,
                  const Delivery& delivery, const std::string& host,
                  absl::Time now) {
  connection->Execute(kInsertDelivery, delivery.id, SqliteBlob{delivery.digest},
                      now);
  if (delivery.hook_id > 0 && !host.empty()) {
    NoteHook(connection, state, host, delivery.hook_id, now);
  }
}

void ForgetDeliveries(SqliteConnection* connection, SqliteWriterState* state,
                      absl::Time oldest_delivery, int limit) {
  // No wait is longer, unless the clock was set back.
  const absl::Duration wait = state->next_oldest_delivery - oldest_delivery;
  if (wait > absl::ZeroDuration() && wait <= kBetweenForgettings) return;
  connection->Execute(kDeleteDeliveries, oldest_delivery, limit);
  if (connection->ChangedRows() == 0) {
    state->next_oldest_delivery = oldest_delivery + kBetweenForgettings;
  }
}

std::vector<bool> KnownDeliveries(SqliteConnection* connection,
                                  absl::Span<const std::string> ids) {
  std::vector<bool> known;
  known.reserve(ids.size());
  for (const std::string& id : ids) {
    known.push_back(connection->Finds(kRemembers, id));
  }
  return known;
}

std::vector<SeenHook> SeenHooks(SqliteConnection* connection) {
  std::vector<SeenHook> hooks;
  SqliteQuery query(connection, kListHooks);
  while (query.Next()) {
    SeenHook& hook = hooks.emplace_back();
    query.Read(&hook.host, &hook.id);
  }
  return hooks;
}

}  // namespace signalbox
