#include "server/outbox/sqlite_accepted_rows.h"

#include <optional>
#include <utility>

#include "absl/algorithm/container.h"
#include "server/outbox/sqlite_changes.h"
#include "server/outbox/sqlite_commit_reports.h"
#include "server/outbox/sqlite_runs.h"
#include "server/outbox/sqlite_summary.h"

namespace signalbox {
namespace {

constexpr char kFindCommit[] =
    "SELECT commit_key, newest_sequence, status_count, pending_count, "
    "failed_count FROM commit_summary WHERE repository_key = ? AND sha = ?";
constexpr char kInsertCommit[] =
    "INSERT INTO commit_summary (repository_key, sha, newest_sequence, "
    "update_time_us, status_count, pending_count, failed_count) "
    "VALUES (?, ?, ?, ?, ?, ?, ?)";
constexpr char kUpdateCommit[] =
    "UPDATE commit_summary SET newest_sequence = ?, update_time_us = ?, "
    "status_count = ?, pending_count = ?, failed_count = ? "
    "WHERE commit_key = ?";

constexpr char kNoteOvertaken[] =
    "UPDATE commit_summary SET overtaken_by = ? WHERE commit_key = ?";

constexpr char kListContexts[] =
    "SELECT context FROM entry WHERE commit_key = ? AND version > 0 "
    "ORDER BY context_key LIMIT ?";
constexpr char kFindEntry[] =
    "SELECT entry_id, version, phase, attempt, run_state, result, description, "
    "target_url, report_sequence, posting_state, posting_reason, is_pending, "
    "first_due_time_us, posted_status_id, change_sequence, expire_time_us, "
    "series, run_result, other_run_count, newest_text_wins, "
    // Whether the row belongs to this key; then the columns for kOthers, of
    // which the first two are read, too.
    "repository_key = ? AND lower(context) = context_key "
    "AND (version = 0 OR (phase IN (3, 4)) = (result IS NOT NULL)), "
    "context, report_time_us, try_count, refusal_count, post_time_us, "
    "due_time_us, lease_version, lease_number, lease_begin_time_us, "
    "lease_due_time_us, ambiguous_time_us, posted_version, shown_state, "
    "shown_description, shown_target_url, expires_after_us, status_count, "
    "observe_time_us, reported_as, abandon_time_us, version, report_sequence, "
    "change_sequence, other_run_count "
    "FROM entry WHERE commit_key = ? AND context_key = ?";
// The kinds of the columns after the first 22 (see Holds). The same
// check as EntryIsSound, in a fraction of the time.
constexpr char kOthers[] = "wnnIIcciiWcTttInItIcccc";
constexpr char kInsertEntry[] =
    "INSERT INTO entry (entry_id, commit_key, context_key, context, "
    "repository_key, version, phase, attempt, run_state, result, description, "
    "target_url, "
    "report_sequence, report_time_us, expire_time_us, change_sequence, "
    "posting_state, is_pending, first_due_time_us, due_time_us, "
    "expires_after_us, series, run_result, other_run_count, reported_as, "
    "newest_text_wins) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
    "?, ?, ?, ?)";
// While a try is in flight, the end of its lease stays, so that no other try
// begins before. Nor may one begin while an ambiguous try can still take
// effect.
constexpr char kUpdateEntry[] =
    "UPDATE entry SET version = ?, phase = ?, attempt = ?, run_state = ?, "
    "series = ?, run_result = ?, other_run_count = ?, result = ?, "
    "description = ?, target_url = ?, report_sequence = ?, "
    "report_time_us = ?, expire_time_us = ?, change_sequence = ?, "
    "posting_state = ?, posting_reason = '', try_count = 0, "
    "refusal_count = 0, post_time_us = NULL, is_pending = ?, "
    "first_due_time_us = ?, expires_after_us = ?, reported_as = ?, "
    "newest_text_wins = ?, "
    "due_time_us = CASE WHEN lease_version = 0 "
    "THEN MAX(?, IFNULL(ambiguous_time_us + ?, 0)) ELSE due_time_us END "
    "WHERE entry_id = ?";
constexpr char kRenewEntry[] =
    "UPDATE entry SET expire_time_us = ?, expires_after_us = ? "
    "WHERE entry_id = ?";
constexpr char kReviveEntry[] =
    "UPDATE entry SET change_sequence = ?, posting_state = ?, "
    "posting_reason = '', try_count = 0, refusal_count = 0, "
    "first_due_time_us = ?3, "
    "due_time_us = MAX(?3, IFNULL(ambiguous_time_us + ?, 0)) "
    "WHERE entry_id = ?";
constexpr char kNoteObserved[] =
    "UPDATE entry SET posted_status_id = ?, shown_state = ?, "
    "shown_description = ?, shown_target_url = ?, change_sequence = ?, "
    "status_count = status_count + 1, observe_time_us = ? "
    "WHERE entry_id = ?";

// A damaged number must not use up the numbers.
constexpr char kFindLastEntry[] =
    "SELECT IFNULL(MAX(entry_id), 0) FROM entry "
    "WHERE entry_id < 4611686018427387904";

std::optional<absl::Duration> ExpiresAfter(const EntryRow& entry) {
  if (!entry.expire_time.has_value()) return std::nullopt;
  return entry.expires_after;
}

}  // namespace

CommitRow* AcceptedRows::FindCommit(SqliteConnection* connection,
                                    int64_t repository_key, const Sha& sha) {
  const auto found = commits_.find(std::make_pair(repository_key, sha));
  if (found != commits_.end()) return found->second.get();
  SqliteQuery query(connection, kFindCommit);
  query.Bind(repository_key, sha);
  if (!query.Next()) return nullptr;
  CommitRow* const commit = AddCommit(repository_key, sha, absl::UnixEpoch());
  CommitCounts& counts = commit->counts;
  query.Read(&commit->commit_key, &counts.newest_sequence, &counts.status_count,
             &counts.pending_count, &counts.failed_count);
  // If these are no counts, the error sticks, and the transaction is rolled
  // back.
  if (!connection->AreCounts(
          {counts.status_count, counts.pending_count, counts.failed_count})) {
    counts.status_count = counts.pending_count = counts.failed_count = 0;
  }
  return commit;
}

CommitRow* AcceptedRows::AddCommit(int64_t repository_key, const Sha& sha,
                                   absl::Time now) {
  auto commit = std::make_unique<CommitRow>();
  commit->repository_key = repository_key;
  commit->sha = sha;
  commit->update_time = now;
  commit->number = ++last_commit_number_;
  ++rows_;
  std::unique_ptr<CommitRow>& place = commits_[{repository_key, sha}];
  place = std::move(commit);
  return place.get();
}

EntryRow* AcceptedRows::FindEntry(SqliteConnection* connection,
                                  CommitRow* commit,
                                  const std::string& context_key) {
  const auto found = commit->entries.find(context_key);
  if (found != commit->entries.end()) return found->second.get();
  if (commit->commit_key == 0) return nullptr;
  SqliteQuery query(connection, kFindEntry);
  query.Bind(commit->repository_key, commit->commit_key, context_key);
  if (!query.Next()) return nullptr;
  EntryRow entry;
  entry.context_key = context_key;
  Held& held = entry.held;
  int64_t other_runs = 0;
  std::optional<bool> is_of_key;
  query.Read(&entry.entry_id, &entry.version, &held.phase, &held.run.attempt,
             &held.run.state, &held.result, &held.description, &held.target_url,
             &entry.report_sequence, &entry.posting_state,
             &entry.posting_reason, &entry.is_pending, &entry.first_due_time,
             &entry.shown_status_id, &entry.change_sequence, &entry.expire_time,
             &held.run.series, &held.run.result, &other_runs,
             &held.newest_text_wins, &is_of_key, &entry.context,
             &entry.report_time);
  if (!is_of_key.value_or(false) || !query.Holds(22, kOthers)) {
    connection->NoteDamage("a row of table entry is damaged");
  }
  // The transaction will be rolled back because of the damage. Until then it
  // goes on with a possible number.
  if (!connection->AreCounts({entry.version})) entry.version = 1;
  if (other_runs > 0) {
    held.other_runs = ReadOtherRuns(connection, entry.entry_id);
  }
  return Keep(commit, std::move(entry));
}

EntryRow* AcceptedRows::AddEntry(SqliteConnection* connection,
                                 CommitRow* commit, EntryRow entry) {
  entry.entry_id = NextEntryId(connection);
  entry.is_new = true;
  return Keep(commit, std::move(entry));
}

int64_t AcceptedRows::NextEntryId(SqliteConnection* connection) {
  if (next_entry_id_ == 0) {
    next_entry_id_ = connection->First<int64_t>(kFindLastEntry).value_or(0) + 1;
  }
  return next_entry_id_++;
}

EntryRow* AcceptedRows::Keep(CommitRow* commit, EntryRow entry) {
  auto owned = std::make_unique<EntryRow>(std::move(entry));
  ++rows_;
  std::unique_ptr<EntryRow>& place = commit->entries[owned->context_key];
  place = std::move(owned);
  return place.get();
}

bool AcceptedRows::MustWriteBefore(const CommitRow& commit,
                                   const std::string& context_key,
                                   bool observes) const {
  const auto found = commit.entries.find(context_key);
  if (found == commit.entries.end()) return false;
  const EntryRow& entry = *found->second;
  return entry.observed != nullptr ||
         (observes && (entry.is_new || entry.was_accepted ||
                       entry.was_renewed || entry.was_revived));
}

void AcceptedRows::Record(SqliteConnection* connection, CommitRow* commit,
                          EntryRow* entry, const Submission& submission,
                          const Decided& decided, absl::Time now) {
  last_journal_id_ = AddToJournal(connection, commit->repository_key, *entry,
                                  submission, decided, now);
  journal_.emplace_back(commit, entry);
  ++entry->in_journal;
  ++added_;
}

std::vector<std::string> AcceptedRows::ReportedContexts(
    SqliteConnection* connection, const CommitRow& commit) {
  return connection->All<std::string>(kListContexts, commit.commit_key,
                                      int64_t{kMostReportedContexts});
}

void AcceptedRows::Load(SqliteConnection* connection) {
  Forget();
  write_at_end_ = has_written_ = false;
  ReadJournal(connection, [&](JournalRow row) {
    last_journal_id_ = row.journal_id;
    Apply(connection, std::move(row));
  });
  if (last_journal_id_ == 0) return;
  WriteRows(connection);
  // The journal does not have the counts.
  for (const CommitRow* const commit : Commits()) {
    Summarize(connection, commit->commit_key);
  }
  Forget();
  write_at_end_ = has_written_ = true;
}

void AcceptedRows::Apply(SqliteConnection* connection, JournalRow row) {
  EntryRow& now = row.entry;
  CommitRow* commit = FindCommit(connection, row.repository_key, row.sha);
  if (commit == nullptr) {
    commit = AddCommit(row.repository_key, row.sha, now.report_time);
  }
  EntryRow* entry = FindEntry(connection, commit, now.context_key);
  if (entry == nullptr) {
    EntryRow added;
    added.context_key = now.context_key;
    added.context = now.context;
    added.report_time = now.report_time;
    entry = AddEntry(connection, commit, std::move(added));
  }
  if (entry->entry_id != now.entry_id) {
    SetEntryOfJournal(connection, row.journal_id, entry->entry_id);
  }
  if (row.disposition == Disposition::kSuperseded) return;
  entry->expire_time = now.expire_time;
  entry->expires_after = now.expires_after;
  entry->was_renewed = true;
  // If the row of the report that this one repeats was damaged, this one counts
  // in its place.
  const bool repeats = row.disposition == Disposition::kUnchanged;
  if (repeats && entry->version == now.version) return;
  now.held.other_runs = std::move(entry->held.other_runs);
  entry->held = std::move(now.held);
  entry->version = now.version;
  entry->report_sequence = entry->change_sequence = now.report_sequence;
  entry->report_time = commit->update_time = now.report_time;
  entry->posting_state = PostingState::kDue;
  entry->is_pending = now.is_pending;
  entry->first_due_time = now.first_due_time;
  entry->reported_as = std::move(now.reported_as);
  entry->was_accepted = commit->was_accepted = true;
}

void AcceptedRows::Write(SqliteConnection* connection) {
  WriteRows(connection);
  Forget();
  // What follows in this transaction gains nothing by the journal.
  write_at_end_ = has_written_ = true;
}

std::vector<CommitRow*> AcceptedRows::Commits() {
  std::vector<CommitRow*> commits;
  commits.reserve(commits_.size());
  for (const auto& [key, commit] : commits_) commits.push_back(commit.get());
  absl::c_sort(commits, [](const CommitRow* a, const CommitRow* b) {
    return a->number < b->number;
  });
  return commits;
}

// In a fixed order, so that a repeated simulation makes the same tables.
void AcceptedRows::WriteRows(SqliteConnection* connection) {
  std::vector<std::pair<CommitRow*, EntryRow*>> entries;
  for (CommitRow* const commit : Commits()) {
    WriteCommit(connection, commit);
    for (const auto& [key, entry] : commit->entries) {
      entries.emplace_back(commit, entry.get());
    }
  }
  absl::c_sort(entries, [](const auto& a, const auto& b) {
    return a.second->entry_id < b.second->entry_id;
  });
  for (const auto& [commit, entry] : entries) {
    WriteEntry(connection, *commit, entry);
  }
  if (last_journal_id_ > 0) MoveJournalToHistory(connection, last_journal_id_);
}

void AcceptedRows::WriteOldest(SqliteConnection* connection) {
  if (journal_.empty()) return;
  has_written_ = true;
  for (size_t i = 0; i < kSlice && !journal_.empty(); ++i) {
    const auto [commit, entry] = journal_.front();
    journal_.pop_front();
    // With what later rows of the journal say, too. They only repeat it then.
    WriteCommit(connection, commit);
    WriteEntry(connection, *commit, entry);
    if (--entry->in_journal > 0) continue;
    commit->entries.erase(std::string(entry->context_key));
    --rows_;
    if (!commit->entries.empty()) continue;
    commits_.erase(std::make_pair(commit->repository_key, Sha(commit->sha)));
    --rows_;
  }
  MoveJournalToHistory(
      connection, last_journal_id_ - static_cast<int64_t>(journal_.size()));
}

void AcceptedRows::WriteCommit(SqliteConnection* connection,
                               CommitRow* commit) {
  const CommitCounts& counts = commit->counts;
  if (commit->commit_key == 0) {
    connection->Execute(kInsertCommit, commit->repository_key, commit->sha,
                        counts.newest_sequence, commit->update_time,
                        counts.status_count, counts.pending_count,
                        counts.failed_count);
    commit->commit_key = connection->LastInsertId();
  } else if (commit->was_accepted) {
    connection->Execute(kUpdateCommit, counts.newest_sequence,
                        commit->update_time, counts.status_count,
                        counts.pending_count, counts.failed_count,
                        commit->commit_key);
  }
  commit->was_accepted = false;
  if (commit->overtaken_by.empty()) return;
  connection->Execute(kNoteOvertaken, commit->overtaken_by, commit->commit_key);
  commit->overtaken_by = Sha();
}

void AcceptedRows::WriteEntry(SqliteConnection* connection,
                              const CommitRow& commit, EntryRow* entry) {
  const Held& held = entry->held;
  const auto other_runs = static_cast<int64_t>(held.other_runs.size());
  if (entry->is_new) {
    // An entry without an accepted report is not due. It holds a history, or
    // what was observed.
    const auto due_time = entry->was_accepted
                              ? std::optional<absl::Time>(entry->first_due_time)
                              : std::nullopt;
    connection->Execute(
        kInsertEntry, entry->entry_id, commit.commit_key, entry->context_key,
        entry->context, commit.repository_key, entry->version, held.phase,
        held.run.attempt, held.run.state, held.result, held.description,
        held.target_url, entry->report_sequence, entry->report_time,
        entry->expire_time, entry->change_sequence, entry->posting_state,
        entry->is_pending, entry->first_due_time, due_time,
        ExpiresAfter(*entry), held.run.series, held.run.result, other_runs,
        entry->reported_as, held.newest_text_wins);
  } else if (entry->was_accepted) {
    connection->Execute(
        kUpdateEntry, entry->version, held.phase, held.run.attempt,
        held.run.state, held.run.series, held.run.result, other_runs,
        held.result, held.description, held.target_url, entry->report_sequence,
        entry->report_time, entry->expire_time, entry->change_sequence,
        entry->posting_state, entry->is_pending, entry->first_due_time,
        ExpiresAfter(*entry), entry->reported_as, held.newest_text_wins,
        entry->first_due_time, ambiguous_wait_, entry->entry_id);
  } else {
    if (entry->was_renewed) {
      connection->Execute(kRenewEntry, entry->expire_time, ExpiresAfter(*entry),
                          entry->entry_id);
    }
    if (entry->was_revived) {
      connection->Execute(kReviveEntry, entry->change_sequence,
                          PostingState::kDue, entry->first_due_time,
                          ambiguous_wait_, entry->entry_id);
      NoteChange(connection, entry->entry_id);
    }
  }
  if (entry->other_runs_changed) {
    WriteOtherRuns(connection, entry->entry_id, held.other_runs);
  }
  entry->is_new = entry->was_accepted = entry->was_renewed = false;
  entry->was_revived = entry->other_runs_changed = false;
  if (entry->observed == nullptr) return;
  // GitHub has one more status for the key, even if another program set it.
  const Report& report = entry->observed->report;
  connection->Execute(kNoteObserved, entry->shown_status_id,
                      CommitStateName(report.State()), report.description,
                      report.target_url, entry->change_sequence,
                      entry->observe_time, entry->entry_id);
  NoteChange(connection, entry->entry_id);
  KeepObserved(connection, entry->entry_id, *entry->observed,
               entry->change_sequence, entry->observe_time);
  entry->observed = nullptr;
}

void AcceptedRows::Forget() {
  journal_.clear();
  commits_.clear();
  rows_ = 0;
  last_journal_id_ = 0;
  next_entry_id_ = 0;
}

bool AcceptedRows::EndTransaction(SqliteConnection* connection) {
  if (write_at_end_ || rows_ > kMostRows) Write(connection);
  while (journal_.size() > kLongJournal) WriteOldest(connection);
  write_at_end_ = false;
  return std::exchange(has_written_, false);
}

}  // namespace signalbox
