#include "server/outbox/sqlite_journal.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"

namespace signalbox {
namespace {

constexpr char kAddToJournal[] =
    "INSERT INTO journal (repository_key, sha, context, entry_id, disposition, "
    "accept_time_us, version, sequence, phase, attempt, series, result, "
    "description, target_url, caller, delivery_id, expire_time_us, "
    "expires_after_us, first_due_time_us, run_attempt, run_series, run_state, "
    "run_result, reported_as, newest_text_wins, request_id) VALUES (?, ?, ?, "
    "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
constexpr char kListJournal[] =
    "SELECT journal_id, repository_key, sha, context, entry_id, disposition, "
    "accept_time_us, version, sequence, phase, result, description, "
    "target_url, expire_time_us, expires_after_us, first_due_time_us, "
    "run_attempt, run_series, run_state, run_result, reported_as, "
    "newest_text_wins "
    "FROM journal ORDER BY journal_id";
// The row may be damaged.
constexpr char kFindNewestInJournal[] =
    "SELECT IFNULL(MAX(sequence), 0) FROM journal "
    "WHERE typeof(sequence) = 'integer' AND sequence <= 4611686018427387904";
constexpr char kSetEntryOfJournal[] =
    "UPDATE journal SET entry_id = ? WHERE journal_id = ?";
constexpr char kMoveJournal[] =
    "INSERT INTO report (entry_id, version, sequence, accept_time_us, phase, "
    "attempt, result, description, target_url, caller, delivery_id, "
    "expire_time_us, series, request_id) SELECT entry_id, version, sequence, "
    "accept_time_us, phase, attempt, result, description, target_url, caller, "
    "delivery_id, expire_time_us, series, request_id FROM journal "
    "WHERE journal_id <= ? AND disposition <> 2 ORDER BY journal_id";
static_assert(static_cast<int>(Disposition::kUnchanged) == 2);
constexpr char kCutJournal[] = "DELETE FROM journal WHERE journal_id <= ?";

}  // namespace

int64_t AddToJournal(SqliteConnection* connection, int64_t repository_key,
                     const EntryRow& entry, const Submission& submission,
                     const Decided& decided, absl::Time accept_time) {
  const Report& report = submission.report;
  const NewestRun& run = entry.held.run;
  const auto delivery_id = submission.delivery.has_value()
                               ? absl::string_view(submission.delivery->id)
                               : absl::string_view();
  const auto expires_after =
      decided.expire_time.has_value()
          ? std::optional<absl::Duration>(entry.expires_after)
          : std::nullopt;
  connection->Execute(
      kAddToJournal, repository_key, report.sha, entry.context, entry.entry_id,
      decided.disposition, accept_time, decided.version, decided.sequence,
      decided.phase, report.attempt, report.series, report.result,
      report.description, report.target_url, submission.caller, delivery_id,
      decided.expire_time, expires_after, entry.first_due_time, run.attempt,
      run.series, run.state, run.result, entry.reported_as,
      entry.held.newest_text_wins, submission.request_id);
  return connection->LastInsertId();
}

void ReadJournal(SqliteConnection* connection,
                 absl::FunctionRef<void(JournalRow)> see) {
  SqliteQuery query(connection, kListJournal);
  while (query.Next()) {
    JournalRow row;
    EntryRow& entry = row.entry;
    Held& held = entry.held;
    std::optional<int64_t> expires_after_us;
    query.Read(&row.journal_id, &row.repository_key, &row.sha, &entry.context,
               &entry.entry_id, &row.disposition, &entry.report_time,
               &entry.version, &entry.report_sequence, &held.phase,
               &held.result, &held.description, &held.target_url,
               &entry.expire_time, &expires_after_us, &entry.first_due_time,
               &held.run.attempt, &held.run.series, &held.run.state,
               &held.run.result, &entry.reported_as, &held.newest_text_wins);
    const bool is_result = held.phase == Phase::kNumberedResult ||
                           held.phase == Phase::kUnnumberedResult;
    if (row.sha.empty() || held.phase == Phase::kExpired ||
        is_result != held.result.has_value()) {
      connection->NoteDamage("a row of table journal is damaged");
    }
    // After damage the transaction will be rolled back.
    if (!connection->status().ok()) return;
    entry.expires_after = absl::Microseconds(expires_after_us.value_or(0));
    entry.context_key = absl::AsciiStrToLower(entry.context);
    entry.change_sequence = entry.report_sequence;
    entry.is_pending = !held.result.has_value();
    see(std::move(row));
  }
}

int64_t NewestInJournal(SqliteConnection* connection) {
  const auto newest = connection->First<int64_t>(kFindNewestInJournal);
  return std::max<int64_t>(newest.value_or(0), 0);
}

void SetEntryOfJournal(SqliteConnection* connection, int64_t journal_id,
                       int64_t entry_id) {
  connection->Execute(kSetEntryOfJournal, entry_id, journal_id);
}

void MoveJournalToHistory(SqliteConnection* connection, int64_t last_id) {
  connection->Execute(kMoveJournal, last_id);
  connection->Execute(kCutJournal, last_id);
}

}  // namespace signalbox
