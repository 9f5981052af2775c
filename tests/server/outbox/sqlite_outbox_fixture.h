#ifndef SIGNALBOX_TESTS_SERVER_OUTBOX_SQLITE_OUTBOX_FIXTURE_H_
#define SIGNALBOX_TESTS_SERVER_OUTBOX_SQLITE_OUTBOX_FIXTURE_H_

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/sqlite_outbox.h"
#include "tests/server/outbox/outbox_contract.h"
#include "tests/support/key_report.h"
#include "tests/support/temp_dir.h"

namespace signalbox {

// Tests of the SQLite outbox that also look at its database file, change it, or
// damage it.
class SqliteOutboxFixture : public testing::Test {
 protected:
  std::string data_dir() const { return dir_.Path("data"); }
  std::string database() const { return data_dir() + "/signalbox.db"; }

  // Every repository has the credential `credential_`.
  SqliteOutboxOptions Options() const {
    SqliteOutboxOptions options(kGitHubLimits);
    options.data_dir = data_dir();
    options.credential_of = [this](const Repository&) { return credential_; };
    return options;
  }

  // Opens the outbox, or returns why it does not open.
  absl::StatusOr<std::unique_ptr<Outbox>> TryOpen() {
    return OpenSqliteOutbox(Options());
  }

  // Opens the outbox. Fails the test and returns null if that is impossible.
  std::unique_ptr<Outbox> Open() { return OpenWith(Options()); }

  // The same, and collects in `damage_` what the outbox says about damaged
  // rows.
  std::unique_ptr<Outbox> OpenAndNoteDamage() {
    SqliteOutboxOptions options = Options();
    options.on_damaged_row = [this](const std::string& what) {
      damage_.push_back(what);
    };
    return OpenWith(options);
  }
  std::unique_ptr<Outbox> OpenWith(const SqliteOutboxOptions& options) {
    auto outbox = OpenSqliteOutbox(options);
    EXPECT_TRUE(outbox.ok()) << outbox.status();
    return outbox.ok() ? *std::move(outbox) : nullptr;
  }

  absl::StatusOr<std::vector<Outcome>> Accept(Outbox* outbox,
                                              const KeyReport& report) {
    const Submission submission = Of({report});
    return outbox->Accept({&submission, 1}, clock_.Now());
  }

  // Accepts a result for each of `commits` commits. Damage needs enough rows,
  // so that it hits some.
  void Fill(Outbox* outbox, int commits) {
    std::vector<Submission> submissions;
    for (int i = 0; i < commits; ++i) {
      KeyReport report = ResultOf(Result::kSuccess, 1, std::string(200, 'x'));
      report.sha = *ParseSha(
          absl::StrCat(absl::Hex(i, absl::kZeroPad8), std::string(32, 'a')));
      submissions.push_back(Of({report}));
    }
    EXPECT_TRUE(outbox->Accept(submissions, clock_.Now()).ok());
  }

  // Overwrites every fourth page of the database from page 100 on. The outbox
  // must be closed.
  void Damage() {
    std::fstream file(database(),
                      std::ios::in | std::ios::out | std::ios::binary);
    const auto size = std::filesystem::file_size(database());
    for (uintmax_t offset = 100 * 4096; offset + 4096 < size;
         offset += 4 * 4096) {
      file.seekp(static_cast<std::streamoff>(offset));
      file << std::string(4096, '\x5a');
    }
  }

  // Replaces the contents of the file.
  void Write(const std::string& path, absl::string_view bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
  }

  // Runs SQL statements on the database. The outbox must be closed.
  void Tamper(const char* statements) {
    auto connection =
        SqliteConnection::Open(database(), SqliteConnection::Access::kCreate);
    ASSERT_TRUE(connection.ok());
    (*connection)->Run(statements);
    ASSERT_TRUE((*connection)->status().ok()) << (*connection)->status();
  }

  // Lets the columns have values of any type. The outbox must be closed.
  void MakeLenient() {
    Tamper(
        "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = "
        "replace(sql, ') STRICT', ')') WHERE type = 'table'");
  }

  // Expects this code and, if given, this reason. The message must be one line
  // that names the data directory.
  void ExpectError(const absl::Status& status, absl::StatusCode code,
                   absl::string_view reason = "") {
    EXPECT_EQ(status.code(), code) << status;
    if (!reason.empty()) {
      EXPECT_EQ(ReasonOf(status), reason);
    }
    const std::string message(status.message());
    EXPECT_THAT(message, testing::HasSubstr(dir_.path()));
    EXPECT_THAT(message, testing::Not(testing::HasSubstr("\n")));
  }

  TempDir dir_;
  FakeClock clock_;
  std::string credential_;
  std::vector<std::string> damage_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SERVER_OUTBOX_SQLITE_OUTBOX_FIXTURE_H_
