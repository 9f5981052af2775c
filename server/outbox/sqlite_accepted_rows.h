#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_ACCEPTED_ROWS_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_ACCEPTED_ROWS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/outbox/accept_rules.h"
#include "server/outbox/sqlite.h"
#include "server/report/judge.h"
#include "server/report/report.h"

namespace signalbox {

// A row of `commit_summary` in memory, with those of its entries that this
// transaction has read or added.
struct CommitRow {
  int64_t commit_key = 0;  // 0: not stored yet.
  int64_t repository_key = 0;
  Sha sha;
  CommitCounts counts;
  bool was_accepted = false;  // This transaction accepted a report for it.
  // The newer head of the pull request, if this transaction found that the
  // commit is no longer the newest one. Empty: it did not.
  Sha overtaken_by;

  // By lower-case context. Pointers, so that the addresses stay valid.
  absl::flat_hash_map<std::string, std::unique_ptr<EntryRow>> entries;
};

// The rows that the submissions of one transaction read and change. Many
// submissions share a transaction, and several can be about one commit. So each
// row is read once, changed in memory, and written once. The history gets a row
// for each report. AcceptSubmissions uses one object for each transaction.
//
// Errors stick to the connection (see SqliteConnection). Not thread-safe.
class AcceptedRows {
 public:
  // `connection` is borrowed, and must have an open transaction of the writer.
  // `ambiguous_wait` is that of PostingLimits, and `now` the accept time of all
  // reports.
  AcceptedRows(SqliteConnection* connection, absl::Duration ambiguous_wait,
               absl::Time now)
      : connection_(connection), ambiguous_wait_(ambiguous_wait), now_(now) {}

  AcceptedRows(const AcceptedRows&) = delete;
  AcceptedRows& operator=(const AcceptedRows&) = delete;

  // Find* return the row from memory, or else read it; null: there is no such
  // row. Add* add a row in memory that is not stored yet. The caller may change
  // the returned rows, which live until Write. `context_key` is the context in
  // lower case.
  CommitRow* FindCommit(int64_t repository_key, const Sha& sha);
  CommitRow* AddCommit(int64_t repository_key, const Sha& sha);
  EntryRow* FindEntry(CommitRow* commit, const std::string& context_key);
  EntryRow* AddEntry(CommitRow* commit, EntryRow entry);

  // Whether the caller must call Write before it changes this entry again.
  // Watchers get each change of a status. Accepted reports are in the history,
  // but a status that was observed at GitHub is only in the entry itself, so
  // the entry must be written before and after it. `observes`: the coming
  // change is such an observation.
  bool MustWriteBefore(const CommitRow& commit, const std::string& context_key,
                       bool observes) const;

  // One report for the history. `entry`, `report` and the texts are borrowed
  // until Write. The other fields have the values that Decided describes.
  struct HistoryRow {
    const EntryRow* entry = nullptr;
    const Report* report = nullptr;
    Phase phase = Phase::kWebhookPending;
    int64_t version = 0;
    int64_t sequence = 0;
    absl::string_view caller;
    absl::string_view delivery_id;  // Empty: no delivery.
    std::optional<absl::Time> expire_time;
  };
  void AddHistory(const HistoryRow& row) { history_.push_back(row); }

  // The contexts of a stored commit for which a report was accepted, in the
  // order of their lower-case spelling; at most kMostReportedContexts. Reads
  // the table, so call Write first.
  std::vector<std::string> ReportedContexts(const CommitRow& commit);

  // Writes all changes, and forgets all rows: every pointer to them is invalid
  // then.
  void Write();

 private:
  void WriteCommit(CommitRow* commit);
  void WriteEntry(const CommitRow& commit, EntryRow* entry);
  void WriteHistory(const HistoryRow& row);

  SqliteConnection* const connection_;
  const absl::Duration ambiguous_wait_;
  const absl::Time now_;

  absl::flat_hash_map<std::pair<int64_t, Sha>, std::unique_ptr<CommitRow>>
      commits_;
  // In the order in which they were first seen.
  std::vector<CommitRow*> seen_commits_;
  std::vector<std::pair<const CommitRow*, EntryRow*>> seen_entries_;
  std::vector<HistoryRow> history_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_ACCEPTED_ROWS_H_
