#include "server/outbox/sqlite_changes.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "server/outbox/sqlite_status_row.h"

namespace signalbox {
namespace {

#define SIGNALBOX_CHANGE_COLUMNS                                          \
  "change_sequence, entry_id, context, version, phase, attempt, series, " \
  "result, description, target_url, report_time_us, expire_time_us, "     \
  "posting_state, posting_reason, try_count, post_time_us, due_time_us, " \
  "lease_version, shown_state, shown_description, shown_target_url, "     \
  "report_sequence"

constexpr char kNoteChange[] =
    "INSERT OR REPLACE INTO status_change (" SIGNALBOX_CHANGE_COLUMNS
    ") SELECT " SIGNALBOX_CHANGE_COLUMNS " FROM entry WHERE entry_id = ?";

constexpr char kGetNumber[] = "SELECT value FROM meta WHERE name = ?";
constexpr char kRaiseForgotten[] =
    "UPDATE meta SET value = MAX(value, ?) WHERE name = 'forgotten_sequence'";

// For both kinds of changes. Joined with `entry`, because the entry may have
// moved to another commit or repository since.
#define SIGNALBOX_OF_ENTRY                                         \
  "CROSS JOIN entry AS n ON n.entry_id = e.entry_id "              \
  "CROSS JOIN commit_summary AS c ON c.commit_key = n.commit_key " \
  "CROSS JOIN repository AS r ON r.repository_key = n.repository_key "

constexpr char kListChanges[] =
    "SELECT r.host, r.owner, r.name, c.sha, " SIGNALBOX_STATUS_COLUMNS
    "FROM status_change AS e " SIGNALBOX_OF_ENTRY
    "WHERE e.change_sequence > ? ORDER BY e.change_sequence LIMIT ?";
// SIGNALBOX_STATUS_COLUMNS of an entry just after it accepted the report.
constexpr char kListAccepted[] =
    "SELECT r.host, r.owner, r.name, c.sha, n.context, e.phase, e.result, "
    "e.description, e.target_url, e.attempt, e.series, e.sequence, "
    "e.accept_time_us, e.expire_time_us, ?, '', 0, NULL, NULL, 0, e.version, "
    "NULL, '', '', e.sequence "
    "FROM report AS e " SIGNALBOX_OF_ENTRY
    "WHERE e.report_id >= ? AND e.sequence > ? ORDER BY e.report_id LIMIT ?";

constexpr char kReportIds[] =
    "SELECT (SELECT MIN(report_id) FROM report), "
    "(SELECT MAX(report_id) FROM report)";
constexpr char kFindReport[] =
    "SELECT report_id, sequence FROM report WHERE report_id >= ? "
    "ORDER BY report_id LIMIT 1";

int64_t GetNumber(SqliteConnection* connection, absl::string_view name) {
  const auto number = connection->First<int64_t>(kGetNumber, name);
  if (!number.has_value()) {
    connection->NoteDamage(absl::StrCat("table meta has no row ", name));
  }
  return number.value_or(0);
}

void Read(SqliteQuery* query, std::vector<StatusChange>* changes) {
  while (query->Next()) {
    StatusChange& change = changes->emplace_back();
    change.status =
        ReadStatusRow(*query, &change.repository, &change.sha).View();
    change.cursor = ChangeCursor(change.status.sequence);
  }
}

}  // namespace

// The rows are in the order of their sequences, apart from the sign.
int64_t FirstReportAfter(SqliteConnection* connection, int64_t sequence) {
  using Id = std::optional<int64_t>;
  const auto [first, last] = connection->First<std::tuple<Id, Id>>(kReportIds)
                                 .value_or(std::tuple<Id, Id>());
  int64_t begin = first.value_or(0);
  int64_t end = last.value_or(0);
  if (!connection->AreCounts({begin, end})) return 0;
  ++end;
  while (begin < end) {
    const int64_t middle = begin + (end - begin) / 2;
    const auto [id, number] =
        connection->First<std::tuple<int64_t, int64_t>>(kFindReport, middle)
            .value_or(std::tuple<int64_t, int64_t>(middle, 0));
    if (number > sequence || number < -sequence) {
      end = middle;
    } else {
      begin = id + 1;
    }
  }
  return begin;
}

void NoteChange(SqliteConnection* connection, int64_t entry_id) {
  connection->Execute(kNoteChange, entry_id);
}

ChangeCursor NewestChange(SqliteConnection* connection) {
  const int64_t newest = GetNumber(connection, "sequence");
  return ChangeCursor(connection->AreCounts({newest}) ? newest : 0);
}

absl::StatusOr<std::vector<StatusChange>> ChangesAfter(
    SqliteConnection* connection, ChangeCursor after, int limit, int64_t kept) {
  std::vector<StatusChange> changes;
  const int64_t after_sequence = after.sequence();
  const int64_t newest = NewestChange(connection).sequence();
  if (after_sequence == newest) return changes;
  const int64_t forgotten = GetNumber(connection, "forgotten_sequence");
  if (!connection->AreCounts({forgotten})) return changes;
  const int64_t oldest = std::max(forgotten, newest - kept);
  if (after_sequence > newest || after_sequence < oldest) {
    return Error(
        absl::StatusCode::kOutOfRange, "SEQUENCE_NOT_KEPT",
        absl::StrCat(
            "after_sequence: ", after_sequence,
            after_sequence > newest
                ? " is above the server's newest sequence; wanted at most "
                : " is too old: the server no longer has all changes after it; "
                  "wanted at least ",
            after_sequence > newest ? newest : oldest));
  }
  // SQLite takes a negative limit as no limit.
  const size_t most = static_cast<size_t>(std::max(limit, 0));
  {
    SqliteQuery query(connection, kListChanges);
    query.Bind(after_sequence, static_cast<int64_t>(most));
    Read(&query, &changes);
  }
  {
    const int64_t begin = FirstReportAfter(connection, after_sequence);
    SqliteQuery query(connection, kListAccepted);
    query.Bind(PostingState::kDue, begin, after_sequence,
               static_cast<int64_t>(most));
    Read(&query, &changes);
  }
  std::sort(changes.begin(), changes.end(),
            [](const StatusChange& a, const StatusChange& b) {
              return a.cursor < b.cursor;
            });
  // Only damage gives a sequence twice. The caller resumes after a sequence, so
  // each must occur once.
  changes.erase(std::unique(changes.begin(), changes.end(),
                            [](const StatusChange& a, const StatusChange& b) {
                              return a.cursor == b.cursor;
                            }),
                changes.end());
  if (changes.size() > most) changes.resize(most);
  return changes;
}

void NoteForgotten(SqliteConnection* connection, int64_t sequence) {
  connection->Execute(kRaiseForgotten, sequence);
}

}  // namespace signalbox
