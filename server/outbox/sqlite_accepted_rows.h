#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_ACCEPTED_ROWS_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_ACCEPTED_ROWS_H_

#include <cstdint>
#include <deque>
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

// A row of `commit_summary`, with the entries that the transaction has read.
struct CommitRow {
  int64_t commit_key = 0;  // 0: not stored yet.
  int64_t repository_key = 0;
  std::string sha;  // Bytes.
  CommitCounts counts;
  bool was_accepted = false;
  // Bytes of the newer head that has overtaken this commit, if the transaction
  // found one.
  std::string overtaken_by;

  // By lower-case context. Pointers, so that the addresses stay valid.
  absl::flat_hash_map<std::string, std::unique_ptr<EntryRow>> entries;
};

// The rows that the submissions of one transaction are about. Each row is read
// once, changed in memory, and written once, even if several submissions are
// about one commit. The history gets a row for each report.
//
// Errors stick to the connection. Not thread-safe.
class AcceptedRows {
 public:
  // `connection` is borrowed, and must have an open transaction.
  // `ambiguous_wait` is that of PostingLimits, and `now` the accept time of all
  // reports.
  AcceptedRows(SqliteConnection* connection, absl::Duration ambiguous_wait,
               absl::Time now)
      : connection_(connection), ambiguous_wait_(ambiguous_wait), now_(now) {}

  AcceptedRows(const AcceptedRows&) = delete;
  AcceptedRows& operator=(const AcceptedRows&) = delete;

  // Null: there is no such row. The returned rows live until Write.
  CommitRow* FindCommit(int64_t repository_key, const std::string& sha);
  CommitRow* AddCommit(int64_t repository_key, const std::string& sha);
  EntryRow* FindEntry(CommitRow* commit, const std::string& context_key);
  // Watchers see each change of a status. The history has a row for each
  // accepted report, but only the entry itself holds what was observed. So an
  // entry is written before and after an observation: whether this one must be
  // written before it changes again. `observes`: the change is an observation.
  bool MustWriteBefore(const CommitRow& commit, const std::string& context_key,
                       bool observes) const;
  // Adds an entry that is not stored yet.
  EntryRow* AddEntry(CommitRow* commit, EntryRow entry);

  // A row of the history, with the values for the columns of `report`.
  // Everything that it points to is borrowed until Write.
  struct HistoryRow {
    const EntryRow* entry = nullptr;
    const Report* report = nullptr;
    Phase phase = Phase::kWebhookPending;
    int64_t version = 0;
    int64_t sequence = 0;
    absl::string_view caller;
    absl::string_view delivery_id;
    std::optional<absl::Time> expire_time;
  };
  void AddHistory(const HistoryRow& row) { history_.push_back(row); }

  // The contexts of a commit that were reported, in order; at most
  // kMostReportedContexts. Call Write first.
  std::vector<std::string> ReportedContexts(const CommitRow& commit);

  // Writes all changes, and forgets all rows.
  void Write();

 private:
  void WriteCommit(CommitRow* commit);
  void WriteEntry(const CommitRow& commit, EntryRow* entry);
  void WriteHistory(const HistoryRow& row);

  SqliteConnection* const connection_;
  const absl::Duration ambiguous_wait_;
  const absl::Time now_;

  absl::flat_hash_map<std::pair<int64_t, std::string>,
                      std::unique_ptr<CommitRow>>
      commits_;
  // In the order in which they were first seen.
  std::vector<CommitRow*> seen_commits_;
  std::vector<std::pair<const CommitRow*, EntryRow*>> seen_entries_;
  std::vector<HistoryRow> history_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_ACCEPTED_ROWS_H_
