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
  SqliteQuery(connection, kPutHook).Bind(host, hook_id, now).Run();
  SqliteQuery(connection, kDeleteHooks).Bind(now - kHookMemory).Run();
}

}  // namespace

bool DeliveryIsKnown(SqliteConnection* connection, const Delivery& delivery,
                     absl::Time oldest) {
  SqliteQuery by_id(connection, kFindDelivery);
  if (by_id.Bind(delivery.id, oldest).Next()) return true;
  if (delivery.digest.empty()) return false;
  SqliteQuery by_digest(connection, kFindDigest);
  return by_digest.Bind(SqliteBlob{delivery.digest}, oldest).Next();
}

std::optional<absl::Time> DeliveryTime(SqliteConnection* connection,
                                       const std::string& id) {
  SqliteQuery query(connection, kFindTime);
  query.Bind(id);
  if (!query.Next()) return std::nullopt;
  absl::Time time;
  query.Read(&time);
  return time;
}

void AwaitRedelivery(SqliteConnection* connection, const std::string& id,
                     bool cancelled, absl::Time now) {
  SqliteQuery(connection, kForgetAwaited).Bind(now - kAwaitFor).Run();
  if (cancelled) {
    TakeRedelivery(connection, id, now);
  } else {
    SqliteQuery(connection, kAwait).Bind(id, now).Run();
  }
}

bool TakeRedelivery(SqliteConnection* connection, const std::string& id,
                    absl::Time now) {
  SqliteQuery query(connection, kTake);
  return query.Bind(id, now - kAwaitFor).Next();
}

void NoteDelivery(SqliteConnection* connection, SqliteWriterState* state,
                  const Delivery& delivery, const std::string& host,
                  absl::Time now) {
  SqliteQuery(connection, kInsertDelivery)
      .Bind(delivery.id, SqliteBlob{delivery.digest}, now)
      .Run();
  if (delivery.hook_id > 0 && !host.empty()) {
    NoteHook(connection, state, host, delivery.hook_id, now);
  }
}

void ForgetDeliveries(SqliteConnection* connection, SqliteWriterState* state,
                      absl::Time oldest_delivery, int limit) {
  // No wait is longer, unless the clock was set back.
  const absl::Duration wait = state->next_oldest_delivery - oldest_delivery;
  if (wait > absl::ZeroDuration() && wait <= kBetweenForgettings) return;
  SqliteQuery(connection, kDeleteDeliveries).Bind(oldest_delivery, limit).Run();
  if (connection->ChangedRows() == 0) {
    state->next_oldest_delivery = oldest_delivery + kBetweenForgettings;
  }
}

std::vector<bool> KnownDeliveries(SqliteConnection* connection,
                                  absl::Span<const std::string> ids) {
  std::vector<bool> known;
  known.reserve(ids.size());
  for (const std::string& id : ids) {
    SqliteQuery query(connection, kRemembers);
    known.push_back(query.Bind(id).Next());
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
