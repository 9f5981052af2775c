#include "server/outbox/sqlite_views.h"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "server/outbox/entry_state.h"
#include "server/outbox/sqlite_parking.h"
#include "server/outbox/sqlite_status_row.h"

namespace signalbox {
namespace {

constexpr int kMostHistory = 1000;

// Whether GitHub has yet to answer what the repository is called.
#define SIGNALBOX_IS_NAMELESS "(r.has_name = 0 AND r.github_repository_id <> 0)"

constexpr char kFindCommit[] =
    "SELECT c.commit_key, r.repository_key, c.overtaken_by, r.host, r.owner, "
    "r.name, r.credential, " SIGNALBOX_IS_NAMELESS
    " FROM repository AS r "
    "JOIN commit_summary AS c ON c.repository_key = r.repository_key "
    "WHERE r.repository_key = " SIGNALBOX_REPOSITORY_NAMED(
        "?1") " AND c.sha = ?2";
// A commit that has yet to move there from another row (see sqlite_chores.h).
constexpr char kFindMovingCommit[] =
    "SELECT c.commit_key, r.repository_key, c.overtaken_by, r.host, r.owner, "
    "r.name, r.credential, 0 "
    "FROM chore AS h JOIN repository AS r ON r.repository_key = h.target_key "
    "JOIN commit_summary AS c ON c.repository_key = h.repository_key "
    "WHERE h.target_key = " SIGNALBOX_REPOSITORY_NAMED(
        "?1") " AND h.kind IN (1, 2) AND c.sha = ?2 LIMIT 1";
constexpr char kListEntries[] =
    "SELECT " SIGNALBOX_STATUS_COLUMNS
    "FROM entry AS e WHERE e.commit_key = ? ORDER BY e.context_key";

constexpr char kListCommits[] =
    "SELECT r.host, r.owner, r.name, c.sha, c.newest_sequence, "
    "c.update_time_us, c.status_count, c.pending_count, c.failed_count "
    "FROM commit_summary AS c INDEXED BY commit_by_sequence "
    "JOIN repository AS r ON r.repository_key = c.repository_key "
    "WHERE c.newest_sequence > 0 AND c.newest_sequence < ? "
    "ORDER BY c.newest_sequence DESC LIMIT ?";
constexpr char kListRepositoryCommits[] =
    "SELECT r.host, r.owner, r.name, c.sha, c.newest_sequence, "
    "c.update_time_us, c.status_count, c.pending_count, c.failed_count "
    "FROM commit_summary AS c INDEXED BY commit_by_repository "
    "JOIN repository AS r ON r.repository_key = c.repository_key "
    "WHERE c.newest_sequence > 0 AND c.newest_sequence < ? "
    "AND c.repository_key = " SIGNALBOX_REPOSITORY_NAMED(
        "?2") " ORDER BY c.newest_sequence DESC LIMIT ?";

constexpr char kFindEntry[] =
    "SELECT e.entry_id FROM commit_summary AS c "
    "JOIN entry AS e ON e.commit_key = c.commit_key "
    "WHERE c.repository_key = " SIGNALBOX_REPOSITORY_NAMED(
        "?1") " AND c.sha = ?2 AND e.context_key = ?3";
constexpr char kFindMovingEntry[] =
    "SELECT e.entry_id FROM chore AS h "
    "JOIN commit_summary AS c ON c.repository_key = h.repository_key "
    "JOIN entry AS e ON e.commit_key = c.commit_key "
    "WHERE h.target_key = " SIGNALBOX_REPOSITORY_NAMED(
        "?1") " AND h.kind IN (1, 2) AND c.sha = ?2 AND e.context_key = ?3 "
    "LIMIT 1";
constexpr char kGetEntry[] =
    "SELECT r.repository_key, r.host, r.owner, r.name, "
    "r.credential, " SIGNALBOX_IS_NAMELESS
    ", (SELECT c.overtaken_by FROM commit_summary AS c WHERE c.commit_key = "
    "e.commit_key), " SIGNALBOX_STATUS_COLUMNS
    "FROM entry AS e "
    "JOIN repository AS r ON r.repository_key = e.repository_key "
    "WHERE e.entry_id = ?";
constexpr char kListReports[] =
    "SELECT report_id, sequence, accept_time_us, phase, result, attempt, "
    "series, description, target_url, caller, delivery_id, request_id "
    "FROM report "
    "WHERE entry_id = ? ORDER BY report_id DESC LIMIT ?";
constexpr char kListTries[] =
    "SELECT try_id, sequence, begin_time_us, end_time_us, http_status, "
    "request_id, reason, message FROM try "
    "WHERE entry_id = ? ORDER BY try_id DESC LIMIT ?";

// For the log alone, so a damaged row counts as none. The report is one of the
// newest, unless many that it supersedes came after it.
constexpr char kFindSender[] =
    "SELECT caller, request_id FROM (SELECT version, caller, request_id "
    "FROM report WHERE entry_id = ? ORDER BY report_id DESC LIMIT 100) "
    "WHERE version = ? AND typeof(caller) = 'text' "
    "AND typeof(request_id) = 'text' LIMIT 1";

absl::Status NothingReported(absl::string_view of) {
  return Error(absl::StatusCode::kNotFound, "NOTHING_REPORTED",
               absl::StrCat("the server has no report for ", of));
}

absl::Status NothingReportedAt(const Repository& repository, const Sha& sha) {
  return NothingReported(absl::StrCat(Quoted(repository.Display(), 256), " at ",
                                      Quoted(sha.Hex())));
}

absl::Status NothingReportedFor(const StatusKey& key) {
  return NothingReported(absl::StrCat(Quoted(key.context, 256), " of ",
                                      Quoted(key.repository.text(), 256),
                                      " at ", Quoted(key.sha.Hex())));
}

// The posting of an entry whose repository has lost its name.
Posting Nameless(Posting posting) {
  if (posting.state == PostingState::kDue ||
      posting.state == PostingState::kWaiting) {
    posting.state = PostingState::kWaiting;
    posting.reason = "NAME_UNKNOWN";
    posting.next_try_time.reset();
  }
  return posting;
}

CommitState Combine(int64_t statuses, int64_t pending, int64_t failed) {
  if (failed > 0) return CommitState::kFailure;
  return pending > 0 || statuses == 0 ? CommitState::kPending
                                      : CommitState::kSuccess;
}

}  // namespace

std::optional<ShownCommit> FindShownCommit(SqliteConnection* connection,
                                           const Repository& repository,
                                           const Sha& sha) {
  if (sha.empty()) return std::nullopt;
  const CanonicalName canonical = repository.Canonical();
  for (const char* sql : {kFindCommit, kFindMovingCommit}) {
    SqliteQuery query(connection, sql);
    query.Bind(canonical, sha);
    if (!query.Next()) continue;
    ShownCommit commit;
    std::optional<Sha> overtaken_by;
    query.Read(&commit.commit_key, &commit.repository_key, &overtaken_by,
               &commit.repository, &commit.credential, &commit.is_nameless);
    commit.overtaken_by = overtaken_by.value_or(Sha());
    return commit;
  }
  return std::nullopt;
}

absl::StatusOr<CommitView> GetCommit(SqliteConnection* connection,
                                     const Repository& repository,
                                     const Sha& sha) {
  const std::optional<ShownCommit> commit =
      FindShownCommit(connection, repository, sha);
  if (!commit.has_value()) return NothingReportedAt(repository, sha);
  CommitView view;
  view.repository = commit->repository;
  view.credential = commit->credential;
  view.sha = sha;
  const std::optional<Parking> parking =
      FindParking(connection, commit->repository_key);
  SqliteQuery query(connection, kListEntries);
  query.Bind(commit->commit_key);
  while (query.Next()) {
    StatusRow row = ReadStatusRow(query);
    StatusView& status =
        view.statuses.emplace_back(std::move(row).View(commit->overtaken_by));
    if (parking.has_value()) ShowParked(*parking, &status.posting);
    if (commit->is_nameless) {
      status.posting = Nameless(std::move(status.posting));
    }
  }
  return view;
}

std::vector<CommitSummary> ListCommits(
    SqliteConnection* connection, const std::optional<Repository>& repository,
    int64_t before_sequence, int limit) {
  const int64_t before = before_sequence > 0
                             ? before_sequence
                             : std::numeric_limits<int64_t>::max();
  // SQLite takes a negative limit as no limit.
  const int64_t most = std::max(limit, 0);
  const CanonicalName canonical =
      repository.has_value() ? repository->Canonical() : CanonicalName();
  SqliteQuery query(connection, repository.has_value() ? kListRepositoryCommits
                                                       : kListCommits);
  if (repository.has_value()) {
    query.Bind(before, canonical, most);
  } else {
    query.Bind(before, most);
  }
  std::vector<CommitSummary> commits;
  while (query.Next()) {
    CommitSummary commit;
    int64_t pending_count = 0;
    int64_t failed_count = 0;
    query.Read(&commit.repository, &commit.sha, &commit.sequence,
               &commit.update_time, &commit.status_count, &pending_count,
               &failed_count);
    commit.state = Combine(commit.status_count, pending_count, failed_count);
    commits.push_back(std::move(commit));
  }
  return commits;
}

absl::StatusOr<int64_t> FindEntry(SqliteConnection* connection,
                                  const StatusKey& key) {
  if (key.sha.empty()) return NothingReportedFor(key);
  for (const char* sql : {kFindEntry, kFindMovingEntry}) {
    const auto entry_id =
        connection->First<int64_t>(sql, key.repository, key.sha, key.context);
    if (entry_id.has_value()) return *entry_id;
  }
  return NothingReportedFor(key);
}

absl::StatusOr<History> GetHistory(SqliteConnection* connection,
                                   const StatusKey& key) {
  const absl::StatusOr<int64_t> found = FindEntry(connection, key);
  if (!found.ok()) return found.status();
  const int64_t entry_id = *found;
  int64_t repository_key = 0;
  History history;
  {
    SqliteQuery query(connection, kGetEntry);
    query.Bind(entry_id);
    if (!query.Next()) return NothingReportedFor(key);
    std::optional<Sha> overtaken_by;
    bool is_nameless = false;
    StatusRow row =
        ReadStatusRow(query, &repository_key, &history.repository,
                      &history.credential, &is_nameless, &overtaken_by);
    history.in_flight = row.lease_version != 0;
    history.status = std::move(row).View(overtaken_by.value_or(Sha()));
    if (is_nameless) {
      history.status.posting = Nameless(std::move(history.status.posting));
    }
  }
  const std::optional<Parking> parking =
      FindParking(connection, repository_key);
  if (parking.has_value()) {
    ShowParked(*parking, &history.status.posting);
    history.parked_since = parking->since;
  }
  SqliteQuery reports(connection, kListReports);
  reports.Bind(entry_id, kMostHistory);
  while (reports.Next()) {
    RecordedReport report;
    Phase phase = Phase::kWebhookPending;
    reports.Read(&report.id, &report.sequence, &report.accept_time, &phase,
                 &report.result, &report.attempt, &report.series,
                 &report.description, &report.target_url, &report.caller,
                 &report.delivery_id, &report.request_id);
    report.disposition =
        report.sequence > 0 ? Disposition::kAccepted : Disposition::kSuperseded;
    report.sequence = std::max<int64_t>(report.sequence, 0);
    report.state = StateOf(phase, report.result);
    history.reports.push_back(std::move(report));
  }
  std::reverse(history.reports.begin(), history.reports.end());
  SqliteQuery tries(connection, kListTries);
  tries.Bind(entry_id, kMostHistory);
  while (tries.Next()) {
    RecordedTry recorded;
    Try& attempted = recorded.attempted;
    tries.Read(&recorded.id, &recorded.sequence, &attempted.begin_time,
               &attempted.end_time, &attempted.http_status,
               &attempted.request_id, &attempted.reason, &attempted.message);
    history.tries.push_back(std::move(recorded));
  }
  std::reverse(history.tries.begin(), history.tries.end());
  return history;
}

Sender SenderOf(SqliteConnection* connection, int64_t entry_id,
                int64_t version) {
  auto [caller, request_id] =
      connection
          ->First<std::tuple<std::string, std::string>>(kFindSender, entry_id,
                                                        version)
          .value_or(std::tuple<std::string, std::string>());
  return {std::move(caller), std::move(request_id)};
}

}  // namespace signalbox
