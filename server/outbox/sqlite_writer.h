#ifndef SIGNALBOX_SERVER_OUTBOX_SQLITE_WRITER_H_
#define SIGNALBOX_SERVER_OUTBOX_SQLITE_WRITER_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/mutex.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/sqlite_writer_state.h"

namespace signalbox {

// SqliteWriter makes all changes of the store. Changes that wait for the same
// commit share it, whichever part of the server they come from: one of the
// waiting threads runs them all, in the order in which they came, and commits
// them together.
//
// If a change meets a damaged row, the writer sets the row aside and runs the
// changes again.
//
// Thread-safe.
class SqliteWriter {
 public:
  // Changes rows, and the state with them. It may run on another caller's
  // thread, and again if its transaction was rolled back, so it must assign its
  // results instead of adding to them. Must not block or throw.
  using Change = absl::FunctionRef<void(SqliteConnection*, SqliteWriterState*)>;

  struct Options {
    // Called after a commit that gave new sequences. May be empty.
    std::function<void()> on_change;
    // Called in each transaction, after its changes. May change rows. May be
    // empty.
    std::function<void(SqliteConnection*, SqliteWriterState*)> before_commit;
    // Called after each transaction. True: it is durable. False: it was rolled
    // back, or the store does not know. May be empty.
    std::function<void(bool is_durable)> after_commit;
    // Called with the description of each row that was set aside.
    std::function<void(const std::string& what)> on_damaged_row;
  };

  SqliteWriter(std::unique_ptr<SqliteConnection> connection,
               SqliteWriterState state, Options options);

  // Returns when `change` is durable, or with the error of its transaction. An
  // error of another change is not an error of this one.
  absl::Status Write(Change change);

  // How many changes wait for the end of the commit under way.
  size_t waiting() const;

  // Moves the log into the database, unless changes wait or the log is short.
  // Otherwise a commit has to do it, while calls wait.
  absl::Status Checkpoint();

  // Sets damaged rows aside for a reader that met one. True: the reader reads
  // again; another reader may have had the rows set aside already. False: the
  // repair does not help.
  absl::StatusOr<bool> RepairForReader();
  // A reader met damage that the repair does not find. Later readers then no
  // longer try, because each check of all tables would hold up the writer.
  void NoteRepairedInVain();

 private:
  // A change that waits to be written.
  struct Waiting {
    explicit Waiting(Change wanted) : change(wanted) {}

    const Change change;
    absl::Status status;
    bool has_ended = false;
  };

  // Runs the changes of a batch and sets their statuses. True: sequences were
  // given.
  bool WriteTogether(const std::vector<Waiting*>& batch)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(writing_);
  // Runs the changes as one transaction, twice if a damaged row had to be set
  // aside. `may_repeat` is set after an error that certainly left no change.
  absl::Status WriteAll(const std::vector<Waiting*>& batch, bool* changed,
                        bool* may_repeat)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(writing_);
  absl::Status TryToWrite(const std::vector<Waiting*>& batch, bool* changed,
                          bool* may_repeat)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(writing_);
  absl::StatusOr<bool> Repair() ABSL_EXCLUSIVE_LOCKS_REQUIRED(writing_);
  void LoadState() ABSL_EXCLUSIVE_LOCKS_REQUIRED(writing_);

  const Options options_;

  // Held during a transaction.
  Mutex writing_;
  const std::unique_ptr<SqliteConnection> connection_
      ABSL_PT_GUARDED_BY(writing_);
  SqliteWriterState state_ ABSL_GUARDED_BY(writing_);
  // Since Checkpoint last moved the log.
  int commits_ ABSL_GUARDED_BY(writing_) = 0;
  bool state_is_loaded_ ABSL_GUARDED_BY(writing_) = false;
  bool repaired_in_vain_ ABSL_GUARDED_BY(writing_) = false;

  mutable Mutex mu_;
  CondVar ended_;
  std::vector<Waiting*> waiting_ ABSL_GUARDED_BY(mu_);
  bool is_writing_ ABSL_GUARDED_BY(mu_) = false;  // A thread runs a batch.
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_SQLITE_WRITER_H_
