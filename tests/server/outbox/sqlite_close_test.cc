#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/sqlite_outbox.h"
#include "tests/server/outbox/sqlite_outbox_fixture.h"

namespace signalbox {
namespace {

// Whether the next process has to check the file.
class SqliteCloseTest : public SqliteOutboxFixture {
 protected:
  // What a process finds that starts on a copy of the files as they are now: as
  // after kill -9, or as a backup that was taken while running.
  bool CopyNeedsCheck(bool with_log) {
    const std::string copy = dir_.Path("copy");
    std::filesystem::remove_all(copy);
    std::filesystem::create_directory(copy);
    std::filesystem::copy_file(database(), copy + "/signalbox.db");
    if (with_log && std::filesystem::exists(database() + "-wal")) {
      std::filesystem::copy_file(database() + "-wal",
                                 copy + "/signalbox.db-wal");
    }
    SqliteOutboxOptions options = Options();
    options.data_dir = copy;
    const auto outbox = OpenSqliteOutbox(options);
    EXPECT_TRUE(outbox.ok()) << outbox.status();
    return outbox.ok() && (*outbox)->NeedsCheck();
  }

  void TamperWithoutALog(const std::string& statements) {
    Tamper(
        absl::StrCat(statements, "; PRAGMA wal_checkpoint(TRUNCATE)").c_str());
  }
};

TEST_F(SqliteCloseTest, AFileThatWasClosedInOrderNeedsNoCheck) {
  for (int64_t attempt = 1; attempt <= 3; ++attempt) {
    const std::unique_ptr<Outbox> outbox = Open();
    EXPECT_FALSE(outbox->NeedsCheck()) << attempt;
    ASSERT_TRUE(Accept(outbox.get(), ResultOf(Result::kSuccess, attempt)).ok());
  }
  EXPECT_FALSE(CopyNeedsCheck(/*with_log=*/true));
}

TEST_F(SqliteCloseTest, AProcessThatWasKilledLeavesNoMark) {
  Open();
  for (int64_t attempt = 1; attempt <= 2; ++attempt) {
    const std::unique_ptr<Outbox> outbox = Open();
    for (const bool with_log : {false, true}) {
      // It has written nothing yet.
      EXPECT_TRUE(CopyNeedsCheck(with_log)) << attempt;
    }
    ASSERT_TRUE(Accept(outbox.get(), ResultOf(Result::kSuccess, attempt)).ok());
    for (const bool with_log : {false, true}) {
      EXPECT_TRUE(CopyNeedsCheck(with_log)) << attempt;
    }
  }
}

TEST_F(SqliteCloseTest, OnlyACheckEndsTheNeedForOne) {
  Open();
  // As if the log of a killed process were there.
  Tamper("UPDATE meta SET value = value + 1 WHERE name = 'sequence'");
  EXPECT_TRUE(Open()->NeedsCheck());
  EXPECT_TRUE(Open()->NeedsCheck());
  {
    const std::unique_ptr<Outbox> outbox = Open();
    EXPECT_EQ(outbox->CheckFile([] { return true; }).code(),
              absl::StatusCode::kCancelled);
    EXPECT_TRUE(outbox->NeedsCheck());
  }
  {
    const std::unique_ptr<Outbox> outbox = Open();
    EXPECT_TRUE(outbox->NeedsCheck());
    EXPECT_TRUE(outbox->CheckFile([] { return false; }).ok());
    EXPECT_FALSE(outbox->NeedsCheck());
  }
  EXPECT_FALSE(Open()->NeedsCheck());
}

// The log stays beside the database then, and the other program may write it.
TEST_F(SqliteCloseTest, AFileThatAnotherProgramHadOpenNeedsACheck) {
  Open();
  const auto other =
      SqliteConnection::Open(database(), SqliteConnection::Access::kWrite);
  ASSERT_TRUE(other.ok()) << other.status();
  (*other)->Run("SELECT COUNT(*) FROM meta");
  ASSERT_TRUE((*other)->status().ok()) << (*other)->status();
  EXPECT_FALSE(Open()->NeedsCheck());
  EXPECT_TRUE(Open()->NeedsCheck());
}

// An older program does not know the mark, and leaves it.
TEST_F(SqliteCloseTest, AMarkOfAnotherEpochIsNone) {
  Open();
  TamperWithoutALog("UPDATE term SET epoch = epoch + 1");
  EXPECT_TRUE(Open()->NeedsCheck());
}

TEST_F(SqliteCloseTest, AnOlderDatabaseNeedsACheck) {
  Open();
  TamperWithoutALog(
      "DELETE FROM meta WHERE name NOT IN ('schema_version', 'sequence', "
      "'forgotten_sequence')");
  EXPECT_TRUE(Open()->NeedsCheck());
}

// The damage may be more than the row.
TEST_F(SqliteCloseTest, AProcessThatMetADamagedRowLeavesNoMark) {
  ASSERT_TRUE(Accept(Open().get(), ResultOf(Result::kSuccess, 1)).ok());
  TamperWithoutALog("UPDATE entry SET version = 9223372036854775807");
  {
    const std::unique_ptr<Outbox> outbox = Open();
    EXPECT_FALSE(outbox->NeedsCheck());
    ASSERT_TRUE(Accept(outbox.get(), ResultOf(Result::kFailure, 2)).ok());
  }
  EXPECT_TRUE(Open()->NeedsCheck());
}

// Damage after an orderly close is found by the first who reads it, and by a
// check of the whole file.
TEST_F(SqliteCloseTest, AProcessThatMetADamagedFileLeavesNoMark) {
  Fill(Open().get(), 3000);
  Damage();
  EXPECT_EQ(CheckSqliteOutbox(data_dir()).code(), absl::StatusCode::kDataLoss);
  {
    const std::unique_ptr<Outbox> outbox = Open();
    ASSERT_NE(outbox, nullptr);
    EXPECT_FALSE(outbox->NeedsCheck());
    absl::Status status;
    for (int i = 0; i < 3000 && status.ok(); ++i) {
      const Sha sha = *ParseSha(
          absl::StrCat(absl::Hex(i, absl::kZeroPad8), std::string(32, 'a')));
      status = outbox->GetCommit(Repo("widgets"), sha).status();
    }
    ExpectError(status, absl::StatusCode::kInternal, "STORE_DAMAGED");
  }
  for (int i = 0; i < 2; ++i) {
    const std::unique_ptr<Outbox> outbox = Open();
    ASSERT_NE(outbox, nullptr);
    EXPECT_TRUE(outbox->NeedsCheck());
    ExpectError(outbox->CheckFile([] { return false; }),
                absl::StatusCode::kDataLoss);
  }
}

// Otherwise nobody could slow it down: SQLite checks a table in one step.
TEST_F(SqliteCloseTest, ACheckLooksAtEachPageWhetherItIsCancelled) {
  Fill(Open().get(), 1000);
  // A row is a page.
  TamperWithoutALog(
      "UPDATE entry SET description = replace(hex(zeroblob(1700)), '0', 'x')");
  const std::unique_ptr<Outbox> outbox = Open();
  uintmax_t looks = 0;
  EXPECT_TRUE(outbox
                  ->CheckFile([&looks] {
                    ++looks;
                    return false;
                  })
                  .ok());
  const uintmax_t pages = std::filesystem::file_size(database()) / 4096;
  EXPECT_GT(pages, 1000u);
  EXPECT_GE(looks, pages);
}

// A check keeps the log from beginning anew, and may take long.
TEST_F(SqliteCloseTest, ACheckEndsBeforeTheLogIsTooLong) {
  Fill(Open().get(), 2000);
  const std::unique_ptr<Outbox> outbox = Open();
  const auto check = [&](int64_t long_log) {
    bool has_written = false;
    return QuickCheckSqliteOutbox(
        data_dir(),
        [&] {
          if (!std::exchange(has_written, true)) {
            Tamper(
                "UPDATE entry SET description = "
                "replace(hex(zeroblob(500)), '0', 'x')");
          }
          return false;
        },
        long_log);
  };
  EXPECT_TRUE(QuickCheckSqliteOutbox(data_dir(), {}, 0).ok());
  ExpectError(check(0), absl::StatusCode::kUnavailable, "STORE_BUSY");
  EXPECT_TRUE(check(256 << 20).ok());
}

}  // namespace
}  // namespace signalbox
