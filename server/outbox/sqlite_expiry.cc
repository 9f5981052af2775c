#include "server/outbox/sqlite_expiry.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/outbox/lease.h"
#include "server/outbox/status_view.h"

namespace signalbox {
namespace {

// The caller that the history names for the server's own reports.
constexpr absl::string_view kOwnCaller = "signalbox";

constexpr char kListExpired[] =
    "SELECT e.entry_id, e.commit_key, e.version, e.attempt, e.series, "
    "e.target_url, "
    "IFNULL(e.expires_after_us, 0), r.canonical "
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

// As people write it: "6 h", "1 h 30 min", "30 d".
std::string InWords(absl::Duration duration) {
  constexpr struct {
    absl::string_view name;
    absl::Duration length;
  } kUnits[] = {{"d", absl::Hours(24)},
                {"h", absl::Hours(1)},
                {"min", absl::Minutes(1)},
                {"s", absl::Seconds(1)}};
  std::string words;
  for (const auto& unit : kUnits) {
    const int64_t count = absl::IDivDuration(duration, unit.length, &duration);
    if (count == 0) continue;
    absl::StrAppend(&words, words.empty() ? "" : " ", count, " ", unit.name);
  }
  return words.empty() ? "0 s" : words;
}

struct Expired {
  int64_t entry_id = 0;
  int64_t commit_key = 0;
  int64_t version = 0;
  int64_t attempt = 0;
  std::string series;
  std::string target_url;
  int64_t expires_after_us = 0;
  std::string canonical;
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
      query.Read(&entry.entry_id, &entry.commit_key, &entry.version,
                 &entry.attempt, &entry.series, &entry.target_url,
                 &entry.expires_after_us, &entry.canonical);
      if (!connection->AreCounts({entry.version})) return 0;
    }
  }
  for (const Expired& entry : expired) {
    const int64_t sequence = ++state->sequence;
    const int64_t version = entry.version + 1;
    const std::string description =
        absl::StrCat("No result within ",
                     InWords(absl::Microseconds(entry.expires_after_us)));
    SqliteQuery(connection, kExpire)
        .Bind(version, Phase::kExpired, description, sequence, now,
              PostingState::kDue, absl::ToInt64Microseconds(kAmbiguousWait),
              entry.entry_id)
        .Run();
    SqliteQuery(connection, kCountExpired)
        .Bind(sequence, now, entry.commit_key)
        .Run();
    SqliteQuery(connection, kRecordExpired)
        .Bind(entry.entry_id, version, sequence, now, Phase::kExpired,
              entry.attempt, entry.series, description, entry.target_url,
              kOwnCaller)
        .Run();
    state->repositories.AddDue(connection, entry.canonical,
                               /*is_pending=*/false);
  }
  return static_cast<int>(expired.size());
}

}  // namespace signalbox
