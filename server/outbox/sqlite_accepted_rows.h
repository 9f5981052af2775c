#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_ACCEPTED_ROWS_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_ACCEPTED_ROWS_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "server/outbox/accept_rules.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/sqlite_journal.h"
#include "server/outbox/submission.h"
#include "server/report/judge.h"
#include "server/report/report.h"

namespace signalbox {

// A row of `commit_summary` in memory, with those of its entries that were read
// or added.
struct CommitRow {
  int64_t number = 0;      // Counts the rows of AcceptedRows.
  int64_t commit_key = 0;  // 0: not stored yet.
  int64_t repository_key = 0;
  Sha sha;
  CommitCounts counts;
  bool was_accepted = false;  // A report for it was accepted.
  absl::Time update_time;     // When that was last.
  // The newer head of the pull request, if it was found that the commit is no
  // longer the newest one. Empty: it was not.
  Sha overtaken_by;

  // By lower-case context. Pointers, so that the addresses stay valid.
  absl::flat_hash_map<std::string, std::unique_ptr<EntryRow>> entries;
};

// The rows that reports read and change. Each row is read once, changed in
// memory, and written once, for many reports: those of several commits to disk
// as well. Until it is written, the journal has what a report has changed (see
// sqlite_journal.h), so the rows stay in memory when the transaction ends.
//
// Whatever else reads or changes these tables (commit_summary, entry, report,
// run) must call Write before.
//
// Every method needs an open transaction of the writer. Errors stick to the
// connection (see SqliteConnection); after a rollback, call Load. Not
// thread-safe.
class AcceptedRows {
 public:
  // See WriteOldest.
  static constexpr size_t kSlice = 512;

  // `ambiguous_wait` is that of PostingLimits.
  explicit AcceptedRows(absl::Duration ambiguous_wait)
      : ambiguous_wait_(ambiguous_wait) {}

  // Find* return the row from memory, or else read it; null: there is no such
  // row. Add* add a row in memory that is not stored yet, and AddEntry gives it
  // its entry_id. The caller may change the returned rows, which live until
  // Write. `context_key` is the context in lower case.
  CommitRow* FindCommit(SqliteConnection* connection, int64_t repository_key,
                        const Sha& sha);
  CommitRow* AddCommit(int64_t repository_key, const Sha& sha, absl::Time now);
  EntryRow* FindEntry(SqliteConnection* connection, CommitRow* commit,
                      const std::string& context_key);
  EntryRow* AddEntry(SqliteConnection* connection, CommitRow* commit,
                     EntryRow entry);

  // Whether the caller must call Write before it changes this entry again.
  // Watchers get each change of a status. Accepted reports are in the history,
  // but a status that was observed at GitHub is only in the entry itself, so
  // the entry must be written before and after it. `observes`: the coming
  // change is such an observation.
  bool MustWriteBefore(const CommitRow& commit, const std::string& context_key,
                       bool observes) const;

  // Adds what a submission did to an entry to the journal, and so to the
  // history. Call it after the entry was changed.
  void Record(SqliteConnection* connection, CommitRow* commit, EntryRow* entry,
              const Submission& submission, const Decided& decided,
              absl::Time now);
  // A row has changed in a way that the journal cannot hold. EndTransaction
  // then writes all rows.
  void WriteAtEnd() { write_at_end_ = true; }

  // The contexts of a stored commit for which a report was accepted, in the
  // order of their lower-case spelling; at most kMostReportedContexts. Reads
  // the table, so call Write first.
  std::vector<std::string> ReportedContexts(SqliteConnection* connection,
                                            const CommitRow& commit);

  // Writes all changes into the tables, and forgets all rows: every pointer to
  // them is invalid then.
  void Write(SqliteConnection* connection);

  // Call it before each COMMIT. Writes all rows if that costs little or must
  // be: after a Write in this transaction, and after WriteAtEnd. If the journal
  // is long, it calls WriteOldest. Returns whether anything was written in this
  // transaction.
  bool EndTransaction(SqliteConnection* connection);

  // Writes what the oldest rows of the journal are about, and removes these
  // rows; at most kSlice of them, because reports wait meanwhile.
  void WriteOldest(SqliteConnection* connection);

  // How many rows this process has added to the journal, and how many of them
  // are removed again.
  int64_t added() const { return added_; }
  int64_t removed() const {
    return added_ - static_cast<int64_t>(journal_.size());
  }

  // Forgets all rows in memory, and writes what the journal in the database has
  // into the tables.
  void Load(SqliteConnection* connection);

 private:
  // The longest journal. A start reads it at once, and its entries fit into a
  // few MiB. A pending and its result are mostly so near that the entry is
  // written once for both.
  static constexpr size_t kLongJournal = 4096;
  // Commits and entries in memory. Those of the journal are fewer.
  static constexpr size_t kMostRows = 4 * kLongJournal;

  // In the order in which they were added.
  std::vector<CommitRow*> Commits();
  EntryRow* Keep(CommitRow* commit, EntryRow entry);
  // The number for a new entry.
  int64_t NextEntryId(SqliteConnection* connection);
  // Changes the rows in memory as a row of the journal says.
  void Apply(SqliteConnection* connection, JournalRow row);

  void WriteRows(SqliteConnection* connection);
  void WriteCommit(SqliteConnection* connection, CommitRow* commit);
  void WriteEntry(SqliteConnection* connection, const CommitRow& commit,
                  EntryRow* entry);
  void Forget();

  const absl::Duration ambiguous_wait_;

  absl::flat_hash_map<std::pair<int64_t, Sha>, std::unique_ptr<CommitRow>>
      commits_;
  size_t rows_ = 0;  // Commits and entries.
  int64_t last_commit_number_ = 0;
  // The rows of the journal, in order: which entry each is about.
  std::deque<std::pair<CommitRow*, EntryRow*>> journal_;
  int64_t last_journal_id_ = 0;  // Of the last of them.
  int64_t added_ = 0;
  int64_t next_entry_id_ = 0;  // 0: not known.
  bool write_at_end_ = false;
  bool has_written_ = false;  // In this transaction.
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_ACCEPTED_ROWS_H_
