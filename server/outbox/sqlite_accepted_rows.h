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
#include "server/outbox/outbox.h"
#include "server/outbox/sqlite.h"
#include "server/report/judge.h"
#include "server/report/report.h"

namespace signalbox {

// A row of `entry`, as far as accepting reports needs it.
struct EntryRow {
  int64_t entry_id = 0;  // 0: not stored yet.
  std::string context_key;
  std::string context;  // As first spelled.

  int64_t version = 0;  // 0: no report was accepted yet.
  Held held;            // If version > 0.
  int64_t report_sequence = 0;
  int64_t change_sequence = 0;
  PostingState posting_state = PostingState::kDue;
  std::string posting_reason;
  bool is_pending = false;
  std::string reported_as;  // Canonical old name; empty: by none.
  absl::Time first_due_time;
  int64_t shown_status_id = 0;
  std::optional<absl::Time> expire_time;  // Nothing: it does not expire.

  // Whether it was damaged, and nothing was accepted since.
  bool IsSetAside() const {
    return posting_state == PostingState::kAbandoned &&
           posting_reason == kRowDamaged;
  }

  // What the transaction does to it.
  bool was_accepted = false;
  bool was_renewed = false;
  bool was_revived = false;  // It was abandoned.
  bool other_runs_changed = false;
  absl::Duration expires_after;  // If it was accepted or renewed.
  // What GitHub shows, by the newest report of it.
  const Report* observed = nullptr;
};

// A row of `commit_summary`, with the entries that the transaction has seen.
struct CommitRow {
  int64_t commit_key = 0;  // 0: not stored yet.
  int64_t repository_key = 0;
  std::string sha;  // Bytes.
  int64_t newest_sequence = 0;
  int64_t status_count = 0;
  int64_t pending_count = 0;
  int64_t failed_count = 0;
  bool was_accepted = false;
  // Bytes of the head that has overtaken it, if the transaction found that out.
  std::string overtaken_by;

  // By lower-case context. Their addresses stay.
  absl::flat_hash_map<std::string, std::unique_ptr<EntryRow>> entries;
};

// The rows that the submissions of one transaction are about. Each is read
// once, is changed in memory, and is written once, however many submissions
// there are of one commit; the history gets a row for each report.
//
// Errors stick to the connection. Not thread-safe.
class AcceptedRows {
 public:
  // `connection` is borrowed, and has an open transaction. `now` is when
  // everything is accepted.
  AcceptedRows(SqliteConnection* connection, absl::Time now)
      : connection_(connection), now_(now) {}

  AcceptedRows(const AcceptedRows&) = delete;
  AcceptedRows& operator=(const AcceptedRows&) = delete;

  // Null: nothing was ever heard of it. What they return lives until Write.
  CommitRow* FindCommit(int64_t repository_key, const std::string& sha);
  CommitRow* AddCommit(int64_t repository_key, const std::string& sha);
  EntryRow* FindEntry(CommitRow* commit, const std::string& context_key);
  // What Write will do to this entry.
  enum class Change { kNone, kReported, kObserved };
  Change ChangeOf(const CommitRow& commit,
                  const std::string& context_key) const;
  // `entry` is new.
  EntryRow* AddEntry(CommitRow* commit, EntryRow entry);

  // A row of the history, with what the columns of `report` hold. All are
  // borrowed until Write.
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
  // kMostReportedContexts. Call Write before.
  std::vector<std::string> ReportedContexts(const CommitRow& commit);

  // Writes all of it, and forgets it.
  void Write();

 private:
  void WriteCommit(CommitRow* commit);
  void WriteEntry(const CommitRow& commit, EntryRow* entry);
  void WriteHistory(const HistoryRow& row);

  SqliteConnection* const connection_;
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
