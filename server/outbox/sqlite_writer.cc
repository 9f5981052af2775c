#include "server/outbox/sqlite_writer.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>

#include "absl/algorithm/container.h"
#include "common/log.h"
#include "server/outbox/sqlite_changes.h"
#include "server/outbox/sqlite_damage.h"
#include "server/outbox/sqlite_journal.h"
#include "server/outbox/sqlite_store.h"
#include "server/outbox/sqlite_terms.h"

namespace signalbox {
namespace {

constexpr char kSetSequence[] =
    "UPDATE meta SET value = ? WHERE name = 'sequence'";

// After fewer commits, the log is so short that it may wait.
constexpr int kFewCommits = 100;

}  // namespace

SqliteWriter::SqliteWriter(std::unique_ptr<SqliteConnection> connection,
                           SqliteWriterState state, Options options)
    : options_(std::move(options)),
      connection_(std::move(connection)),
      state_(std::move(state)) {}

absl::Status SqliteWriter::Write(Change change, Kind kind) {
  // The transaction of the change would fold all, and reports would wait.
  if (kind == Kind::kOther &&
      added_ - removed_ > static_cast<int64_t>(AcceptedRows::kSlice)) {
    const absl::Status folded = Fold();
    if (!folded.ok()) return folded;
  }
  return Run(Waiting(change, kind));
}

absl::Status SqliteWriter::Fold() {
  const int64_t wanted = added_;
  while (must_load_ || removed_ < wanted) {
    const absl::Status folded = Run(Waiting(std::nullopt, Kind::kOther));
    if (!folded.ok()) return folded;
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> SqliteWriter::FoldSome() {
  if (must_load_ || removed_ < added_) {
    const absl::Status folded = Run(Waiting(std::nullopt, Kind::kOther));
    if (!folded.ok()) return folded;
  }
  return removed_ < added_;
}

absl::Status SqliteWriter::Run(Waiting own) {
  std::vector<Waiting*> batch;
  {
    MutexLock lock(&mu_);
    waiting_.push_back(&own);
    while (!own.has_ended && is_writing_) ended_.Wait(&mu_);
    if (own.has_ended) return own.status;
    is_writing_ = true;
    batch.swap(waiting_);
  }
  bool changed = false;
  std::vector<AbandonedStatus> abandoned;
  {
    MutexLock lock(&writing_);
    changed = WriteTogether(batch);
    abandoned.swap(abandoned_);
  }
  {
    MutexLock lock(&mu_);
    is_writing_ = false;
    for (Waiting* const waiting : batch) waiting->has_ended = true;
  }
  ended_.NotifyAll();
  if (changed && options_.on_change) options_.on_change();
  if (options_.on_abandoned) {
    for (const AbandonedStatus& one : abandoned) options_.on_abandoned(one);
  }
  return own.status;
}

size_t SqliteWriter::waiting() const {
  MutexLock lock(&mu_);
  return waiting_.size();
}

bool SqliteWriter::WriteTogether(const std::vector<Waiting*>& batch) {
  bool changed = false;
  bool may_repeat = false;
  const absl::Status status = WriteAll(batch, &changed, &may_repeat);
  if (status.ok() || !may_repeat || batch.size() == 1) {
    for (Waiting* const waiting : batch) waiting->status = status;
    return changed;
  }
  // One of them failed. Alone, it fails no other.
  for (Waiting* const waiting : batch) {
    bool changed_alone = false;
    waiting->status = WriteAll({waiting}, &changed_alone, &may_repeat);
    changed = changed || changed_alone;
  }
  return changed;
}

absl::Status SqliteWriter::WriteAll(const std::vector<Waiting*>& batch,
                                    bool* changed, bool* may_repeat) {
  absl::Status status = TryToWrite(batch, changed, may_repeat);
  if (status.ok() || !connection_->MayRepair()) return status;
  const absl::StatusOr<bool> repaired = Repair();
  if (!repaired.ok()) {
    *may_repeat = false;
    return repaired.status();
  }
  if (!*repaired) return status;
  status = TryToWrite(batch, changed, may_repeat);
  // The repair gave sequences.
  *changed = true;
  return status;
}

// After an error, the next transaction loads the state again: even a COMMIT
// that failed may have happened.
absl::Status SqliteWriter::TryToWrite(const std::vector<Waiting*>& batch,
                                      bool* changed, bool* may_repeat) {
  // What a fold writes is in the journal until it is durable.
  const auto is_fold = [](const Waiting* waiting) {
    return !waiting->change.has_value();
  };
  const bool folds = absl::c_any_of(batch, is_fold);
  const bool only_folds = absl::c_all_of(batch, is_fold);
  SqliteTransaction transaction(
      connection_.get(), only_folds ? SqliteTransaction::Kind::kRepeatable
                                    : SqliteTransaction::Kind::kWrite);
  if (!state_is_loaded_) LoadState();
  state_.due_news = {};
  state_.abandoned.clear();
  AcceptedRows& accepted = state_.accepted;
  const int64_t sequence = state_.sequence;
  for (const Waiting* const waiting : batch) {
    if (!waiting->change) continue;
    if (waiting->kind != Kind::kReports) accepted.Write(connection_.get());
    (*waiting->change)(connection_.get(), &state_);
  }
  if (folds) accepted.WriteOldest(connection_.get());
  if (!only_folds && options_.before_commit) {
    options_.before_commit(connection_.get(), &state_);
  }
  const bool has_written = accepted.EndTransaction(connection_.get());
  *changed = state_.sequence != sequence;
  // Otherwise the journal has the newest sequence.
  if (has_written && state_.sequence != state_.stored_sequence) {
    SqliteQuery(connection_.get(), kSetSequence).Bind(state_.sequence).Run();
    state_.stored_sequence = state_.sequence;
  }
  *may_repeat = !connection_->status().ok();
  const absl::Status status = transaction.Commit();
  *changed = *changed && status.ok();
  state_is_loaded_ = status.ok();
  must_load_ = !status.ok();
  removed_ = accepted.removed();
  added_ = accepted.added();
  ++commits_;
  if (options_.after_commit) {
    options_.after_commit(state_.due_news, status.ok());
  }
  if (status.ok()) {
    absl::c_move(state_.abandoned, std::back_inserter(abandoned_));
  }
  return status;
}

absl::StatusOr<bool> SqliteWriter::Repair() {
  SqliteTransaction transaction(connection_.get(),
                                SqliteTransaction::Kind::kWrite);
  // The rows in memory may come from damaged ones.
  state_is_loaded_ = false;
  must_load_ = true;
  const std::vector<std::string> damage =
      RepairDamage(connection_.get(), &state_);
  SqliteQuery(connection_.get(), kSetSequence).Bind(state_.sequence).Run();
  const absl::Status status = transaction.Commit();
  state_.due_news.changed_more = true;
  if (options_.after_commit) {
    options_.after_commit(state_.due_news, status.ok());
  }
  if (!status.ok()) return status;
  for (const std::string& what : damage) {
    if (options_.on_damaged_row) options_.on_damaged_row(what);
  }
  return !damage.empty();
}

absl::Status SqliteWriter::Checkpoint() {
  {
    MutexLock lock(&mu_);
    if (is_writing_ || !waiting_.empty()) return absl::OkStatus();
  }
  MutexLock lock(&writing_);
  if (commits_ < kFewCommits) return absl::OkStatus();
  commits_ = 0;
  connection_->ClearError();
  SqliteQuery(connection_.get(), "PRAGMA wal_checkpoint(PASSIVE)").Next();
  return connection_->status();
}

void SqliteWriter::Close(bool is_sound) {
  absl::Status closed = Fold();
  if (!is_sound) return;
  MutexLock lock(&writing_);
  if (closed.ok()) closed = LeaveMark(connection_.get());
  if (closed.ok()) return;
  LogWarning("the database was not closed in order; the next start checks it",
             {{"error", closed.message()}});
}

// One reader at a time: a second one does not find the rows again.
absl::StatusOr<bool> SqliteWriter::RepairForReader() {
  bool changed = false;
  {
    MutexLock lock(&writing_);
    if (repaired_in_vain_) return false;
    const absl::StatusOr<bool> repaired = Repair();
    if (!repaired.ok()) return repaired.status();
    changed = *repaired;
  }
  if (changed && options_.on_change) options_.on_change();
  return true;
}

void SqliteWriter::NoteRepairedInVain() {
  MutexLock lock(&writing_);
  repaired_in_vain_ = true;
}

void SqliteWriter::LoadState() {
  state_.repositories.Forget();
  state_.chores.reset();
  state_.hooks.Clear();
  state_.next_oldest_delivery = absl::InfinitePast();
  state_.retention = {};
  state_.stored_sequence = NewestChange(connection_.get()).sequence();
  state_.sequence =
      std::max(state_.stored_sequence, NewestInJournal(connection_.get()));
  state_.accepted.Load(connection_.get());
  const int64_t epoch = LookAtTerm(connection_.get()).epoch;
  // The repair of a damaged term needs the number that was known.
  if (connection_->status().ok()) state_.epoch = epoch;
}

}  // namespace signalbox
