#include "server/outbox/sqlite_rename.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/outbox/entry_state.h"
#include "server/outbox/outbox.h"
#include "server/outbox/sqlite_changes.h"
#include "server/outbox/sqlite_runs.h"
#include "server/report/judge.h"

namespace signalbox {
namespace {

constexpr char kListCommon[] =
    "SELECT f.commit_key, t.commit_key FROM commit_summary AS f "
    "JOIN commit_summary AS t ON t.repository_key = ?2 AND t.sha = f.sha "
    "WHERE f.repository_key = ?1 ORDER BY f.commit_key";
constexpr char kListEntries[] =
    "SELECT entry_id, context_key FROM entry WHERE commit_key = ? "
    "ORDER BY entry_id";
constexpr char kFindEntry[] =
    "SELECT entry_id FROM entry WHERE commit_key = ? AND context_key = ?";
constexpr char kMoveEntry[] =
    "UPDATE entry SET commit_key = ?, repository_key = ? WHERE entry_id = ?";
constexpr char kGetEntry[] =
    "SELECT version, phase, attempt, run_state, result, description, "
    "target_url, report_sequence, posting_state, lease_version, "
    "ambiguous_time_us, posted_status_id, shown_state, shown_description, "
    "shown_target_url, status_count, series, run_result, other_run_count "
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
    "other_run_count = ? WHERE entry_id = ?";

constexpr char kListStates[] =
    "SELECT phase, result, report_sequence, report_time_us FROM entry "
    "WHERE commit_key = ? AND version > 0 ORDER BY entry_id";
constexpr char kSetSummary[] =
    "UPDATE commit_summary SET newest_sequence = ?, "
    "update_time_us = MAX(update_time_us, ?), status_count = ?, "
    "pending_count = ?, failed_count = ? WHERE commit_key = ?";
constexpr char kDeleteCommit[] =
    "DELETE FROM commit_summary WHERE commit_key = ?";

constexpr char kMoveAllEntries[] =
    "UPDATE entry SET repository_key = ?2 WHERE commit_key IN "
    "(SELECT commit_key FROM commit_summary WHERE repository_key = ?1)";
constexpr char kMoveAllCommits[] =
    "UPDATE commit_summary SET repository_key = ?2 WHERE repository_key = ?1";
constexpr char kMovePullRequests[] =
    "INSERT INTO pull_request (repository_key, number, updated_time_us, "
    "head_sha) SELECT ?2, number, updated_time_us, head_sha FROM pull_request "
    "WHERE repository_key = ?1 ON CONFLICT (repository_key, number) "
    "DO UPDATE SET updated_time_us = excluded.updated_time_us, "
    "head_sha = excluded.head_sha "
    "WHERE excluded.updated_time_us > updated_time_us";
constexpr char kDeletePullRequests[] =
    "DELETE FROM pull_request WHERE repository_key = ?";
constexpr char kMoveAliases[] =
    "UPDATE repository_alias SET repository_key = ?2 WHERE repository_key = ?1";
constexpr char kMoveReruns[] =
    "UPDATE rerun SET repository_key = ?2 WHERE repository_key = ?1";
constexpr char kDeleteDue[] =
    "DELETE FROM due_repository WHERE canonical = ? AND repository_key = ? "
    "AND lane = (SELECT lane FROM repository WHERE repository_key = ?2)";
constexpr char kDeleteRepository[] =
    "DELETE FROM repository WHERE repository_key = ?";

// What of an entry matters when two of one key become one.
struct Entry {
  int64_t entry_id = 0;
  int64_t version = 0;
  Held held;
  int64_t report_sequence = 0;
  PostingState posting_state = PostingState::kDue;
  int64_t lease_version = 0;
  std::optional<absl::Time> ambiguous_time;
  int64_t shown_status_id = 0;
  std::optional<std::string> shown_state;
  std::string shown_description;
  std::string shown_target_url;
  int64_t status_count = 0;
};

Entry Load(SqliteConnection* connection, int64_t entry_id) {
  Entry entry;
  entry.entry_id = entry_id;
  SqliteQuery query(connection, kGetEntry);
  query.Bind(entry_id);
  if (!query.Next()) return entry;
  Held& held = entry.held;
  int64_t other_runs = 0;
  query.Read(&entry.version, &held.phase, &held.run.attempt, &held.run.state,
             &held.result, &held.description, &held.target_url,
             &entry.report_sequence, &entry.posting_state, &entry.lease_version,
             &entry.ambiguous_time, &entry.shown_status_id, &entry.shown_state,
             &entry.shown_description, &entry.shown_target_url,
             &entry.status_count, &held.run.series, &held.run.result,
             &other_runs);
  if (!connection->AreCounts({entry.version, entry.status_count, other_runs})) {
    entry.version = entry.status_count = 0;
  }
  if (other_runs > 0) held.other_runs = ReadOtherRuns(connection, entry_id);
  return entry;
}

// Two rows of one key and what becomes of them: the one whose report counts
// stays, with the history of both and the newest that is known of GitHub.
void MergeEntries(SqliteConnection* connection, SqliteWriterState* state,
                  int64_t from_id, int64_t to_id, int64_t to_commit,
                  int64_t to_repository, absl::Time now) {
  const Entry from = Load(connection, from_id);
  const Entry to = Load(connection, to_id);
  const bool from_is_later = from.report_sequence > to.report_sequence;
  const Entry& earlier = from_is_later ? to : from;
  const Entry& later = from_is_later ? from : to;
  const Merged merged = Merge(earlier.version > 0 ? &earlier.held : nullptr,
                              later.version > 0 ? &later.held : nullptr);
  const Entry& winner = merged.later_counts ? later : earlier;
  const Entry& loser = merged.later_counts ? earlier : later;
  const std::vector<NewestRun>& other_runs = merged.held.other_runs;
  const Entry& shows = from.shown_status_id > to.shown_status_id ? from : to;

  SqliteQuery(connection, kMoveReports)
      .Bind(winner.entry_id, loser.entry_id)
      .Run();
  SqliteQuery(connection, kMoveTries)
      .Bind(winner.entry_id, loser.entry_id)
      .Run();
  WriteOtherRuns(connection, loser.entry_id, {});
  SqliteQuery(connection, kDeleteEntry).Bind(loser.entry_id).Run();
  if (other_runs != winner.held.other_runs) {
    WriteOtherRuns(connection, winner.entry_id, other_runs);
  }
  SqliteQuery(connection, kMoveEntry)
      .Bind(to_commit, to_repository, winner.entry_id)
      .Run();

  std::optional<absl::Time> ambiguous =
      std::max(from.ambiguous_time, to.ambiguous_time);
  // The end of a try at the row that goes finds nothing to settle.
  if (loser.lease_version != 0) ambiguous = now;
  absl::Time due = now;
  if (ambiguous.has_value()) due = std::max(due, *ambiguous + kAmbiguousWait);
  const bool wanted = winner.version > 0;
  SqliteQuery(connection, kSetMerged)
      .Bind(from.version + to.version, ++state->sequence,
            wanted ? PostingState::kDue : PostingState::kObserved,
            wanted ? std::optional<absl::Time>(due) : std::nullopt, ambiguous,
            shows.shown_status_id, shows.shown_state, shows.shown_description,
            shows.shown_target_url, from.status_count + to.status_count,
            merged.held.run.attempt, merged.held.run.state,
            merged.held.run.series, merged.held.run.result,
            static_cast<int64_t>(other_runs.size()), winner.entry_id)
      .Run();
  NoteChange(connection, winner.entry_id);
}

void Summarize(SqliteConnection* connection, int64_t commit_key) {
  int64_t statuses = 0;
  int64_t pending = 0;
  int64_t failed = 0;
  int64_t newest = 0;
  absl::Time update_time = absl::UnixEpoch();
  {
    SqliteQuery query(connection, kListStates);
    query.Bind(commit_key);
    while (query.Next()) {
      Phase phase = Phase::kWebhookPending;
      std::optional<Result> result;
      int64_t sequence = 0;
      absl::Time time;
      query.Read(&phase, &result, &sequence, &time);
      const CommitState state = StateOf(phase, result);
      ++statuses;
      if (state == CommitState::kPending) ++pending;
      if (IsFailed(state)) ++failed;
      newest = std::max(newest, sequence);
      update_time = std::max(update_time, time);
    }
  }
  SqliteQuery(connection, kSetSummary)
      .Bind(newest, update_time, statuses, pending, failed, commit_key)
      .Run();
}

void MergeCommits(SqliteConnection* connection, SqliteWriterState* state,
                  int64_t from_commit, int64_t to_commit, int64_t to_repository,
                  absl::Time now) {
  std::vector<std::pair<int64_t, std::string>> entries;
  {
    SqliteQuery query(connection, kListEntries);
    query.Bind(from_commit);
    while (query.Next()) {
      auto& [entry_id, context] = entries.emplace_back();
      query.Read(&entry_id, &context);
    }
  }
  for (const auto& [entry_id, context] : entries) {
    int64_t other = 0;
    {
      SqliteQuery query(connection, kFindEntry);
      if (query.Bind(to_commit, context).Next()) query.Read(&other);
    }
    if (other == 0) {
      SqliteQuery(connection, kMoveEntry)
          .Bind(to_commit, to_repository, entry_id)
          .Run();
    } else {
      MergeEntries(connection, state, entry_id, other, to_commit, to_repository,
                   now);
    }
  }
  SqliteQuery(connection, kDeleteCommit).Bind(from_commit).Run();
  Summarize(connection, to_commit);
}

void MergeRepositories(SqliteConnection* connection, SqliteWriterState* state,
                       int64_t from, const std::string& from_canonical,
                       int64_t to, absl::Time now) {
  std::vector<std::pair<int64_t, int64_t>> common;
  {
    SqliteQuery query(connection, kListCommon);
    query.Bind(from, to);
    while (query.Next()) {
      auto& [from_commit, to_commit] = common.emplace_back();
      query.Read(&from_commit, &to_commit);
    }
  }
  for (const auto& [from_commit, to_commit] : common) {
    MergeCommits(connection, state, from_commit, to_commit, to, now);
  }
  SqliteQuery(connection, kMoveAllEntries).Bind(from, to).Run();
  SqliteQuery(connection, kMoveAllCommits).Bind(from, to).Run();
  SqliteQuery(connection, kMovePullRequests).Bind(from, to).Run();
  SqliteQuery(connection, kDeletePullRequests).Bind(from).Run();
  SqliteQuery(connection, kMoveAliases).Bind(from, to).Run();
  SqliteQuery(connection, kMoveReruns).Bind(from, to).Run();
  SqliteQuery(connection, kDeleteDue).Bind(from_canonical, from).Run();
  SqliteQuery(connection, kDeleteRepository).Bind(from).Run();
}

}  // namespace

void RenameRepository(SqliteConnection* connection, SqliteWriterState* state,
                      const Repository& from, const Repository& to,
                      int64_t github_id, absl::Time now) {
  SqliteRepositories& repositories = state->repositories;
  const std::string said = from.Canonical();
  const std::string to_canonical = to.Canonical();
  const std::string from_canonical = repositories.Resolve(connection, said, 0);
  if (from_canonical == to_canonical) return;
  // The new name is nobody's old one any more.
  repositories.RemoveAlias(connection, to_canonical);

  const int64_t from_key = repositories.Find(connection, from_canonical);
  const int64_t to_key = repositories.Find(connection, to_canonical);
  if (from_key != 0 && to_key == 0) {
    repositories.Rename(connection, from_key, to, github_id);
  } else if (from_key != 0) {
    MergeRepositories(connection, state, from_key, from_canonical, to_key, now);
    repositories.Forget();
  }
  const int64_t key =
      repositories.FindOrAdd(connection, to_canonical, to, github_id);
  repositories.AddAlias(connection, from_canonical, github_id, key);
  repositories.Revive(connection, key, &state->sequence);
  for (const bool is_pending : {false, true}) {
    repositories.AddDue(connection, to_canonical, is_pending);
  }
}

}  // namespace signalbox
