#include "server/outbox/sqlite_readers.h"

#include <utility>

#include "absl/status/statusor.h"

namespace signalbox {

SqliteReaders::SqliteReaders(
    std::vector<std::unique_ptr<SqliteConnection>> connections,
    SqliteWriter* writer)
    : writer_(writer), idle_(std::move(connections)) {}

absl::Status SqliteReaders::Read(Look look) {
  const absl::Status folded = writer_->Fold();
  return folded.ok() ? ReadUnfolded(look) : folded;
}

absl::Status SqliteReaders::ReadUnfolded(Look look) {
  bool may_repair = false;
  absl::Status status = TryToRead(look, &may_repair);
  if (!may_repair) return status;
  const absl::StatusOr<bool> repaired = writer_->RepairForReader();
  if (!repaired.ok()) return repaired.status();
  if (!*repaired) return status;
  status = TryToRead(look, &may_repair);
  if (may_repair) writer_->NoteRepairedInVain();
  return status;
}

absl::Status SqliteReaders::TryToRead(Look look, bool* may_repair) {
  std::unique_ptr<SqliteConnection> reader = Take();
  absl::Status status;
  {
    SqliteTransaction transaction(reader.get(), SqliteTransaction::Kind::kRead);
    look(reader.get());
    status = transaction.Commit();
    *may_repair = !status.ok() && reader->MayRepair();
  }
  Return(std::move(reader));
  return status;
}

std::unique_ptr<SqliteConnection> SqliteReaders::Take() {
  MutexLock lock(&mu_);
  while (idle_.empty()) returned_.Wait(&mu_);
  std::unique_ptr<SqliteConnection> connection = std::move(idle_.back());
  idle_.pop_back();
  return connection;
}

void SqliteReaders::Return(std::unique_ptr<SqliteConnection> connection) {
  MutexLock lock(&mu_);
  idle_.push_back(std::move(connection));
  returned_.NotifyOne();
}

}  // namespace signalbox
