#include "server/outbox/sqlite_commit_reports.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <queue>
#include <utility>
#include <vector>

#include "common/text.h"
#include "server/outbox/entry_state.h"
#include "server/outbox/sqlite_changes.h"
#include "server/outbox/sqlite_views.h"
#include "server/report/judge.h"

namespace signalbox {
namespace {

// Of each context, only the newest records count: GitHub takes 1,000 statuses
// of a context and commit.
constexpr char kFindOldest[] =
    "SELECT report_id FROM report WHERE entry_id = ? "
    "ORDER BY report_id DESC LIMIT 1 OFFSET 999";
constexpr char kFindReportBefore[] =
    "SELECT report_id, sequence, accept_time_us, phase, result, description, "
    "target_url, caller FROM report WHERE entry_id = ? AND report_id < ? "
    "AND sequence > 0 AND report_id >= ? ORDER BY report_id DESC LIMIT 1";
// No report of an entry has a larger sequence than its newest change. One can
// have a larger one than the report that counts: in merged entries.
constexpr char kListReported[] =
    "SELECT entry_id, context, change_sequence FROM entry "
    "WHERE commit_key = ? AND version > 0 ORDER BY context_key";
constexpr char kListObserved[] =
    "SELECT e.entry_id, e.context, o.sequence FROM entry AS e "
    "CROSS JOIN observed_status AS o ON o.entry_id = e.entry_id "
    "WHERE e.commit_key = ? AND o.sequence <= ? ORDER BY e.context_key";
constexpr char kGetObserved[] =
    "SELECT sequence, observe_time_us, state, description, target_url, "
    "status_id, creator_login FROM observed_status WHERE entry_id = ?";
constexpr char kListLatest[] =
    "SELECT phase, result, description, target_url FROM (SELECT report_id, "
    "sequence, phase, result, description, target_url FROM report "
    "WHERE entry_id = ? ORDER BY report_id DESC LIMIT 50) "
    "WHERE sequence > 0 ORDER BY report_id DESC";

constexpr char kKeepObserved[] =
    "INSERT OR REPLACE INTO observed_status (entry_id, status_id, sequence, "
    "observe_time_us, state, description, target_url, creator_login) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
constexpr char kMergeObserved[] =
    "INSERT OR REPLACE INTO observed_status (entry_id, status_id, sequence, "
    "observe_time_us, state, description, target_url, creator_login) "
    "SELECT ?1, status_id, sequence, observe_time_us, state, description, "
    "target_url, creator_login FROM observed_status "
    "WHERE entry_id IN (?1, ?2) ORDER BY status_id DESC LIMIT 1";
constexpr char kDropObserved[] =
    "DELETE FROM observed_status WHERE entry_id = ?";

std::string ShownDescription(std::string description,
                             std::optional<Result> result) {
  if (description.empty() && result.has_value()) {
    description = std::string(DefaultDescription(*result));
  }
  return FitDescription(description);
}

// GitHub also tells of the statuses that the server itself has posted, perhaps
// before it answers the post. What says the same as a report is taken for that.
bool IsEcho(SqliteConnection* connection, int64_t entry_id,
            const CommitReport& observed) {
  SqliteQuery query(connection, kListLatest);
  query.Bind(entry_id);
  while (query.Next()) {
    Phase phase = Phase::kWebhookPending;
    std::optional<Result> result;
    std::string description;
    std::string target_url;
    query.Read(&phase, &result, &description, &target_url);
    if (StateOf(phase, result) == observed.state &&
        target_url == observed.target_url &&
        ShownDescription(std::move(description), result) ==
            observed.description) {
      return true;
    }
  }
  return false;
}

// Reads the accepted reports of one entry, from the newest to the oldest; or,
// if `is_observed`, the one status that others set.
struct ReportReader {
  int64_t entry_id = 0;
  bool is_observed = false;
  int64_t before_id = 0;  // Only reports with a smaller report_id are left.
  std::optional<int64_t> oldest_id;  // The first report_id that counts.
  // The next one has no larger sequence. If it was read, this is its sequence.
  int64_t newest = 0;
  bool was_read = false;
  CommitReport next;

  // Reads the next one. False: there is none.
  bool Read(SqliteConnection* connection) {
    const bool found =
        is_observed ? ReadObserved(connection) : ReadReport(connection);
    newest = next.sequence;
    was_read = true;
    return found;
  }

  friend bool operator<(const ReportReader& a, const ReportReader& b) {
    return a.newest < b.newest;
  }

 private:
  bool ReadReport(SqliteConnection* connection) {
    if (!oldest_id.has_value()) {
      oldest_id = connection->First<int64_t>(kFindOldest, entry_id).value_or(0);
    }
    SqliteQuery query(connection, kFindReportBefore);
    query.Bind(entry_id, before_id, *oldest_id);
    if (!query.Next()) return false;
    Phase phase = Phase::kWebhookPending;
    query.Read(&before_id, &next.sequence, &next.accept_time, &phase,
               &next.result, &next.description, &next.target_url, &next.caller);
    next.state = StateOf(phase, next.result);
    next.description =
        ShownDescription(std::move(next.description), next.result);
    return true;
  }

  bool ReadObserved(SqliteConnection* connection) {
    std::string state;
    {
      SqliteQuery query(connection, kGetObserved);
      query.Bind(entry_id);
      if (!query.Next()) return false;
      query.Read(&next.sequence, &next.accept_time, &state, &next.description,
                 &next.target_url, &next.status_id, &next.creator_login);
    }
    next.state = ParseCommitState(state).value_or(CommitState::kPending);
    next.description = FitDescription(next.description);
    return !IsEcho(connection, entry_id, next);
  }
};

using ReportReaders = std::priority_queue<ReportReader>;

// `sql` lists the entries of a commit.
template <typename... Parameters>
void AddReaders(SqliteConnection* connection, const char* sql,
                const ReportReader& like, ReportReaders* readers,
                const Parameters&... parameters) {
  SqliteQuery query(connection, sql);
  query.Bind(parameters...);
  while (query.Next()) {
    ReportReader reader = like;
    query.Read(&reader.entry_id, &reader.next.context, &reader.newest);
    reader.newest = std::min(reader.newest, like.newest);
    readers->push(std::move(reader));
  }
}

}  // namespace

void KeepObserved(SqliteConnection* connection, int64_t entry_id,
                  const Submission& submission, int64_t sequence,
                  absl::Time now) {
  const Report& report = submission.report;
  connection->Execute(kKeepObserved, entry_id, submission.observed->status_id,
                      sequence, now, CommitStateName(report.State()),
                      report.description, report.target_url,
                      submission.observed->creator_login);
}

void MergeObserved(SqliteConnection* connection, int64_t entry_id,
                   int64_t removed_id) {
  connection->Execute(kMergeObserved, entry_id, removed_id);
  DropObserved(connection, removed_id);
}

void DropObserved(SqliteConnection* connection, int64_t entry_id) {
  connection->Execute(kDropObserved, entry_id);
}

// Merges the lists of all contexts. It reads a report only when no other can be
// newer, so the work grows with the contexts of the commit and the length of
// the page. Of the history it only counts the newest 1,000 records of a context
// whose reports it reads.
CommitReports ListReports(SqliteConnection* connection,
                          const Repository& repository, const Sha& sha,
                          int64_t before_sequence, int limit) {
  CommitReports list;
  list.repository = repository;
  const std::optional<ShownCommit> commit =
      FindShownCommit(connection, repository, sha);
  if (!commit.has_value()) return list;
  list.repository = commit->repository;
  ReportReader reader;
  reader.before_id = reader.newest = std::numeric_limits<int64_t>::max();
  if (before_sequence > 0) {
    reader.newest = before_sequence - 1;
    reader.before_id = FirstReportAfter(connection, reader.newest);
  }
  ReportReaders readers;
  AddReaders(connection, kListReported, reader, &readers, commit->commit_key);
  reader.is_observed = true;
  AddReaders(connection, kListObserved, reader, &readers, commit->commit_key,
             reader.newest);
  while (!readers.empty()) {
    reader = readers.top();
    readers.pop();
    if (!reader.was_read) {
      if (reader.Read(connection)) readers.push(std::move(reader));
      continue;
    }
    if (list.reports.size() == static_cast<size_t>(std::max(limit, 0))) {
      list.has_more = true;
      break;
    }
    list.reports.push_back(reader.next);
    if (reader.is_observed) continue;
    reader.was_read = false;
    --reader.newest;
    readers.push(std::move(reader));
  }
  return list;
}

}  // namespace signalbox
