#include "server/outbox/sqlite_retention.h"

#include <optional>
#include <vector>

#include "server/outbox/sqlite_changes.h"

namespace signalbox {
namespace {

// The limits of one batch. A commit has some ten entries, each with some
// reports and tries.
constexpr int kCommitsPerBatch = 20;
constexpr int kCommitsLookedAtPerBatch = 400;
constexpr int kHistoryPerBatch = 200;
// Of pull requests, and of branches and tags.
constexpr int kHeadsPerBatch = 50;

// In the order of the newest report, which is that of time. Two statements:
// SQLite would seek a pair of columns by the first one alone, and all commits
// without an accepted report have the sequence 0.
constexpr char kListCommitsOfNumber[] =
    "SELECT commit_key, newest_sequence, update_time_us "
    "FROM commit_summary INDEXED BY commit_by_sequence "
    "WHERE newest_sequence = ? AND commit_key > ? "
    "ORDER BY commit_key LIMIT ?";
constexpr char kListCommitsAfterNumber[] =
    "SELECT commit_key, newest_sequence, update_time_us "
    "FROM commit_summary INDEXED BY commit_by_sequence "
    "WHERE newest_sequence > ? "
    "ORDER BY newest_sequence, commit_key LIMIT ?";
// A commit is kept while one of its entries is due or may expire, or was
// reported, posted, abandoned or seen at GitHub since ?2.
constexpr char kIsInUse[] =
    "SELECT 1 FROM entry WHERE commit_key = ?1 AND (due_time_us IS NOT NULL "
    "OR expire_time_us IS NOT NULL OR report_time_us >= ?2 "
    "OR post_time_us >= ?2 OR observe_time_us >= ?2 "
    "OR abandon_time_us >= ?2 OR repository_key IN "
    // It moves to another repository, whose part may be younger.
    "(SELECT repository_key FROM chore WHERE target_key <> 0)) LIMIT 1";
constexpr char kDeleteReports[] =
    "DELETE FROM report WHERE entry_id IN "
    "(SELECT entry_id FROM entry WHERE commit_key = ?)";
constexpr char kDeleteTries[] =
    "DELETE FROM try WHERE entry_id IN "
    "(SELECT entry_id FROM entry WHERE commit_key = ?)";
constexpr char kDeleteOtherRuns[] =
    "DELETE FROM run WHERE entry_id IN "
    "(SELECT entry_id FROM entry WHERE commit_key = ?)";
constexpr char kDeleteObserved[] =
    "DELETE FROM observed_status WHERE entry_id IN "
    "(SELECT entry_id FROM entry WHERE commit_key = ?)";
constexpr char kDeleteEntries[] = "DELETE FROM entry WHERE commit_key = ?";
constexpr char kDeleteOldCommit[] =
    "DELETE FROM commit_summary WHERE commit_key = ?";

constexpr char kFindOldReport[] =
    "SELECT MAX(sequence) FROM report WHERE accept_time_us < ? AND report_id "
    "IN (SELECT report_id FROM report ORDER BY report_id LIMIT ?)";
constexpr char kDeleteOldReports[] =
    "DELETE FROM report WHERE accept_time_us < ? AND report_id IN "
    "(SELECT report_id FROM report ORDER BY report_id LIMIT ?)";
constexpr char kDeleteOldTries[] =
    "DELETE FROM try WHERE begin_time_us < ? AND try_id IN "
    "(SELECT try_id FROM try ORDER BY try_id LIMIT ?)";

// The changes of a deleted commit are gone, too.
constexpr char kFindNewestChange[] =
    "SELECT MAX(change_sequence) FROM entry WHERE commit_key = ?";
constexpr char kDeleteOldChanges[] =
    "DELETE FROM status_change WHERE change_sequence <= ? AND change_sequence "
    "IN (SELECT change_sequence FROM status_change ORDER BY change_sequence "
    "LIMIT ?)";

constexpr char kListOldPullRequests[] =
    "SELECT repository_key, number, updated_time_us FROM pull_request "
    "WHERE (repository_key, number) > (?, ?) "
    "ORDER BY repository_key, number LIMIT ?";
constexpr char kDeleteOldPullRequest[] =
    "DELETE FROM pull_request WHERE repository_key = ? AND number = ?";

constexpr char kListOldHeads[] =
    "SELECT repository_key, name, update_time_us FROM ref_head "
    "WHERE (repository_key, name) > (?, ?) "
    "ORDER BY repository_key, name LIMIT ?";
constexpr char kDeleteOldHead[] =
    "DELETE FROM ref_head WHERE repository_key = ? AND name = ?";

bool IsInUse(SqliteConnection* connection, int64_t commit_key,
             absl::Time before) {
  return connection->Finds(kIsInUse, commit_key, before);
}

// `sql` finds the largest sequence that will be deleted, or NULL.
template <typename... Parameters>
void NoteForgottenBy(SqliteConnection* connection, const char* sql,
                     const Parameters&... parameters) {
  const std::optional<int64_t> sequence =
      connection->First<std::optional<int64_t>>(sql, parameters...)
          .value_or(std::nullopt);
  if (sequence.has_value()) NoteForgotten(connection, *sequence);
}

void DeleteCommit(SqliteConnection* connection, int64_t commit_key) {
  NoteForgottenBy(connection, kFindNewestChange, commit_key);
  connection->Execute(kDeleteReports, commit_key);
  connection->Execute(kDeleteTries, commit_key);
  connection->Execute(kDeleteOtherRuns, commit_key);
  connection->Execute(kDeleteObserved, commit_key);
  connection->Execute(kDeleteEntries, commit_key);
  connection->Execute(kDeleteOldCommit, commit_key);
}

// Each of these functions looks at the rows after its place, and goes back to
// the beginning at a young row or at the end. True: it has reached neither.

bool ForgetCommits(SqliteConnection* connection, SqliteWriterState* state,
                   absl::Time before) {
  // Named references: clang 14 cannot capture a structured binding.
  int64_t& sequence = state->retention.commit.first;
  int64_t& key = state->retention.commit.second;
  std::vector<int64_t> old;
  int seen = 0;
  bool met_young = false;
  const auto look = [&](SqliteQuery* query) {
    while (!met_young && old.size() < kCommitsPerBatch && query->Next()) {
      absl::Time update_time;
      query->Read(&key, &sequence, &update_time);
      ++seen;
      if (update_time < before) {
        old.push_back(key);
      } else if (sequence > 0) {
        // Commits without an accepted report come first, in no order of time.
        met_young = true;
      }
    }
  };
  {
    SqliteQuery query(connection, kListCommitsOfNumber);
    query.Bind(sequence, key, kCommitsLookedAtPerBatch);
    look(&query);
  }
  {
    SqliteQuery query(connection, kListCommitsAfterNumber);
    query.Bind(sequence, kCommitsLookedAtPerBatch - seen);
    look(&query);
  }
  for (const int64_t commit_key : old) {
    if (!IsInUse(connection, commit_key, before)) {
      DeleteCommit(connection, commit_key);
    }
  }
  const bool more =
      (old.size() == kCommitsPerBatch || seen == kCommitsLookedAtPerBatch) &&
      !met_young;
  if (!more) state->retention.commit = {-1, 0};
  return more;
}

// Of a table whose key is a repository and a `Key` in it.
template <typename Key>
bool ForgetHeads(SqliteConnection* connection, const char* list,
                 const char* remove, std::pair<int64_t, Key>* place,
                 absl::Time before) {
  const auto seen = connection->All<std::tuple<int64_t, Key, absl::Time>>(
      list, place->first, place->second, kHeadsPerBatch);
  for (const auto& [repository, key, update_time] : seen) {
    *place = {repository, key};
    if (update_time < before) connection->Execute(remove, repository, key);
  }
  const bool more = seen.size() == static_cast<size_t>(kHeadsPerBatch);
  if (!more) *place = {0, Key()};
  return more;
}

// `oldest` is a time or a sequence.
template <typename Oldest>
bool ForgetHistory(SqliteConnection* connection, const char* sql,
                   const Oldest& oldest) {
  connection->Execute(sql, oldest, kHistoryPerBatch);
  return connection->ChangedRows() == kHistoryPerBatch;
}

}  // namespace

bool ForgetBefore(SqliteConnection* connection, SqliteWriterState* state,
                  absl::Time before, int64_t changes_kept) {
  bool more = ForgetCommits(connection, state, before);
  more |= ForgetHeads(connection, kListOldPullRequests, kDeleteOldPullRequest,
                      &state->retention.pull_request, before);
  more |= ForgetHeads(connection, kListOldHeads, kDeleteOldHead,
                      &state->retention.ref_head, before);
  NoteForgottenBy(connection, kFindOldReport, before, kHistoryPerBatch);
  more |= ForgetHistory(connection, kDeleteOldReports, before);
  more |= ForgetHistory(connection, kDeleteOldTries, before);
  more |= ForgetHistory(connection, kDeleteOldChanges,
                        state->sequence - changes_kept);
  return more;
}

}  // namespace signalbox
