#include "server/outbox/sqlite_rename.h"

#include "absl/strings/ascii.h"
#include "server/outbox/merge_rules.h"
#include "server/outbox/sqlite_changes.h"
#include "server/outbox/sqlite_commit_reports.h"
#include "server/outbox/sqlite_runs.h"
#include "server/outbox/sqlite_summary.h"
#include "server/outbox/status_view.h"
#include "server/report/judge.h"

namespace signalbox {
namespace {

constexpr char kGetSha[] =
    "SELECT sha FROM commit_summary WHERE commit_key = ?";
constexpr char kFindMovedCommit[] =
    "SELECT commit_key FROM commit_summary WHERE repository_key = ? "
    "AND sha = ?";
constexpr char kAddCommit[] =
    "INSERT INTO commit_summary (repository_key, sha, newest_sequence, "
    "update_time_us, status_count, pending_count, failed_count) "
    "VALUES (?, ?, 0, ?, 0, 0, 0)";
// A row that the entries of another row of the commit will join.
constexpr char kBeginCommit[] =
    "INSERT INTO commit_summary (repository_key, sha, newest_sequence, "
    "update_time_us, status_count, pending_count, failed_count, overtaken_by) "
    "SELECT ?1, sha, 0, update_time_us, 0, 0, 0, overtaken_by "
    "FROM commit_summary WHERE commit_key = ?2";
constexpr char kListMovedEntries[] =
    "SELECT entry_id, context_key FROM entry WHERE commit_key = ? "
    "ORDER BY entry_id LIMIT ?";
constexpr char kFindMovedEntry[] =
    "SELECT entry_id FROM entry WHERE commit_key = ? AND context_key = ?";
constexpr char kMoveEntry[] =
    "UPDATE entry SET commit_key = ?, repository_key = ? WHERE entry_id = ?";
// All that the entry knew of GitHub was about the former repository.
constexpr char kMakeFresh[] =
    "UPDATE entry SET reported_as = '', change_sequence = ?, "
    "posting_state = ?, posting_reason = '', try_count = 0, "
    "refusal_count = 0, post_time_us = NULL, due_time_us = ?, "
    "lease_version = 0, ambiguous_time_us = NULL, posted_version = 0, "
    "posted_status_id = 0, shown_state = NULL, shown_description = '', "
    "shown_target_url = '', status_count = 0 WHERE entry_id = ?";
constexpr char kGetMovedEntry[] =
    "SELECT version, phase, attempt, run_state, result, description, "
    "target_url, report_sequence, posting_state, lease_version, "
    "ambiguous_time_us, posted_status_id, shown_state, shown_description, "
    "shown_target_url, status_count, series, run_result, other_run_count, "
    "newest_text_wins, expire_time_us, expires_after_us "
    "FROM entry WHERE entry_id = ?";
constexpr char kMoveReports[] =
    "UPDATE report SET entry_id = ? WHERE entry_id = ?";
constexpr char kMoveTries[] = "UPDATE try SET entry_id = ? WHERE entry_id = ?";
constexpr char kDeleteEntry[] = "DELETE FROM entry WHERE entry_id = ?";
constexpr char kSetMerged[] =
    "UPDATE entry SET version = ?, change_sequence = ?, posting_state = ?, "
    "posting_reason = '', try_count = 0, refusal_count = 0, "
    "due_time_us = CASE WHEN lease_version = 0 THEN ? ELSE due_time_us END, "
    "ambiguous_time_us = ?, posted_status_id = ?, shown_state = ?, "
    "shown_description = ?, shown_target_url = ?, status_count = ?, "
    "attempt = ?, run_state = ?, series = ?, run_result = ?, "
    "other_run_count = ?, expire_time_us = ?, expires_after_us = ? "
    "WHERE entry_id = ?";

constexpr char kDeleteCommit[] =
    "DELETE FROM commit_summary WHERE commit_key = ?";

constexpr char kMoveEntries[] =
    "UPDATE entry SET repository_key = ? WHERE commit_key = ?";
constexpr char kMoveCommit[] =
    "UPDATE commit_summary SET repository_key = ? WHERE commit_key = ?";
constexpr char kCountEntries[] =
    "SELECT COUNT(*) FROM entry WHERE commit_key = ?";

// The caller that reported what an entry holds. Skips expiries, which the
// server itself reports.
constexpr char kFindReporter[] =
    "SELECT caller FROM report WHERE entry_id = ? AND sequence > 0 "
    "AND phase <> ? ORDER BY report_id DESC LIMIT 1";
constexpr char kFindName[] =
    "SELECT r.host, r.owner, r.name, e.context FROM repository AS r, "
    "entry AS e WHERE r.repository_key = ? AND e.entry_id = ?";
constexpr char kSupersedeReports[] =
    "UPDATE report SET sequence = -sequence, version = 0 "
    "WHERE entry_id = ? AND sequence > 0";

MergingEntry Load(SqliteConnection* connection, int64_t entry_id) {
  MergingEntry entry;
  entry.entry_id = entry_id;
  SqliteQuery query(connection, kGetMovedEntry);
  query.Bind(entry_id);
  if (!query.Next()) return entry;
  Held& held = entry.held;
  int64_t other_runs = 0;
  std::optional<int64_t> expires_after_us;
  query.Read(&entry.version, &held.phase, &held.run.attempt, &held.run.state,
             &held.result, &held.description, &held.target_url,
             &entry.report_sequence, &entry.posting_state, &entry.lease_version,
             &entry.ambiguous_time, &entry.shown_status_id, &entry.shown_state,
             &entry.shown_description, &entry.shown_target_url,
             &entry.status_count, &held.run.series, &held.run.result,
             &other_runs, &held.newest_text_wins, &entry.expire_time,
             &expires_after_us);
  if (expires_after_us.has_value()) {
    entry.expires_after = absl::Microseconds(*expires_after_us);
  }
  if (!connection->AreCounts({entry.version, entry.status_count, other_runs})) {
    entry.version = entry.status_count = 0;
  }
  if (other_runs > 0) held.other_runs = ReadOtherRuns(connection, entry_id);
  return entry;
}

std::string ReporterOf(SqliteConnection* connection,
                       const MergingEntry& entry) {
  return connection
      ->First<std::string>(kFindReporter, entry.entry_id, Phase::kExpired)
      .value_or("");
}

// Where an entry moves to: another row of its commit.
struct Moving {
  int64_t to_commit = 0;
  int64_t to_repository = 0;
  bool target_had_old_name = false;
};

// A report by the old name may replace one that another caller made by the new
// name only if its caller may report by the new name.
MayCount WhichMayCount(SqliteConnection* connection,
                       const SqliteWriterState& state, const MergingEntry& from,
                       const MergingEntry& to, const Moving& moving) {
  if (from.version == 0 || to.version == 0 || !state.may_report) {
    return MayCount::kBoth;
  }
  const bool from_is_new = moving.target_had_old_name;
  const std::string reporter = ReporterOf(connection, from_is_new ? to : from);
  const MergingEntry& new_name = from_is_new ? from : to;
  if (reporter == ReporterOf(connection, new_name)) return MayCount::kBoth;
  const auto name = connection->First<std::tuple<Repository, std::string>>(
      kFindName, moving.to_repository, new_name.entry_id);
  if (!name.has_value()) return MayCount::kBoth;
  const auto& [repository, context] = *name;
  if (state.may_report(reporter, repository, context)) return MayCount::kBoth;
  return from_is_new ? MayCount::kFrom : MayCount::kTo;
}

// The rows that a merge of two entries changes beside their history: it deletes
// one, writes the other twice and notes the change.
constexpr int kRowsOfMerge = 4;

// Merges two rows of one key. Returns how many rows changed.
int MergeRows(SqliteConnection* connection, SqliteWriterState* state,
              int64_t from_id, int64_t to_id, const Moving& moving,
              absl::Time now) {
  const MergingEntry from = Load(connection, from_id);
  const MergingEntry to = Load(connection, to_id);
  const MergedEntry merged = MergeEntries(
      from, to, WhichMayCount(connection, *state, from, to, moving),
      state->limits.ambiguous_wait, now);
  const MergingEntry& row = merged.row;
  if (merged.supersedes_removed) {
    connection->Execute(kSupersedeReports, merged.removed_id);
  }
  int64_t rows = kRowsOfMerge;
  for (const char* const move : {kMoveReports, kMoveTries}) {
    connection->Execute(move, row.entry_id, merged.removed_id);
    rows += connection->ChangedRows();
  }
  WriteOtherRuns(connection, merged.removed_id, {});
  MergeObserved(connection, row.entry_id, merged.removed_id);
  connection->Execute(kDeleteEntry, merged.removed_id);
  if (merged.other_runs_changed) {
    WriteOtherRuns(connection, row.entry_id, row.held.other_runs);
  }
  connection->Execute(kMoveEntry, moving.to_commit, moving.to_repository,
                      row.entry_id);
  connection->Execute(
      kSetMerged, row.version, ++state->sequence, row.posting_state,
      merged.due_time, row.ambiguous_time, row.shown_status_id, row.shown_state,
      row.shown_description, row.shown_target_url, row.status_count,
      row.held.run.attempt, row.held.run.state, row.held.run.series,
      row.held.run.result, static_cast<int64_t>(row.held.other_runs.size()),
      row.expire_time, row.expires_after, row.entry_id);
  NoteChange(connection, row.entry_id);
  return static_cast<int>(rows);
}

std::string ShaOf(SqliteConnection* connection, int64_t commit_key) {
  return connection->First<SqliteBytes>(kGetSha, commit_key)
      .value_or(SqliteBytes())
      .bytes;
}

int64_t CountEntries(SqliteConnection* connection, int64_t commit_key) {
  return connection->First<int64_t>(kCountEntries, commit_key).value_or(0);
}

int64_t FindEntry(SqliteConnection* connection, int64_t commit_key,
                  const std::string& context_key) {
  return connection->First<int64_t>(kFindMovedEntry, commit_key, context_key)
      .value_or(0);
}

// Returns how many rows it changed.
int MoveEntry(SqliteConnection* connection, SqliteWriterState* state,
              int64_t entry_id, const std::string& context_key,
              const Moving& moving, absl::Time now) {
  const int64_t other = FindEntry(connection, moving.to_commit, context_key);
  if (other != 0) {
    return MergeRows(connection, state, entry_id, other, moving, now);
  }
  connection->Execute(kMoveEntry, moving.to_commit, moving.to_repository,
                      entry_id);
  return 1;
}

// Finds or adds the row that the entries of a commit move to.
int64_t BeginMove(SqliteConnection* connection, int64_t from_commit,
                  int64_t to_repository) {
  const int64_t found =
      FindCommitKey(connection, to_repository, ShaOf(connection, from_commit));
  if (found != 0) return found;
  connection->Execute(kBeginCommit, to_repository, from_commit);
  return connection->LastInsertId();
}

// Counts the statuses again. Deletes the old row if it has no entries left.
void EndMove(SqliteConnection* connection, int64_t from_commit,
             int64_t to_commit) {
  Summarize(connection, to_commit);
  if (CountEntries(connection, from_commit) == 0) {
    connection->Execute(kDeleteCommit, from_commit);
  } else {
    Summarize(connection, from_commit);
  }
}

}  // namespace

int64_t FindCommitKey(SqliteConnection* connection, int64_t repository_key,
                      absl::string_view sha) {
  return connection
      ->First<int64_t>(kFindMovedCommit, repository_key, SqliteBlob{sha})
      .value_or(0);
}

int MoveCommit(SqliteConnection* connection, SqliteWriterState* state,
               int64_t commit_key, int64_t to_repository,
               bool target_had_old_name, absl::Time now, int limit) {
  const std::string sha = ShaOf(connection, commit_key);
  const int entries = static_cast<int>(CountEntries(connection, commit_key));
  if (entries <= limit && FindCommitKey(connection, to_repository, sha) == 0) {
    connection->Execute(kMoveEntries, to_repository, commit_key);
    connection->Execute(kMoveCommit, to_repository, commit_key);
    return 1 + entries;
  }
  const Moving moving = {BeginMove(connection, commit_key, to_repository),
                         to_repository, target_had_old_name};
  int rows = 1;
  for (const auto& [entry_id, context_key] :
       connection->All<std::tuple<int64_t, std::string>>(kListMovedEntries,
                                                         commit_key, limit)) {
    if (rows > limit) break;
    rows += MoveEntry(connection, state, entry_id, context_key, moving, now);
  }
  EndMove(connection, commit_key, moving.to_commit);
  return rows;
}

void MoveContexts(SqliteConnection* connection, SqliteWriterState* state,
                  int64_t commit_key, absl::Span<const std::string> contexts,
                  int64_t to_repository, bool target_had_old_name,
                  absl::Time now) {
  const Moving moving = {BeginMove(connection, commit_key, to_repository),
                         to_repository, target_had_old_name};
  for (const std::string& context : contexts) {
    const std::string context_key = absl::AsciiStrToLower(context);
    const int64_t entry_id = FindEntry(connection, commit_key, context_key);
    if (entry_id == 0) continue;
    MoveEntry(connection, state, entry_id, context_key, moving, now);
  }
  EndMove(connection, commit_key, moving.to_commit);
}

void MoveFresh(SqliteConnection* connection, SqliteWriterState* state,
               int64_t entry_id, int64_t from_commit,
               const std::string& context_key, int64_t to_repository,
               absl::Time now) {
  const std::string sha = ShaOf(connection, from_commit);
  int64_t to_commit = FindCommitKey(connection, to_repository, sha);
  if (to_commit == 0) {
    connection->Execute(kAddCommit, to_repository, SqliteBlob{sha}, now);
    to_commit = connection->LastInsertId();
  }
  connection->Execute(kMakeFresh, ++state->sequence, PostingState::kDue, now,
                      entry_id);
  DropObserved(connection, entry_id);
  const bool meets = FindEntry(connection, to_commit, context_key) != 0;
  MoveEntry(connection, state, entry_id, context_key,
            {to_commit, to_repository, /*target_had_old_name=*/false}, now);
  // If two entries met, the merge has noted the change.
  if (!meets) NoteChange(connection, entry_id);
  EndMove(connection, from_commit, to_commit);
}

}  // namespace signalbox
