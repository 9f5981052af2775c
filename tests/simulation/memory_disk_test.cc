#include "tests/simulation/memory_disk.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/outbox/sqlite_outbox.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

class MemoryDiskTest : public testing::Test {
 protected:
  explicit MemoryDiskTest(uint64_t seed = 7)
      : disk_(seed, [this] { return clock_.Now(); }) {}
  ~MemoryDiskTest() override { Close(); }

  void Open() {
    ASSERT_EQ(sqlite3_open("a.db", &database_), SQLITE_OK);
    Run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  }
  void Close() {
    sqlite3_close(database_);
    database_ = nullptr;
  }
  int Run(const std::string& sql) {
    return sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr);
  }
  int Count() {
    int count = -1;
    sqlite3_exec(
        database_, "SELECT COUNT(*) FROM t",
        [](void* out, int, char** values, char**) {
          *static_cast<int*>(out) = atoi(values[0]);
          return 0;
        },
        &count, nullptr);
    return count;
  }
  void Crash(bool power_cut) {
    disk_.Stop(power_cut);
    Close();
    disk_.Restart();
    Open();
  }

  FakeClock clock_;
  MemoryDisk disk_;
  sqlite3* database_ = nullptr;
};

TEST_F(MemoryDiskTest, WhatIsCommittedSurvivesAPowerCut) {
  Open();
  Run("CREATE TABLE t (x)");
  for (int i = 0; i < 50; ++i) {
    ASSERT_EQ(Run(absl::StrCat("INSERT INTO t VALUES (", i, ")")), SQLITE_OK);
    Crash(/*power_cut=*/true);
    ASSERT_EQ(Count(), i + 1);
  }
}

// Else a missing sync could not be found.
TEST_F(MemoryDiskTest, WhatIsNotSyncedIsLostWithThePowerButNotWithTheProcess) {
  Open();
  Run("CREATE TABLE t (x); PRAGMA wal_checkpoint; PRAGMA synchronous = OFF");
  Run("INSERT INTO t VALUES (1)");
  disk_.Stop(/*power_cut=*/false);
  Close();
  disk_.Restart();
  Open();
  EXPECT_EQ(Count(), 1);
  int lost = 0;
  for (int i = 0; i < 20; ++i) {
    Run("PRAGMA synchronous = OFF; INSERT INTO t VALUES (2)");
    const int before = Count();
    Crash(/*power_cut=*/true);
    lost += Count() < before ? 1 : 0;
    ASSERT_EQ(Run("PRAGMA integrity_check"), SQLITE_OK);
  }
  EXPECT_GT(lost, 0);
}

TEST_F(MemoryDiskTest, AFaultStrikesOnceAndWhereItShould) {
  Open();
  Run("CREATE TABLE t (x)");
  const int64_t before = disk_.operations();
  disk_.FailAfter(0, MemoryDisk::Fault::kFull);
  EXPECT_EQ(Run("INSERT INTO t VALUES (1)"), SQLITE_FULL);
  EXPECT_EQ(Run("INSERT INTO t VALUES (1)"), SQLITE_OK);
  disk_.FailAfter(0, MemoryDisk::Fault::kWriteError);
  EXPECT_EQ(Run("INSERT INTO t VALUES (2)"), SQLITE_IOERR);
  disk_.FailAfter(0, MemoryDisk::Fault::kSyncError);
  EXPECT_EQ(Run("INSERT INTO t VALUES (3)"), SQLITE_IOERR);
  EXPECT_EQ(disk_.faults(), 3);
  EXPECT_GT(disk_.operations(), before);
}

TEST_F(MemoryDiskTest, AFullDiskTakesNoMoreAndGivesWhatItHas) {
  Open();
  Run("CREATE TABLE t (x); INSERT INTO t VALUES (1)");
  disk_.SetFull(true);
  EXPECT_EQ(Run("INSERT INTO t VALUES (zeroblob(100000))"), SQLITE_FULL);
  EXPECT_EQ(Count(), 1);
  disk_.SetFull(false);
  EXPECT_EQ(Run("INSERT INTO t VALUES (zeroblob(100000))"), SQLITE_OK);
}

// Whoever is killed at any write or sync finds all that was acked before, and
// at most one transaction more.
TEST_F(MemoryDiskTest, EveryWriteAndSyncCanBeTheLast) {
  for (const auto fault :
       {MemoryDisk::Fault::kKill, MemoryDisk::Fault::kPowerCut}) {
    Open();
    Run("DROP TABLE IF EXISTS t; CREATE TABLE t (x)");
    int acked = 0;
    for (int at = 0; at < 60; ++at) {
      disk_.FailAfter(at, fault);
      while (!disk_.stopped()) {
        if (Run("INSERT INTO t VALUES (1)") == SQLITE_OK && !disk_.stopped()) {
          ++acked;
        }
      }
      Crash(/*power_cut=*/false);
      ASSERT_GE(Count(), acked) << at;
      ASSERT_LE(Count(), acked + 1) << at;
      acked = Count();
    }
    Close();
  }
}

class FailedSyncTest : public MemoryDiskTest {
 protected:
  std::unique_ptr<Outbox> Begin() {
    SqliteOutboxOptions options;
    options.data_dir = dir_.Path("data");
    auto outbox = OpenSqliteOutbox(options);
    EXPECT_TRUE(outbox.ok()) << outbox.status();
    return *std::move(outbox);
  }
  absl::Status Say(Outbox* outbox, int64_t attempt) {
    Submission submission;
    Report& report = submission.reports.emplace_back();
    report.repository = {"github.com", "acme", "app"};
    report.sha = std::string(40, 'a');
    report.context = "ci/build";
    report.result = Result::kSuccess;
    report.attempt = attempt;
    return outbox->Accept({&submission, 1}, clock_.Now()).status();
  }

  TempDir dir_;
};

// Linux forgets to write what a failed fsync was for, and shows it all the
// same. What is acked on top of it must not go with it.
TEST_F(FailedSyncTest, WhatIsAckedAfterwardsSurvivesAPowerCut) {
  for (int round = 0; round < 30; ++round) {
    const int64_t attempt = 3 * round + 1;
    {
      const auto outbox = Begin();
      disk_.FailAfter(0, MemoryDisk::Fault::kSyncError);
      EXPECT_TRUE(absl::IsInternal(Say(outbox.get(), attempt)));
      disk_.Stop(/*power_cut=*/false);
    }
    disk_.Restart();
    {
      const auto outbox = Begin();
      ASSERT_TRUE(Say(outbox.get(), attempt + 1).ok());
      disk_.Stop(/*power_cut=*/true);
    }
    disk_.Restart();
    const auto outbox = Begin();
    const auto held =
        outbox->GetCommit({"github.com", "acme", "app"}, std::string(40, 'a'));
    ASSERT_TRUE(held.ok());
    EXPECT_EQ(held->statuses.front().attempt, attempt + 1);
  }
}

}  // namespace
}  // namespace signalbox
