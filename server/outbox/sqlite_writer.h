#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_WRITER_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_WRITER_H_

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/mutex.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/sqlite_writer_state.h"

namespace signalbox {

// SqliteWriter makes all changes of the store. A commit waits for the disk, so
// changes that wait at the same time share one commit (group commit), whichever
// part of the server they come from. It has no thread: one of the waiting
// threads runs all waiting changes, in the order in which they came, and
// commits them together.
//
// A transaction that only accepts reports writes them into the journal alone
// (see AcceptedRows). The next transaction of another kind brings the tables up
// to date first; this is called folding the journal.
//
// If a change meets a damaged row, the writer repairs the tables (see
// sqlite_damage.h) and runs the changes again.
//
// Thread-safe.
class SqliteWriter {
 public:
  // Changes rows, and the state with them. It may run on another caller's
  // thread, and again if its transaction was rolled back, so it must assign its
  // results instead of adding to them. Must not block or throw.
  using Change = absl::FunctionRef<void(SqliteConnection*, SqliteWriterState*)>;

  struct Options {
    // Called after a commit that made status changes, on the thread that made
    // the commit, outside the locks. May be empty.
    std::function<void()> on_change;
    // Called in each transaction, after its changes. May change rows. May be
    // empty.
    std::function<void(SqliteConnection*, SqliteWriterState*)> before_commit;
    // Called after each transaction, before Write returns. `is_durable` is
    // false if the transaction was rolled back, or if the commit failed and may
    // nevertheless have happened. May be empty.
    std::function<void(const DueNews& news, bool is_durable)> after_commit;
    // Called with each status of SqliteWriterState::abandoned, after the commit
    // and when the other threads of the batch go on. Several threads can call
    // it at once. May be empty.
    std::function<void(const AbandonedStatus&)> on_abandoned;
    // Called with a line about each damaged row after its repair. May be empty.
    std::function<void(const std::string& what)> on_damaged_row;
  };

  SqliteWriter(std::unique_ptr<SqliteConnection> connection,
               SqliteWriterState state, Options options);

  enum class Kind {
    // Only accepts reports, by state->accepted.
    kReports,
    kOther,
  };

  // Runs `change` and returns when it is durable, or with the error of its
  // transaction. If another change in the same transaction fails, this one runs
  // again in a transaction of its own.
  absl::Status Write(Change change, Kind kind = Kind::kOther);

  // Folds the journal, so that a reader finds every report whose Write has
  // returned. Does that in several transactions, so that reports do not wait
  // long, and does nothing if the tables are up to date. Waits for the
  // transaction under way, but not for the disk.
  absl::Status Fold();
  // Does a part of Fold. False: nothing is left to fold.
  absl::StatusOr<bool> FoldSome();

  // How many changes wait for the end of the commit under way.
  size_t waiting() const;

  // Moves SQLite's log of changes into the database, unless changes wait or
  // there were fewer than 100 commits since the last time. Call it in quiet
  // moments: otherwise a commit must do it, and its reports wait.
  absl::Status Checkpoint();

  // Folds the journal and, if the file is sound, marks it as closed in order:
  // see LeaveMark (sqlite_store.h). Nothing may be called afterwards.
  void Close(bool is_sound);

  // A reader met a damaged row: repairs the tables. True: the reader should
  // read again. False: an earlier repair did not help a reader
  // (NoteRepairedInVain), so this one did nothing.
  absl::StatusOr<bool> RepairForReader();
  // Call it if a reader still meets damage after RepairForReader. From then on
  // RepairForReader does nothing, because each repair reads all tables and
  // holds up the writer.
  void NoteRepairedInVain();

 private:
  // A change that waits to be written.
  struct Waiting {
    Waiting(std::optional<Change> wanted, Kind its_kind)
        : change(wanted), kind(its_kind) {}

    const std::optional<Change> change;  // Nothing: only folds.
    const Kind kind;
    absl::Status status;
    bool has_ended = false;
  };

  // Runs this change in a batch with others.
  absl::Status Run(Waiting own);
  // Runs the changes of a batch and sets their statuses. True: it made status
  // changes.
  bool WriteTogether(const std::vector<Waiting*>& batch)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(writing_);
  // Runs the changes as one transaction, and a second time if damaged rows had
  // to be repaired. Sets `changed` if it made status changes, and `may_repeat`
  // after an error that certainly left no change.
  absl::Status WriteAll(const std::vector<Waiting*>& batch, bool* changed,
                        bool* may_repeat)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(writing_);
  // Runs the changes once. The results are those of WriteAll.
  absl::Status TryToWrite(const std::vector<Waiting*>& batch, bool* changed,
                          bool* may_repeat)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(writing_);
  // True: it found damaged rows.
  absl::StatusOr<bool> Repair() ABSL_EXCLUSIVE_LOCKS_REQUIRED(writing_);
  // Reads `state_` again from the tables.
  void LoadState() ABSL_EXCLUSIVE_LOCKS_REQUIRED(writing_);

  const Options options_;

  // See AcceptedRows::added and removed: after the last transaction.
  std::atomic<int64_t> added_ = 0;
  std::atomic<int64_t> removed_ = 0;
  // The rows in memory were lost, so the next transaction folds all.
  std::atomic<bool> must_load_ = true;

  // Held during a transaction.
  Mutex writing_;
  const std::unique_ptr<SqliteConnection> connection_
      ABSL_PT_GUARDED_BY(writing_);
  SqliteWriterState state_ ABSL_GUARDED_BY(writing_);
  // What the transactions of the batch under way have abandoned.
  std::vector<AbandonedStatus> abandoned_ ABSL_GUARDED_BY(writing_);
  // How many transactions there were since Checkpoint last moved the log.
  int commits_ ABSL_GUARDED_BY(writing_) = 0;
  // False: the next transaction must call LoadState.
  bool state_is_loaded_ ABSL_GUARDED_BY(writing_) = false;
  bool repaired_in_vain_ ABSL_GUARDED_BY(writing_) = false;

  mutable Mutex mu_;
  CondVar ended_;
  std::vector<Waiting*> waiting_ ABSL_GUARDED_BY(mu_);
  bool is_writing_ ABSL_GUARDED_BY(mu_) = false;  // A thread runs a batch.
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_WRITER_H_
