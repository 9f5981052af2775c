#include <sqlite3.h>

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "server/outbox/sqlite_outbox.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/grammar.h"
#include "tests/fuzz/sample_outbox.h"
#include "tests/support/temp_dir.h"

// Readers of an outbox whose rows hold anything. One outbox is open as long as
// the process lives. A connection beside it damages rows, and repairs them
// before the next input, so that each input stands alone.

namespace signalbox {
namespace {

using sample::kNow;
using sample::kSha;
using Tables = std::initializer_list<absl::string_view>;

// After so many inputs the repaired tables are compared with the originals.
constexpr int kCompareEvery = 1000;

class DamagedOutbox {
 public:
  DamagedOutbox();

  Outbox& outbox() { return *outbox_; }

  // Restores the tables, and then makes the changes in `in`.
  void Change(FuzzInput& in);

  // Whether `in` changed any of these tables.
  bool IsDamaged(Tables tables) const;

  // The number of INTERNAL errors that the owner got since the last call.
  int TakeTold() { return std::exchange(told_, 0); }

 private:
  struct Table {
    sqlite3_stmt* clear = nullptr;
    sqlite3_stmt* fill = nullptr;
    bool is_damaged = false;
  };
  struct Column {
    Table* table = nullptr;
    // Sets it to ?1: in all rows, or in the one after ?2 others.
    sqlite3_stmt* set_all = nullptr;
    sqlite3_stmt* set_one = nullptr;
  };

  sqlite3_stmt* Prepare(const std::string& sql);
  void Step(sqlite3_stmt* statement);
  void ChangeOne(FuzzInput& in);
  void Repair();
  void Compare();

  const TempDir directory_ = sample::MakeDirectory();
  std::unique_ptr<Outbox> outbox_;
  int told_ = 0;
  // This and its statements end with the process.
  sqlite3* editor_ = nullptr;
  sqlite3_stmt* begin_ = nullptr;
  sqlite3_stmt* commit_ = nullptr;
  std::vector<sample::Column> names_;
  std::map<absl::string_view, Table> tables_;
  std::vector<Column> columns_;
  int64_t inputs_ = 0;
};

DamagedOutbox::DamagedOutbox() {
  const std::string original = sample::Make(directory_);
  sqlite3_open(sample::DatabaseIn(directory_).c_str(), &editor_);
  // Nothing needs to last.
  sample::Run(editor_,
              "PRAGMA synchronous = OFF;"
              "PRAGMA temp_store = MEMORY;"
              "ATTACH ':memory:' AS original");
  sample::Load(editor_, "original", original);
  SqliteOutboxOptions options = sample::Options(directory_);
  options.on_failure = [this](const absl::Status&) { told_++; };
  auto outbox = OpenSqliteOutbox(std::move(options));
  FUZZ_CHECK(outbox.ok(), outbox.status().ToString());
  outbox_ = *std::move(outbox);
  // Opening ended a term, and took the mark of the orderly close away.
  sample::Run(editor_,
              "DELETE FROM original.term;"
              "INSERT INTO original.term SELECT * FROM main.term;"
              "DELETE FROM original.meta;"
              "INSERT INTO original.meta SELECT * FROM main.meta");

  begin_ = Prepare("BEGIN IMMEDIATE");
  commit_ = Prepare("COMMIT");
  names_ = sample::Columns(editor_);
  for (const sample::Column& named : names_) {
    Table& table = tables_[named.table];
    if (table.clear == nullptr) {
      table.clear = Prepare(absl::StrCat("DELETE FROM main.", named.table));
      table.fill =
          Prepare(absl::StrCat("INSERT INTO main.", named.table,
                               " SELECT * FROM original.", named.table));
    }
    Column& column = columns_.emplace_back();
    column.table = &table;
    const std::string set = absl::StrCat("UPDATE OR IGNORE main.", named.table,
                                         " SET ", named.name, " = ?1");
    column.set_all = Prepare(set);
    std::string key;
    for (const sample::Column& other : names_) {
      if (other.table != named.table || !other.is_key) continue;
      absl::StrAppend(&key, key.empty() ? "" : ", ", other.name);
    }
    column.set_one = Prepare(
        absl::StrCat(set, " WHERE (", key, ") IN (SELECT ", key, " FROM main.",
                     named.table, " ORDER BY ", key, " LIMIT 1 OFFSET ?2)"));
  }
  Compare();
}

sqlite3_stmt* DamagedOutbox::Prepare(const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  sqlite3_prepare_v3(editor_, sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT,
                     &statement, nullptr);
  FUZZ_CHECK(statement != nullptr, sql, ": ", sqlite3_errmsg(editor_));
  return statement;
}

void DamagedOutbox::Step(sqlite3_stmt* statement) {
  const int code = sqlite3_step(statement);
  FUZZ_CHECK(code == SQLITE_DONE, sqlite3_sql(statement), ": ",
             sqlite3_errmsg(editor_));
  sqlite3_reset(statement);
}

void DamagedOutbox::Change(FuzzInput& in) {
  Step(begin_);
  Repair();
  if (++inputs_ % kCompareEvery == 0) Compare();
  const int changes = in.UpTo(5);
  for (int i = 0; i < changes && !in.empty(); ++i) ChangeOne(in);
  Step(commit_);
}

void DamagedOutbox::ChangeOne(FuzzInput& in) {
  Column& column = columns_[in.Byte() % columns_.size()];
  const int row = in.UpTo(7);
  sqlite3_stmt* const set = row == 7 ? column.set_all : column.set_one;
  sample::BindAny(set, in);
  if (row != 7) sqlite3_bind_int(set, 2, row);
  // A column keeps its value if it cannot take the new one.
  const bool is_set =
      sqlite3_step(set) == SQLITE_DONE && sqlite3_changes(editor_) > 0;
  sqlite3_reset(set);
  if (is_set) column.table->is_damaged = true;
}

void DamagedOutbox::Repair() {
  const bool was_damaged =
      std::any_of(tables_.begin(), tables_.end(),
                  [](const auto& table) { return table.second.is_damaged; });
  if (!was_damaged) return;
  // The outbox has repaired the rows that it met, and what depends on them.
  for (auto& [name, table] : tables_) {
    Step(table.clear);
    Step(table.fill);
    table.is_damaged = false;
  }
}

void DamagedOutbox::Compare() {
  for (const auto& [name, table] : tables_) {
    for (const auto& [one, other] :
         {std::pair("main.", "original."), std::pair("original.", "main.")}) {
      sqlite3_stmt* const difference = Prepare(absl::StrCat(
          "SELECT * FROM ", one, name, " EXCEPT SELECT * FROM ", other, name));
      FUZZ_CHECK(sqlite3_step(difference) == SQLITE_DONE, name,
                 " is not what it was");
      sqlite3_finalize(difference);
    }
  }
}

bool DamagedOutbox::IsDamaged(Tables tables) const {
  return std::any_of(
      tables.begin(), tables.end(),
      [this](absl::string_view name) { return tables_.at(name).is_damaged; });
}

DamagedOutbox& Store() {
  static DamagedOutbox store;
  return store;
}

// Whether there is a result. The reader's header must name the error: the
// outbox sets damaged rows aside, and none of them ends the server.
template <typename Seen>
bool HasResult(const absl::StatusOr<Seen>& seen,
               absl::StatusCode named = absl::StatusCode::kOk,
               absl::string_view reason = "") {
  const absl::Status& status = seen.status();
  FUZZ_CHECK(Store().TakeTold() == 0, status.ToString());
  if (status.ok()) return true;
  FUZZ_CHECK(grammar::IsOneLine(status.message()), status.ToString());
  FUZZ_CHECK(status.code() == named && ReasonOf(status) == reason,
             status.ToString());
  return false;
}

template <typename Enum>
void CheckEnum(Enum value, Enum first, Enum last) {
  FUZZ_CHECK(value >= first && value <= last, static_cast<int64_t>(value));
}

void Check(CommitState state) {
  CheckEnum(state, CommitState::kError, CommitState::kSuccess);
}

void Check(std::optional<Result> result, CommitState state) {
  if (!result.has_value()) return;
  CheckEnum(*result, Result::kSuccess, Result::kNeutral);
  FUZZ_CHECK(state == CommitStateOf(*result), CommitStateName(state));
}

void Check(const StatusView& status) {
  Check(status.state);
  Check(status.result, status.state);
  CheckEnum(status.phase, Phase::kWebhookPending, Phase::kExpired);
  const Posting& posting = status.posting;
  CheckEnum(posting.state, PostingState::kDue, PostingState::kObserved);
  FUZZ_CHECK(posting.try_count >= 0, posting.try_count);
}

int Limit(FuzzInput& in) { return in.UpTo(12) - 2; }

template <typename Items>
void CheckLimit(const Items& items, int limit) {
  FUZZ_CHECK(static_cast<int64_t>(items.size()) <= std::max(limit, 0),
             items.size(), " of ", limit);
}

absl::Time TimeOf(FuzzInput& in) {
  return in.Flag() ? absl::FromUnixMicros(in.Int64())
                   : kNow + absl::Seconds(in.Byte());
}

Repository RepositoryOf(FuzzInput& in) {
  switch (in.UpTo(5)) {
    case 0:
    case 1:
      return sample::kWidgets;
    case 2:
      return {"github.com", "Acme", "Gears"};
    case 3:
      return sample::kCogs;
    case 4:
      return {"github.com", "acme", "unheard-of"};
    default:
      return {"", std::string(in.Text()), ""};
  }
}

Sha ShaOf(FuzzInput& in) {
  const int kind = in.UpTo(7);
  return kind == 0   ? Sha::OfBytes(in.Text())
         : kind == 1 ? *ParseSha(std::string(64, 'b'))
                     : *ParseSha(kSha);
}

void ReadCommits(Outbox& outbox, FuzzInput& in) {
  std::optional<Repository> repository;
  if (in.Flag()) repository = RepositoryOf(in);
  const int64_t before = in.Flag() ? in.Int64() : 0;
  const int limit = Limit(in);
  const auto commits = outbox.ListCommits(repository, before, limit);
  if (!HasResult(commits)) {
    return;
  }
  CheckLimit(*commits, limit);
  int64_t last = before > 0 ? before - 1 : std::numeric_limits<int64_t>::max();
  for (const CommitSummary& commit : *commits) {
    FUZZ_CHECK(commit.sequence > 0 && commit.sequence <= last, commit.sequence);
    last = commit.sequence;
    Check(commit.state);
    FUZZ_CHECK(commit.state != CommitState::kError, "a commit is never error");
    FUZZ_CHECK(commit.status_count >= 0, commit.status_count);
    FUZZ_CHECK(commit.status_count > 0 || commit.state != CommitState::kSuccess,
               "nothing succeeded");
  }
}

void ReadCommit(Outbox& outbox, FuzzInput& in) {
  const Repository repository = RepositoryOf(in);
  const Sha sha = ShaOf(in);
  const auto commit = outbox.GetCommit(repository, sha);
  if (!HasResult(commit, absl::StatusCode::kNotFound, "NOTHING_REPORTED")) {
    return;
  }
  FUZZ_CHECK(commit->sha == sha, commit->sha.Hex());
  for (const StatusView& status : commit->statuses) Check(status);
  const CommitState state = CombinedState(commit->statuses);
  Check(state);
  FUZZ_CHECK(state != CommitState::kError, "a commit is never error");
}

void ReadHistory(Outbox& outbox, FuzzInput& in) {
  const std::string contexts[] = {"ci/build", "ci/lint", "ci/hook", "seen",
                                  "unheard-of"};
  const Repository repository = RepositoryOf(in);
  const Sha sha = ShaOf(in);
  const std::string& context = contexts[in.UpTo(4)];
  const auto history =
      outbox.GetHistory(StatusKey::Of(repository, sha, context));
  if (!HasResult(history, absl::StatusCode::kNotFound, "NOTHING_REPORTED")) {
    return;
  }
  const StatusView& status = history->status;
  Check(status);
  FUZZ_CHECK(status.context == context || Store().IsDamaged({"entry"}),
             status.context);
  FUZZ_CHECK(
      !history->repository.name.empty() || Store().IsDamaged({"repository"}),
      "no repository");
  if (history->in_flight && status.posting.state != PostingState::kObserved) {
    FUZZ_CHECK(status.posting.state == PostingState::kDue &&
                   status.posting.reason.empty() &&
                   !status.posting.next_try_time.has_value(),
               "a try in flight is all that there is to tell");
  }
  for (const RecordedReport& report : history->reports) {
    Check(report.state);
    Check(report.result, report.state);
    CheckEnum(report.disposition, Disposition::kAccepted,
              Disposition::kSuperseded);
    FUZZ_CHECK(report.sequence >= 0, report.sequence);
    FUZZ_CHECK(
        (report.disposition == Disposition::kAccepted) == (report.sequence > 0),
        report.sequence);
  }
  for (const RecordedTry& recorded : history->tries) {
    FUZZ_CHECK(recorded.attempted.http_status >= 0,
               recorded.attempted.http_status);
  }
}

void ReadChanges(Outbox& outbox, FuzzInput& in) {
  const ChangeCursor after(in.Flag() ? in.Int64() : in.Byte());
  const int limit = Limit(in);
  const auto changes = outbox.ChangesAfter(after, limit);
  if (!HasResult(changes, absl::StatusCode::kOutOfRange, "SEQUENCE_NOT_KEPT")) {
    return;
  }
  CheckLimit(*changes, limit);
  ChangeCursor last = after;
  for (const StatusChange& change : *changes) {
    FUZZ_CHECK(change.cursor > last, change.cursor.sequence());
    last = change.cursor;
    Check(change.status);
  }
}

void ReadNewest(Outbox& outbox, FuzzInput&) {
  const auto newest = outbox.NewestChange();
  if (!HasResult(newest)) return;
  FUZZ_CHECK(*newest >= ChangeCursor(), newest->sequence());
}

// Any change through the outbox makes it read what is due again.
absl::StatusOr<DueWork> ReadDueWork(Outbox& outbox, absl::Time now) {
  const absl::Status changed = outbox.Confess({}, kNow);
  if (!changed.ok()) return changed;
  return outbox.FindDueWork(now);
}

void ReadDueTime(Outbox& outbox, FuzzInput& in) {
  const auto work = ReadDueWork(outbox, TimeOf(in));
  if (!HasResult(work)) return;
  FUZZ_CHECK(work->next_in > absl::ZeroDuration(),
             absl::FormatDuration(work->next_in));
}

void ReadDueCredentials(Outbox& outbox, FuzzInput& in) {
  const auto work = ReadDueWork(outbox, TimeOf(in));
  if (!HasResult(work)) return;
  // Each credential comes once.
  const auto is_behind = [](const DueCredential& a, const DueCredential& b) {
    return a.credential >= b.credential;
  };
  FUZZ_CHECK(
      std::adjacent_find(work->credentials.begin(), work->credentials.end(),
                         is_behind) == work->credentials.end(),
      "credentials");
}

void ReadPauses(Outbox& outbox, FuzzInput& in) {
  const auto pauses = outbox.Pauses(TimeOf(in));
  if (!HasResult(pauses)) return;
  FUZZ_CHECK(pauses->size() == 1 || Store().IsDamaged({"credential_pause"}),
             pauses->size());
}

void ReadDeliveries(Outbox& outbox, FuzzInput& in) {
  const std::vector<std::string> ids = {"a-delivery", "another",
                                        std::string(in.Text())};
  const auto known = outbox.KnownDeliveries(ids);
  if (!HasResult(known)) return;
  FUZZ_CHECK(known->size() == ids.size(), known->size());
  if (Store().IsDamaged({"delivery"})) return;
  FUZZ_CHECK((*known)[0] && (*known)[1], "a delivery is forgotten");
}

void ReadHooks(Outbox& outbox, FuzzInput&) {
  const auto hooks = outbox.SeenHooks();
  if (!HasResult(hooks)) return;
  FUZZ_CHECK(hooks->size() == 1 || Store().IsDamaged({"hook"}), hooks->size());
}

void ReadRepositories(Outbox& outbox, FuzzInput&) {
  const auto repositories = outbox.Repositories(CanonicalName(), 100);
  if (!HasResult(repositories)) return;
  // A damaged name may sort before the name at which the page begins.
  FUZZ_CHECK(repositories->size() == 2 || Store().IsDamaged({"repository"}),
             repositories->size());
}

void ReadMark(Outbox& outbox, FuzzInput& in) {
  const std::string name = in.Flag() ? std::string(in.Text()) : "looked";
  const auto noted = outbox.GetNamedTime(name);
  if (!HasResult(noted)) return;
  FUZZ_CHECK(noted->has_value() == (name == "looked") ||
                 Store().IsDamaged({"named_time"}),
             name);
}

void ReadReruns(Outbox& outbox, FuzzInput& in) {
  const int limit = Limit(in);
  const auto reruns = outbox.Reruns(TimeOf(in), limit);
  if (!HasResult(reruns)) return;
  CheckLimit(*reruns, limit);
  absl::Duration last = -absl::InfiniteDuration();
  for (const Rerun& rerun : *reruns) {
    FUZZ_CHECK(rerun.due_in >= last, absl::FormatDuration(rerun.due_in));
    last = rerun.due_in;
    FUZZ_CHECK(rerun.try_count >= 0, rerun.try_count);
    for (const std::string& context : rerun.wanted.contexts) {
      FUZZ_CHECK(!context.empty() && !absl::StrContains(context, '\n'),
                 context);
    }
  }
}

constexpr void (*kReaders[])(Outbox&, FuzzInput&) = {
    ReadCommits,    ReadCommit,  ReadHistory,        ReadChanges,
    ReadNewest,     ReadDueTime, ReadDueCredentials, ReadPauses,
    ReadDeliveries, ReadHooks,   ReadRepositories,   ReadMark,
    ReadReruns,
};

}  // namespace

// Input: the reader and the one after it, what is damaged, and what the readers
// are given.
FUZZ_TARGET(row) {
  constexpr int kCount = static_cast<int>(std::size(kReaders));
  FuzzInput in(input);
  const int first = in.UpTo(kCount - 1);
  const int second = in.UpTo(2 * kCount - 1);
  Store().Change(in);
  kReaders[first](Store().outbox(), in);
  if (second < kCount) kReaders[second](Store().outbox(), in);
}

}  // namespace signalbox
