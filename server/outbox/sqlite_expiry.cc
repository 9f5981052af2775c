#include "server/outbox/sqlite_expiry.h"

#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/outbox/accept_rules.h"

namespace signalbox {
namespace {

// The caller that the history names for the server's own reports.
constexpr absl::string_view kOwnCaller = "signalbox";

constexpr char kListExpired[] =
    "SELECT e.entry_id, e.commit_key, e.version, e.attempt, e.series, "
    "e.target_url, IFNULL(e.expires_after_us, 0), r.canonical "
    "FROM entry AS e INDEXED BY entry_expiry "
    "LEFT JOIN repository AS r ON r.repository_key = e.repository_key "
    "WHERE e.expire_time_us <= ? ORDER BY e.expire_time_us LIMIT ?";
constexpr char kExpire[] =
    "UPDATE entry SET version = ?, phase = ?, result = NULL, description = ?, "
    "report_sequence = ?, report_time_us = ?5, expire_time_us = NULL, "
    "expires_after_us = NULL, change_sequence = ?4, posting_state = ?, "
    "posting_reason = '', try_count = 0, refusal_count = 0, "
    "post_time_us = NULL, is_pending = 0, first_due_time_us = ?5, "
    "due_time_us = CASE WHEN lease_version = 0 "
    "THEN MAX(?5, IFNULL(ambiguous_time_us + ?, 0)) ELSE due_time_us END "
    "WHERE entry_id = ?";
constexpr char kCountExpired[] =
    "UPDATE commit_summary SET newest_sequence = ?, update_time_us = ?, "
    "pending_count = pending_count - 1, failed_count = failed_count + 1 "
    "WHERE commit_key = ?";
constexpr char kRecordExpired[] =
    "INSERT INTO report (entry_id, version, sequence, accept_time_us, phase, "
    "attempt, series, result, description, target_url, caller, delivery_id) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, NULL, ?, ?, ?, '')";

struct Expired {
  EntryRow row;
  int64_t commit_key = 0;
  CanonicalName canonical;
};

}  // namespace

int ExpirePendings(SqliteConnection* connection, SqliteWriterState* state,
                   absl::Time now, int limit) {
  std::vector<Expired> expired;
  {
    SqliteQuery query(connection, kListExpired);
    query.Bind(now, limit);
    while (query.Next()) {
      Expired& entry = expired.emplace_back();
      Held& held = entry.row.held;
      int64_t expires_after_us = 0;
      query.Read(&entry.row.entry_id, &entry.commit_key, &entry.row.version,
                 &held.run.attempt, &held.run.series, &held.target_url,
                 &expires_after_us, &entry.canonical);
      if (!connection->AreCounts({entry.row.version})) return 0;
      entry.row.expires_after = absl::Microseconds(expires_after_us);
    }
  }
  for (Expired& entry : expired) {
    EntryRow& row = entry.row;
    ExpireEntry(now, &state->sequence, &row);
    const Held& held = row.held;
    connection->Execute(kExpire, row.version, held.phase, held.description,
                        row.report_sequence, row.first_due_time,
                        row.posting_state, state->limits.ambiguous_wait,
                        row.entry_id);
    connection->Execute(kCountExpired, row.report_sequence, now,
                        entry.commit_key);
    connection->Execute(kRecordExpired, row.entry_id, row.version,
                        row.report_sequence, now, held.phase, held.run.attempt,
                        held.run.series, held.description, held.target_url,
                        kOwnCaller);
    state->repositories.AddDue(connection, entry.canonical,
                               /*is_pending=*/false);
  }
  return static_cast<int>(expired.size());
}

}  // namespace signalbox
