#include "tests/fuzz/sample_outbox.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/github/github_limits.h"
#include "server/outbox/outbox.h"
#include "tests/support/key_report.h"
#include "tests/support/rename_repository.h"
#include "tests/support/turns.h"

namespace signalbox::sample {

TempDir MakeDirectory() {
  std::error_code ignored;
  const bool in_memory = std::getenv("TMPDIR") == nullptr &&
                         std::filesystem::is_directory("/dev/shm", ignored);
  return TempDir(in_memory ? "/dev/shm"
                           : std::filesystem::temp_directory_path());
}

std::string DatabaseIn(const TempDir& directory) {
  return directory.Path("signalbox.db");
}

KeyReport ReportOf(const Repository& repository, const std::string& context,
                   std::optional<Result> result, int64_t attempt) {
  KeyReport report;
  report.repository = repository;
  report.sha = *ParseSha(kSha);
  report.context = context;
  report.result = result;
  report.attempt = attempt;
  report.description = "In words";
  report.target_url = "https://ci.example.com/1";
  return report;
}

namespace {

void Fill(Outbox& outbox) {
  std::vector<Submission> submissions(7);
  submissions[0] = Of({ReportOf(kWidgets, "ci/build", std::nullopt, 3),
                       ReportOf(kWidgets, "ci/lint", std::nullopt, 3)});
  SetReport(&submissions[1],
            ReportOf(kWidgets, "ci/build", Result::kFailure, 3));
  SetReport(&submissions[2], ReportOf(kWidgets, "ci/hook", std::nullopt, 0));
  submissions[2].report.from_webhook = true;
  submissions[2].delivery =
      Delivery{"a-delivery", std::string(32, 'd'), "pull_request", "opened", 7};
  submissions[2].change.emplace();
  submissions[2].change->pull_request_number = 5;
  submissions[2].change->updated_time = kNow;
  SetReport(&submissions[3], ReportOf(kWidgets, "seen", Result::kSuccess, 0));
  submissions[3].observed = Observed{99, "octocat"};
  SetReport(&submissions[4], ReportOf(kGears, "ci/build", Result::kError, 0));
  // Two series report on it.
  SetReport(&submissions[5], ReportOf(kGears, "ci/lint", Result::kSuccess, 4));
  SetReport(&submissions[6], ReportOf(kGears, "ci/lint", std::nullopt, 3));
  submissions[6].report.series = "nightly";
  (void)outbox.Accept(submissions, kNow);
  (void)RenameRepository(outbox, kCogs, kGears, 17, kNow);
  LeaseRequest request;
  request.credential = "acme";
  request.lease_time = absl::Seconds(30);
  for (int i = 0; i < 2; ++i) {
    const auto lease =
        signalbox::TakeDue(outbox, request, kNow + absl::Seconds(i));
    if (!lease.ok() || !lease->has_value() || i == 1) break;
    Settlement settlement;
    settlement.entry_id = (*lease)->entry_id;
    settlement.version = (*lease)->version;
    settlement.lease_epoch = (*lease)->lease_epoch;
    settlement.lease_number = (*lease)->lease_number;
    settlement.kind = Settlement::Kind::kAbandoned;
    settlement.reason = "PERMISSION_MISSING";
    settlement.attempted =
        Try{kNow, kNow, 403, "AB12:3", "PERMISSION_MISSING", "No"};
    (void)signalbox::Settle(outbox, settlement, kNow);
  }
  EventSubmission event;
  event.delivery = {"another", "", "issue_comment", "created", 7};
  event.event = RerunRequested{kWidgets, 5, {"ci/build"}, "octocat", "MEMBER"};
  (void)outbox.AcceptEvent(event, kNow);
  (void)outbox.SetPause("acme", absl::Minutes(1), kNow);
  (void)AsHolder(outbox, &Outbox::SetNamedTime, "looked", kNow);
}

}  // namespace

SqliteOutboxOptions Options(const TempDir& directory) {
  SqliteOutboxOptions options(kGitHubLimits);
  options.data_dir = directory.path();
  options.credential_of = [](const Repository& repository) {
    return repository.owner == "acme" ? "acme" : "";
  };
  return options;
}

void Run(sqlite3* handle, const std::string& sql) {
  const int code = sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr);
  FUZZ_CHECK(code == SQLITE_OK, sql, ": ", sqlite3_errmsg(handle));
}

std::string Make(const TempDir& directory) {
  {
    auto outbox = OpenSqliteOutbox(Options(directory));
    FUZZ_CHECK(outbox.ok(), outbox.status().ToString());
    Fill(**outbox);
  }
  sqlite3* handle = nullptr;
  sqlite3_open(DatabaseIn(directory).c_str(), &handle);
  Run(handle,
      "PRAGMA writable_schema = ON;"
      "UPDATE sqlite_schema SET sql = replace(replace(replace("
      "sql, ') STRICT, WITHOUT', ') WITHOUT'), ') STRICT', ')'), "
      "' NOT NULL', '') WHERE type = 'table';"
      "PRAGMA wal_checkpoint(TRUNCATE)");
  sqlite3_close(handle);
  std::ifstream file(DatabaseIn(directory), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void Load(sqlite3* handle, const char* schema, const std::string& database) {
  const auto size = static_cast<sqlite3_int64>(database.size());
  auto* const bytes = static_cast<unsigned char*>(sqlite3_malloc64(size));
  std::copy(database.begin(), database.end(), bytes);
  // A database in memory has no write-ahead log.
  bytes[18] = bytes[19] = 1;
  const int code = sqlite3_deserialize(
      handle, schema, bytes, size, size,
      SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE);
  FUZZ_CHECK(code == SQLITE_OK, sqlite3_errmsg(handle));
}

std::vector<Column> Columns(sqlite3* handle) {
  std::vector<Column> columns;
  sqlite3_stmt* statement = nullptr;
  sqlite3_prepare_v2(handle,
                     "SELECT m.name, c.name, c.pk FROM sqlite_schema AS m, "
                     "pragma_table_info(m.name) AS c WHERE m.type = 'table' "
                     "AND m.name NOT LIKE 'sqlite%' ORDER BY m.name, c.cid",
                     -1, &statement, nullptr);
  const auto text = [&](int column) {
    return std::string(
        reinterpret_cast<const char*>(sqlite3_column_text(statement, column)));
  };
  while (sqlite3_step(statement) == SQLITE_ROW) {
    columns.push_back({text(0), text(1), sqlite3_column_int(statement, 2) > 0});
  }
  sqlite3_finalize(statement);
  FUZZ_CHECK(columns.size() > 50, "no tables: ", sqlite3_errmsg(handle));
  return columns;
}

void BindAny(sqlite3_stmt* statement, FuzzInput& in) {
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

}  // namespace signalbox::sample
