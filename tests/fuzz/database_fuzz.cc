#include <sqlite3.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "server/outbox/sqlite_outbox.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/sample_outbox.h"
#include "tests/support/rename_repository.h"
#include "tests/support/temp_dir.h"
#include "tests/support/turns.h"

namespace signalbox {
namespace {

using sample::kGears;
using sample::kNow;
using sample::kSha;
using sample::kWidgets;
using sample::ReportOf;

// Makes a database of these bytes the only one there.
void Put(const TempDir& directory, absl::string_view bytes) {
  const std::string database = sample::DatabaseIn(directory);
  unlink((database + "-wal").c_str());
  unlink((database + "-shm").c_str());
  std::ofstream(database, std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

// The database with arbitrary values in some columns.
std::string WithColumns(const std::string& original, FuzzInput& in) {
  sqlite3* handle = nullptr;
  sqlite3_open(":memory:", &handle);
  sample::Load(handle, "main", original);
  static const auto* const columns =
      new std::vector<sample::Column>(sample::Columns(handle));
  const int changes = in.UpTo(5);
  for (int i = 0; i < changes && !in.empty(); ++i) {
    const sample::Column& column = (*columns)[in.Byte() % columns->size()];
    sqlite3_stmt* statement = nullptr;
    const std::string sql = absl::StrCat("UPDATE OR IGNORE ", column.table,
                                         " SET ", column.name, " = ?");
    sqlite3_prepare_v2(handle, sql.c_str(), -1, &statement, nullptr);
    sample::BindAny(statement, in);
    sqlite3_step(statement);
    sqlite3_finalize(statement);
  }
  sqlite3_int64 changed_size = 0;
  unsigned char* const changed =
      sqlite3_serialize(handle, "main", &changed_size, 0);
  std::string made(reinterpret_cast<const char*>(changed),
                   static_cast<size_t>(changed_size));
  sqlite3_free(changed);
  sqlite3_close(handle);
  made[18] = made[19] = 2;
  return made;
}

// The database with some bytes changed, or cut.
std::string WithBytes(std::string bytes, FuzzInput& in) {
  const int changes = 1 + in.UpTo(15);
  for (int i = 0; i < changes && !in.empty(); ++i) {
    const size_t offset =
        (in.Byte() << 16 | in.Byte() << 8 | in.Byte()) % bytes.size();
    bytes[offset] = static_cast<char>(in.Byte());
  }
  if (in.Flag()) bytes.resize(bytes.size() / 256 * in.Byte());
  return bytes;
}

// Whatever the file holds, each error is a documented one.
void CheckStatus(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kPermissionDenied:
      break;
    default:
      FUZZ_CHECK(false, status.ToString());
  }
  FUZZ_CHECK(status.ok() || !status.message().empty(), "no words");
}

void Check(const StatusView& status) {
  const int state = static_cast<int>(status.state);
  FUZZ_CHECK(state >= 0 && state <= static_cast<int>(CommitState::kSuccess),
             state);
  FUZZ_CHECK(!CommitStateName(status.state).empty(), state);
}

void ReadAll(Outbox& outbox, const std::vector<CommitSummary>& commits) {
  for (const CommitSummary& commit : commits) {
    FUZZ_CHECK(!CommitStateName(commit.state).empty(), "a state");
    const auto view = outbox.GetCommit(commit.repository, commit.sha);
    CheckStatus(view.status());
    if (!view.ok()) continue;
    FUZZ_CHECK(!CommitStateName(CombinedState(view->statuses)).empty(),
               "a state");
    for (const StatusView& status : view->statuses) {
      Check(status);
      const StatusKey key =
          StatusKey::Of(commit.repository, commit.sha, status.context);
      const auto history = outbox.GetHistory(key);
      CheckStatus(history.status());
      if (!history.ok()) continue;
      Check(history->status);
      for (const RecordedReport& report : history->reports) {
        FUZZ_CHECK(!CommitStateName(report.state).empty(), "a state");
      }
    }
  }
}

void Post(Outbox& outbox, FuzzInput& in) {
  absl::Time now = kNow + absl::Seconds(in.Byte());
  const auto work = outbox.FindDueWork(now);
  CheckStatus(work.status());
  for (int i = 0; i < 4; ++i, now += absl::Seconds(40)) {
    LeaseRequest request;
    request.credential = work.ok() && !work->credentials.empty()
                             ? work->credentials.front().credential
                             : "acme";
    request.pendings = i % 2 == 1;
    request.lease_time = absl::Seconds(30);
    const auto lease = signalbox::TakeDue(outbox, request, now);
    CheckStatus(lease.status());
    if (!lease.ok() || !lease->has_value()) continue;
    FUZZ_CHECK(!CommitStateName((*lease)->wanted.state).empty(), "a state");
    Settlement settlement;
    settlement.entry_id = (*lease)->entry_id;
    settlement.version = (*lease)->version;
    settlement.lease_epoch = (*lease)->lease_epoch;
    settlement.lease_number = (*lease)->lease_number;
    settlement.kind = static_cast<Settlement::Kind>(in.UpTo(4));
    settlement.shown = (*lease)->wanted;
    settlement.status_id = in.Byte();
    settlement.retry_in = absl::Seconds(1);
    settlement.reason = "SERVER_ERROR";
    settlement.ambiguous = in.Flag();
    settlement.refused = in.Flag();
    settlement.attempted = Try{now, now, 201, "id", "POSTED", ""};
    CheckStatus(signalbox::Settle(outbox, settlement, now));
  }
}

void ReportMore(Outbox& outbox, FuzzInput& in) {
  const absl::Time now = kNow + absl::Hours(in.Byte());
  std::vector<Submission> submissions(3);
  SetReport(&submissions[0], ReportOf(kWidgets, "ci/build", std::nullopt, 0));
  submissions[0].report.rerun = in.Flag();
  SetReport(&submissions[1],
            ReportOf(kWidgets, "ci/hook", Result::kSuccess, 9));
  SetReport(&submissions[2], ReportOf(kWidgets, "seen", Result::kFailure, 0));
  submissions[2].observed = Observed{100, "octocat"};
  submissions[2].delivery = Delivery{"new", "", "status", "", 8};
  CheckStatus(outbox.Accept(submissions, now).status());
  EventSubmission event;
  event.delivery = {"third", "", "repository", "renamed", 7};
  event.event = RepositoryMoved{kWidgets, {"github.com", "acme", "things"}, 17};
  CheckStatus(outbox.AcceptEvent(event, now).status());
  event.delivery.id = "fourth";
  event.event = InstallationChanged{"github.com", "acme", 5, 6, "created"};
  CheckStatus(outbox.AcceptEvent(event, now).status());
}

void KeepUp(Outbox& outbox, FuzzInput& in) {
  const absl::Time now = kNow + absl::Hours(in.Byte());
  CheckStatus(AsHolder(outbox, &Outbox::ExpirePendings, now, 10).status());
  CheckStatus(
      outbox.Retry(StatusKey::Of(kGears, *ParseSha(kSha), "ci/build"), now));
  CheckStatus(RenameRepository(outbox, kGears, kWidgets, 17, now));
  for (int i = 0; i < 5; ++i) {
    const auto more =
        AsHolder(outbox, &Outbox::ForgetOlderThan, absl::Hours(24), now);
    CheckStatus(more.status());
    if (!more.ok() || !*more) break;
  }
  const auto reruns = outbox.Reruns(now, 10);
  CheckStatus(reruns.status());
  if (reruns.ok()) {
    for (const Rerun& rerun : *reruns) {
      CheckStatus(AsHolder(outbox, &Outbox::SettleRerun, rerun.id,
                           absl::ZeroDuration(), now));
      CheckStatus(
          AsHolder(outbox, &Outbox::SettleRerun, rerun.id, std::nullopt, now));
    }
  }
  CheckStatus(outbox.Pauses(now).status());
  CheckStatus(outbox.SetPause("acme", absl::ZeroDuration(), now));
  const std::vector<std::string> ids = {"a-delivery", "none"};
  CheckStatus(outbox.KnownDeliveries(ids).status());
  CheckStatus(outbox.SeenHooks().status());
  CheckStatus(outbox.Repositories(CanonicalName(), 100).status());
  CheckStatus(outbox.GetNamedTime("looked").status());
}

}  // namespace

// Input: what is changed (bytes of the file, or columns), the changes, and what
// is done with the database.
FUZZ_TARGET(database) {
  static const TempDir directory = sample::MakeDirectory();
  static const std::string original = sample::Make(directory);
  FuzzInput in(input);
  const int work = in.UpTo(7);
  const bool bytes = in.UpTo(3) == 0;
  Put(directory, bytes ? WithBytes(original, in) : WithColumns(original, in));

  const auto outbox = OpenSqliteOutbox(sample::Options(directory));
  CheckStatus(outbox.status());
  if (!outbox.ok()) return;
  const auto commits = (*outbox)->ListCommits(std::nullopt, 0, 10);
  CheckStatus(commits.status());
  if (commits.ok()) ReadAll(**outbox, *commits);
  const absl::Status changes =
      (*outbox)->ChangesAfter(ChangeCursor(0), 100).status();
  // A damaged database may have lost changes.
  if (!absl::IsOutOfRange(changes)) CheckStatus(changes);
  if (work % 4 == 1) Post(**outbox, in);
  if (work % 4 == 2) ReportMore(**outbox, in);
  if (work % 4 == 3) KeepUp(**outbox, in);
  if (work > 3) {
    CheckStatus(QuickCheckSqliteOutbox(directory.path()));
  }
}

}  // namespace signalbox
