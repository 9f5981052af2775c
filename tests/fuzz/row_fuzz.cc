#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/outbox/sqlite_outbox.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/grammar.h"

namespace signalbox {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1780000000);
const Repository kWidgets = {"github.com", "acme", "widgets"};
const Repository kGears = {"github.com", "acme", "gears"};
const std::string kSha(40, 'a');

// A directory of this process, in memory if nobody says where: nothing here is
// to last.
class DataDir {
 public:
  DataDir() {
    std::error_code ignored;
    const bool memory = std::getenv("TMPDIR") == nullptr &&
                        std::filesystem::is_directory("/dev/shm", ignored);
    std::string pattern =
        (memory ? "/dev/shm"
                : std::filesystem::temp_directory_path().string()) +
        "/signalbox-fuzz-XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr) std::abort();
    path_ = pattern;
  }
  ~DataDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::string& path() const { return path_; }
  std::string database() const { return path_ + "/signalbox.db"; }

  // Puts a database there, alone.
  void Put(absl::string_view bytes) const {
    unlink((database() + "-wal").c_str());
    unlink((database() + "-shm").c_str());
    std::ofstream(database(), std::ios::binary)
        .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }

 private:
  std::string path_;
};

Report ReportOf(const Repository& repository, const std::string& context,
                std::optional<Result> result, int64_t attempt) {
  Report report;
  report.repository = repository;
  report.sha = kSha;
  report.context = context;
  report.result = result;
  report.attempt = attempt;
  report.description = "In words";
  report.target_url = "https://ci.example.com/1";
  return report;
}

SqliteOutboxOptions Options(const DataDir& directory) {
  SqliteOutboxOptions options;
  options.data_dir = directory.path();
  options.lane_of = [](const Repository& repository) {
    return repository.owner == "acme" ? "acme" : "";
  };
  return options;
}

// A bit of everything that a database can hold.
void Fill(Outbox& outbox) {
  std::vector<Submission> submissions(5);
  submissions[0].reports = {ReportOf(kWidgets, "ci/build", std::nullopt, 3),
                            ReportOf(kWidgets, "ci/lint", std::nullopt, 0)};
  submissions[1].reports = {
      ReportOf(kWidgets, "ci/build", Result::kFailure, 3)};
  submissions[2].reports = {ReportOf(kWidgets, "ci/hook", std::nullopt, 0)};
  submissions[2].reports[0].from_webhook = true;
  submissions[2].delivery =
      Delivery{"a-delivery", std::string(32, 'd'), "pull_request", "opened", 7};
  submissions[2].change.emplace();
  submissions[2].change->pull_request_number = 5;
  submissions[2].change->updated_time = kNow;
  submissions[3].reports = {ReportOf(kWidgets, "seen", Result::kSuccess, 0)};
  submissions[3].observed = Observed{99, "octocat"};
  submissions[4].reports = {ReportOf(kGears, "ci/build", Result::kError, 0)};
  (void)outbox.Accept(submissions, kNow);
  (void)outbox.RenameRepository({"github.com", "acme", "cogs"}, kGears, 17,
                                kNow);
  LeaseRequest request;
  request.lane = "acme";
  request.deadline = kNow + absl::Seconds(30);
  for (int i = 0; i < 2; ++i) {
    const auto lease = outbox.TakeDue(request, kNow + absl::Seconds(i));
    if (!lease.ok() || !lease->has_value() || i == 1) break;
    Settlement settlement;
    settlement.entry_id = (*lease)->entry_id;
    settlement.version = (*lease)->version;
    settlement.lease_number = (*lease)->lease_number;
    settlement.kind = Settlement::Kind::kAbandoned;
    settlement.reason = "PERMISSION_MISSING";
    settlement.attempted =
        Try{kNow, kNow, 403, "AB12:3", "PERMISSION_MISSING", "No"};
    (void)outbox.Settle(settlement, kNow);
  }
  EventSubmission event;
  event.delivery = {"another", "", "issue_comment", "created", 7};
  event.event = RerunRequested{kWidgets, 5, {"ci/build"}, "octocat", "MEMBER"};
  (void)outbox.AcceptEvent(event, kNow);
  (void)outbox.SetPause("acme", kNow + absl::Minutes(1), kNow);
  (void)outbox.SetMark("looked", kNow);
}

// The bytes of such a database. Its tables are not strict: any column can be
// given anything, as in a file that somebody else made.
std::string Template(const DataDir& directory) {
  {
    auto outbox = OpenSqliteOutbox(Options(directory));
    FUZZ_CHECK(outbox.ok(), outbox.status().ToString());
    Fill(**outbox);
  }
  sqlite3* handle = nullptr;
  sqlite3_open(directory.database().c_str(), &handle);
  sqlite3_exec(handle,
               "PRAGMA writable_schema = ON;"
               "UPDATE sqlite_schema SET sql = replace(replace("
               "sql, ') STRICT, WITHOUT', ') WITHOUT'), ') STRICT', ')');"
               "PRAGMA wal_checkpoint(TRUNCATE)",
               nullptr, nullptr, nullptr);
  sqlite3_close(handle);
  std::ifstream file(directory.database(), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Column {
  std::string table;
  std::string name;
};

std::vector<Column> Columns(sqlite3* handle) {
  std::vector<Column> columns;
  sqlite3_stmt* statement = nullptr;
  sqlite3_prepare_v2(handle,
                     "SELECT m.name, c.name FROM sqlite_schema AS m, "
                     "pragma_table_info(m.name) AS c WHERE m.type = 'table' "
                     "AND m.name NOT LIKE 'sqlite%' ORDER BY m.name, c.cid",
                     -1, &statement, nullptr);
  const auto text = [&](int column) {
    return std::string(
        reinterpret_cast<const char*>(sqlite3_column_text(statement, column)));
  };
  while (sqlite3_step(statement) == SQLITE_ROW) {
    columns.push_back({text(0), text(1)});
  }
  sqlite3_finalize(statement);
  return columns;
}

void Bind(sqlite3_stmt* statement, FuzzInput& in) {
  switch (in.UpTo(5)) {
    case 0: {
      const absl::string_view text = in.Text();
      sqlite3_bind_text(statement, 1, text.data() == nullptr ? "" : text.data(),
                        static_cast<int>(text.size()), SQLITE_TRANSIENT);
      break;
    }
    case 1: {
      const absl::string_view bytes = in.Text();
      sqlite3_bind_blob(statement, 1,
                        bytes.data() == nullptr ? "" : bytes.data(),
                        static_cast<int>(bytes.size()), SQLITE_TRANSIENT);
      break;
    }
    case 2:
      sqlite3_bind_null(statement, 1);
      break;
    case 3:
      sqlite3_bind_double(statement, 1, static_cast<double>(in.Int64()) / 7);
      break;
    default:
      sqlite3_bind_int64(statement, 1, in.Int64());
  }
}

// The database with some columns set to anything.
std::string WithColumns(const std::string& original, FuzzInput& in) {
  sqlite3* handle = nullptr;
  sqlite3_open(":memory:", &handle);
  const auto size = static_cast<sqlite3_int64>(original.size());
  auto* const bytes = static_cast<unsigned char*>(sqlite3_malloc64(size));
  std::copy(original.begin(), original.end(), bytes);
  // What is in memory has no write-ahead log.
  bytes[18] = bytes[19] = 1;
  sqlite3_deserialize(
      handle, "main", bytes, size, size,
      SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE);
  static const auto* const columns = new std::vector<Column>(Columns(handle));
  FUZZ_CHECK(columns->size() > 50, "no tables: ", sqlite3_errmsg(handle));
  const int changes = in.UpTo(5);
  for (int i = 0; i < changes && !in.empty(); ++i) {
    const Column& column = (*columns)[in.Byte() % columns->size()];
    sqlite3_stmt* statement = nullptr;
    const std::string sql = absl::StrCat("UPDATE OR IGNORE ", column.table,
                                         " SET ", column.name, " = ?");
    sqlite3_prepare_v2(handle, sql.c_str(), -1, &statement, nullptr);
    Bind(statement, in);
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

// The database with some bytes that are others, or cut.
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

// Whatever the file holds, an error is one of those that are documented.
void CheckStatus(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAlreadyExists:
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
  const auto lanes = outbox.DueLanes(now);
  CheckStatus(lanes.status());
  CheckStatus(outbox.NextDueTime(now).status());
  for (int i = 0; i < 4; ++i, now += absl::Seconds(40)) {
    LeaseRequest request;
    request.lane = lanes.ok() && !lanes->empty() ? lanes->front() : "acme";
    request.pendings = i % 2 == 1;
    request.deadline = now + absl::Seconds(30);
    const auto lease = outbox.TakeDue(request, now);
    CheckStatus(lease.status());
    if (!lease.ok() || !lease->has_value()) continue;
    FUZZ_CHECK(!CommitStateName((*lease)->wanted.state).empty(), "a state");
    Settlement settlement;
    settlement.entry_id = (*lease)->entry_id;
    settlement.version = (*lease)->version;
    settlement.lease_number = (*lease)->lease_number;
    settlement.kind = static_cast<Settlement::Kind>(in.UpTo(4));
    settlement.shown = (*lease)->wanted;
    settlement.status_id = in.Byte();
    settlement.next_try_time = now + absl::Seconds(1);
    settlement.reason = "SERVER_ERROR";
    settlement.ambiguous = in.Flag();
    settlement.refused = in.Flag();
    settlement.attempted = Try{now, now, 201, "id", "POSTED", ""};
    CheckStatus(outbox.Settle(settlement, now));
  }
}

void ReportMore(Outbox& outbox, FuzzInput& in) {
  const absl::Time now = kNow + absl::Hours(in.Byte());
  std::vector<Submission> submissions(2);
  submissions[0].reports = {ReportOf(kWidgets, "ci/build", std::nullopt, 0),
                            ReportOf(kWidgets, "ci/hook", Result::kSuccess, 9)};
  submissions[0].reports[0].rerun = in.Flag();
  submissions[1].reports = {ReportOf(kWidgets, "seen", Result::kFailure, 0)};
  submissions[1].observed = Observed{100, "octocat"};
  submissions[1].delivery = Delivery{"new", "", "status", "", 8};
  CheckStatus(outbox.Accept(submissions, now).status());
  EventSubmission event;
  event.delivery = {"third", "", "repository", "renamed", 7};
  event.event = RepositoryMoved{kWidgets, {"github.com", "acme", "things"}, 17};
  CheckStatus(outbox.AcceptEvent(event, now).status());
  event.delivery.id = "fourth";
  event.event = InstallationChanged{"github.com", "acme", 5, 6, "created"};
  CheckStatus(outbox.AcceptEvent(event, now).status());
}

void Upkeep(Outbox& outbox, FuzzInput& in) {
  const absl::Time now = kNow + absl::Hours(in.Byte());
  CheckStatus(outbox.NextExpiry().status());
  CheckStatus(outbox.ExpirePendings(now, 10).status());
  CheckStatus(outbox.Retry(StatusKey::Of(kGears, kSha, "ci/build"), now));
  CheckStatus(outbox.RenameRepository(kGears, kWidgets, 17, now));
  for (int i = 0; i < 5; ++i) {
    const auto more = outbox.ForgetBefore(now - absl::Hours(24));
    CheckStatus(more.status());
    if (!more.ok() || !*more) break;
  }
  const auto reruns = outbox.Reruns(10);
  CheckStatus(reruns.status());
  if (reruns.ok()) {
    for (const Rerun& rerun : *reruns) {
      CheckStatus(outbox.SettleRerun(rerun.id, now));
      CheckStatus(outbox.SettleRerun(rerun.id, std::nullopt));
    }
  }
  CheckStatus(outbox.Pauses().status());
  CheckStatus(outbox.SetPause("acme", now, now));
  const std::vector<std::string> ids = {"a-delivery", "none"};
  CheckStatus(outbox.KnownDeliveries(ids).status());
  CheckStatus(outbox.SeenHooks().status());
  CheckStatus(outbox.Repositories().status());
  CheckStatus(outbox.GetMark("looked").status());
}

}  // namespace

// Input: what is changed (bytes of the file, or columns), the changes, and what
// is done with the database.
FUZZ_TARGET(row) {
  static const DataDir directory;
  static const std::string original = Template(directory);
  FuzzInput in(input);
  const int work = in.UpTo(7);
  const bool bytes = in.UpTo(3) == 0;
  directory.Put(bytes ? WithBytes(original, in) : WithColumns(original, in));

  const auto outbox = OpenSqliteOutbox(Options(directory));
  CheckStatus(outbox.status());
  if (!outbox.ok()) return;
  const auto commits = (*outbox)->ListCommits(std::nullopt, 0, 10);
  CheckStatus(commits.status());
  if (commits.ok()) ReadAll(**outbox, *commits);
  const absl::Status changes = (*outbox)->ChangesAfter(0, 100).status();
  // What is damaged may have forgotten changes.
  if (!absl::IsOutOfRange(changes)) CheckStatus(changes);
  if (work % 4 == 1) Post(**outbox, in);
  if (work % 4 == 2) ReportMore(**outbox, in);
  if (work % 4 == 3) Upkeep(**outbox, in);
  if (work > 3) {
    CheckStatus(QuickCheckSqliteOutbox(directory.path()));
  }
}

}  // namespace signalbox
