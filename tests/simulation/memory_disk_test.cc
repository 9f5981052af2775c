#include "tests/simulation/memory_disk.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <fstream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/github/github_limits.h"
#include "server/outbox/sqlite.h"
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

// SQLite's random numbers decide whether a torn write counts.
TEST(MemoryDiskSeedTest, OneSeedIsOneRandomness) {
  FakeClock clock;
  const auto drawn = [&clock](uint64_t seed) {
    const MemoryDisk disk(seed, [&clock] { return clock.Now(); });
    int64_t number = 0;
    sqlite3_randomness(sizeof number, &number);
    return number;
  };
  const int64_t first = drawn(7);
  EXPECT_EQ(drawn(7), first);
  EXPECT_NE(drawn(8), first);
}

TEST_F(MemoryDiskTest, WhatIsCommittedSurvivesAPowerCut) {
  Open();
  Run("CREATE TABLE t (x)");
  for (int i = 0; i < 50; ++i) {
    ASSERT_EQ(Run(absl::StrCat("INSERT INTO t VALUES (", i, ")")), SQLITE_OK);
    Crash(/*power_cut=*/true);
    ASSERT_EQ(Count(), i + 1);
  }
}

// Otherwise a missing sync could not be found.
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

// After a stop at any write or sync, everything acked before is there, and at
// most one more transaction.
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

// A deletion becomes durable with the next sync of the directory.
TEST_F(MemoryDiskTest, ADeletedFileMayComeBackWithThePower) {
  int came_back = 0;
  for (int i = 0; i < 20; ++i) {
    Open();
    Run("CREATE TABLE IF NOT EXISTS t (x); INSERT INTO t VALUES (1)");
    Close();  // Deletes the log.
    disk_.Stop(/*power_cut=*/true);
    disk_.Restart();
    came_back += disk_.Has("a.db-wal") ? 1 : 0;
    Open();
    ASSERT_EQ(Count(), i + 1);
    Close();
  }
  EXPECT_GT(came_back, 0);
  EXPECT_LT(came_back, 20);
}

// After a failed fsync, Linux shows the data but may never write them. An ack
// that builds on them must survive.
class FailedSyncTest : public MemoryDiskTest {
 protected:
  std::unique_ptr<Outbox> Begin() {
    auto outbox = TryToBegin();
    EXPECT_TRUE(outbox.ok()) << outbox.status();
    return *std::move(outbox);
  }
  absl::StatusOr<std::unique_ptr<Outbox>> TryToBegin() {
    SqliteOutboxOptions options(kGitHubLimits);
    options.data_dir = dir_.Path("data");
    return OpenSqliteOutbox(options);
  }
  // For several contexts, so that many pages change.
  absl::StatusOr<Disposition> Say(Outbox* outbox, int64_t attempt) {
    Submission submission;
    Report& report = submission.report;
    report.repository = {"github.com", "acme", "app"};
    report.sha = *ParseSha(std::string(40, 'a'));
    report.description = std::string(700, 'x');
    report.result = Result::kSuccess;
    report.attempt = attempt;
    for (int i = 0; i < 20; ++i) {
      submission.contexts.push_back(absl::StrCat("ci/", i));
    }
    const auto outcomes = outbox->Accept({&submission, 1}, clock_.Now());
    if (!outcomes.ok()) return outcomes.status();
    return outcomes->front().receipts.front().disposition;
  }
  // The newest attempt, if all contexts have the same one.
  int64_t Held(Outbox* outbox) {
    const auto held = outbox->GetCommit({"github.com", "acme", "app"},
                                        *ParseSha(std::string(40, 'a')));
    EXPECT_TRUE(held.ok()) << held.status();
    if (!held.ok()) return -1;
    for (const StatusView& status : held->statuses) {
      EXPECT_EQ(status.attempt, held->statuses.front().attempt);
    }
    EXPECT_TRUE(QuickCheckSqliteOutbox(dir_.Path("data"), nullptr).ok());
    return held->statuses.front().attempt;
  }
  // One life: the sync of its last report fails, and the process ends.
  void LiveUntilASyncFails(int64_t attempt) {
    const auto outbox = Begin();
    EXPECT_TRUE(Say(outbox.get(), attempt - 1).ok());
    disk_.FailAfter(0, MemoryDisk::Fault::kSyncError);
    EXPECT_TRUE(absl::IsInternal(Say(outbox.get(), attempt).status()));
    disk_.Stop(/*power_cut=*/false);
  }

  TempDir dir_;
};

TEST_F(FailedSyncTest, WhatIsAckedAfterwardsSurvivesAPowerCut) {
  for (int64_t attempt = 2; attempt < 92; attempt += 3) {
    LiveUntilASyncFails(attempt);
    disk_.Restart();
    {
      const auto outbox = Begin();
      ASSERT_TRUE(Say(outbox.get(), attempt + 1).ok());
      disk_.Stop(/*power_cut=*/true);
    }
    disk_.Restart();
    EXPECT_EQ(Held(Begin().get()), attempt + 1);
    disk_.Stop(/*power_cut=*/false);
    disk_.Restart();
  }
}

// The failed sync also forgets what the fold before it wrote, on which all
// later reports build.
TEST_F(FailedSyncTest, NothingIsAckedUntilTheProcessEnds) {
  int64_t acked = 1;
  for (int i = 0; i < 40; ++i) {
    {
      const auto outbox = Begin();
      ASSERT_TRUE(Say(outbox.get(), ++acked).ok());
      ASSERT_TRUE(outbox->TidyUp().ok());
      disk_.FailAfter(0, MemoryDisk::Fault::kSyncError);
      EXPECT_FALSE(Say(outbox.get(), acked + 1).ok());
      EXPECT_FALSE(Say(outbox.get(), acked + 2).ok());
      if (i % 2 == 0) disk_.Stop(/*power_cut=*/true);
    }
    // Closing has moved nothing of the log into the database.
    disk_.Stop(/*power_cut=*/true);
    disk_.Restart();
    const int64_t held = Held(Begin().get());
    EXPECT_GE(held, acked);
    EXPECT_LE(held, acked + 1);
    acked = held;
    disk_.Stop(/*power_cut=*/false);
    disk_.Restart();
  }
}

// A commit moves a long log into the database, and must sync it before.
TEST_F(MemoryDiskTest, ACommitKnowsThatTheSyncOfItsCheckpointFailed) {
  auto opened =
      SqliteConnection::Open("a.db", SqliteConnection::Access::kCreate);
  ASSERT_TRUE(opened.ok()) << opened.status();
  SqliteConnection* const connection = opened->get();
  connection->Run("PRAGMA journal_mode = WAL; CREATE TABLE t (x)");
  connection->MoveLogAt(10);
  const auto insert = [&](SqliteTransaction::Kind kind) {
    SqliteTransaction transaction(connection, kind);
    connection->Run("INSERT INTO t VALUES (zeroblob(100000))");
    return transaction.Commit();
  };
  disk_.FailAfter(0, MemoryDisk::Fault::kSyncError);
  const absl::Status failed = insert(SqliteTransaction::Kind::kRepeatable);
  EXPECT_TRUE(absl::IsInternal(failed)) << failed;
  EXPECT_EQ(disk_.faults(), 1);
  const absl::Status later = insert(SqliteTransaction::Kind::kWrite);
  EXPECT_TRUE(absl::IsInternal(later)) << later;
}

// The next process reads the report whose sync failed, and acks its repetition
// without another commit. The power fails before any other commit.
TEST_F(FailedSyncTest, WhatIsAckedAsUnchangedSurvivesAPowerCut) {
  int unchanged = 0;
  for (int64_t attempt = 2; attempt < 122; attempt += 2) {
    LiveUntilASyncFails(attempt);
    disk_.Restart();
    {
      const auto outbox = Begin();
      const auto said = Say(outbox.get(), attempt);
      ASSERT_TRUE(said.ok()) << said.status();
      unchanged += *said == Disposition::kUnchanged ? 1 : 0;
      disk_.Stop(/*power_cut=*/true);
    }
    disk_.Restart();
    EXPECT_EQ(Held(Begin().get()), attempt);
    disk_.Stop(/*power_cut=*/false);
    disk_.Restart();
  }
  EXPECT_GT(unchanged, 20);
}

// The power fails at any write or sync of the next start. The start after it
// finds all of the last report or nothing of it.
TEST_F(FailedSyncTest, APowerCutAtTheNextStartMixesNothing) {
  int cuts = 0;
  for (int64_t at = 0; at < 120; ++at) {
    const int64_t attempt = 2 * at + 2;
    LiveUntilASyncFails(attempt);
    disk_.Restart();
    disk_.FailAfter(static_cast<int>(at % 60), MemoryDisk::Fault::kPowerCut);
    const bool began = TryToBegin().ok();
    cuts += began ? 0 : 1;
    disk_.Stop(/*power_cut=*/true);
    disk_.Restart();
    const int64_t held = Held(Begin().get());
    EXPECT_GE(held, attempt - 1) << at;
    EXPECT_LE(held, attempt) << at;
    disk_.Stop(/*power_cut=*/false);
    disk_.Restart();
  }
  EXPECT_GT(cuts, 20);
}

// Syncs also fail at the next start. It does not serve, and the start after it
// writes the log again.
TEST_F(FailedSyncTest, AStartWhoseSyncFailsIsTriedAgain) {
  for (int64_t attempt = 2; attempt < 82; attempt += 2) {
    LiveUntilASyncFails(attempt);
    disk_.Restart();
    disk_.FailAfter(static_cast<int>(attempt % 30),
                    MemoryDisk::Fault::kSyncError);
    (void)TryToBegin();
    disk_.Stop(/*power_cut=*/false);
    disk_.Restart();
    {
      const auto outbox = Begin();
      ASSERT_TRUE(Say(outbox.get(), attempt).ok());
      disk_.Stop(/*power_cut=*/true);
    }
    disk_.Restart();
    EXPECT_EQ(Held(Begin().get()), attempt);
    disk_.Stop(/*power_cut=*/false);
    disk_.Restart();
  }
}

// Somebody checks the database before the next start.
TEST_F(FailedSyncTest, ACheckLeavesTheLogAsItIs) {
  for (int64_t attempt = 2; attempt < 82; attempt += 2) {
    LiveUntilASyncFails(attempt);
    disk_.Restart();
    // CheckSqliteOutbox also looks for a file in the real directory.
    std::ofstream(dir_.Path("data") + "/signalbox.db", std::ios::app);
    const absl::Status checked = CheckSqliteOutbox(dir_.Path("data"));
    EXPECT_TRUE(checked.ok()) << checked;
    disk_.Stop(/*power_cut=*/true);
    disk_.Restart();
    const int64_t held = Held(Begin().get());
    EXPECT_GE(held, attempt - 1);
    EXPECT_LE(held, attempt);
    disk_.Stop(/*power_cut=*/false);
    disk_.Restart();
  }
}

// A clean end checkpoints and deletes the log. A power cut can bring back its
// durable part.
TEST_F(FailedSyncTest, ADeletedLogThatComesBackSaysTheSame) {
  for (int64_t attempt = 2; attempt < 82; attempt += 2) {
    {
      const auto outbox = Begin();
      ASSERT_TRUE(Say(outbox.get(), attempt - 1).ok());
      if (attempt % 4 == 0) {
        disk_.FailAfter(0, MemoryDisk::Fault::kSyncError);
        ASSERT_FALSE(Say(outbox.get(), attempt).ok());
      }
    }
    {
      const auto outbox = Begin();
      ASSERT_TRUE(Say(outbox.get(), attempt - 1).ok());
      if (attempt % 3 == 0) disk_.Stop(/*power_cut=*/true);
    }
    disk_.Stop(/*power_cut=*/true);
    disk_.Restart();
    const int64_t held = Held(Begin().get());
    EXPECT_GE(held, attempt - 1);
    EXPECT_LE(held, attempt);
    disk_.Stop(/*power_cut=*/false);
    disk_.Restart();
  }
}

// What a process that ends in order leaves for the next one.
class OrderlyCloseTest : public FailedSyncTest {
 protected:
  // A life that checks the file, says something, and ends in order.
  void Live(int64_t attempt) {
    const auto outbox = Begin();
    EXPECT_TRUE(outbox->CheckFile([] { return false; }).ok());
    EXPECT_TRUE(Say(outbox.get(), attempt).ok());
  }
};

TEST_F(OrderlyCloseTest, NoStopOfTheNextProcessSparesACheck) {
  int began = 0;
  for (int64_t at = 0; at < 160; ++at) {
    const int64_t attempt = 2 * at + 2;
    Live(attempt);
    disk_.FailAfter(
        static_cast<int>(at % 40),
        at < 80 ? MemoryDisk::Fault::kKill : MemoryDisk::Fault::kPowerCut);
    bool has_begun = false;
    {
      const auto outbox = TryToBegin();
      has_begun = outbox.ok();
      if (has_begun) Say(outbox->get(), attempt + 1).IgnoreError();
      disk_.Stop(/*power_cut=*/at >= 80);
    }
    disk_.Restart();
    const auto outbox = Begin();
    began += has_begun ? 1 : 0;
    EXPECT_TRUE(outbox->NeedsCheck() || !has_begun) << at;
    const int64_t held = Held(outbox.get());
    EXPECT_GE(held, attempt) << at;
    EXPECT_LE(held, attempt + 1) << at;
  }
  EXPECT_GT(began, 20);
  EXPECT_LT(began, 160);
}

// Whether the file is marked or not, it is whole.
TEST_F(OrderlyCloseTest, AnyWriteAndSyncOfTheCloseCanFail) {
  int marked = 0;
  int at = 0;
  for (const auto fault :
       {MemoryDisk::Fault::kFull, MemoryDisk::Fault::kWriteError,
        MemoryDisk::Fault::kSyncError, MemoryDisk::Fault::kKill,
        MemoryDisk::Fault::kPowerCut}) {
    for (int after = 0; after < 90; ++after) {
      const int64_t attempt = ++at;
      {
        const auto outbox = Begin();
        ASSERT_TRUE(outbox->CheckFile([] { return false; }).ok());
        ASSERT_TRUE(Say(outbox.get(), attempt).ok());
        disk_.FailAfter(after, fault);
      }
      disk_.Forget();
      disk_.Stop(/*power_cut=*/fault == MemoryDisk::Fault::kPowerCut);
      disk_.Restart();
      const auto outbox = Begin();
      marked += outbox->NeedsCheck() ? 0 : 1;
      EXPECT_EQ(Held(outbox.get()), attempt) << at;
    }
  }
  EXPECT_GT(marked, 0);
  EXPECT_LT(marked, at);
}

TEST_F(OrderlyCloseTest, AFullDiskLeavesNoMark) {
  {
    const auto outbox = Begin();
    ASSERT_TRUE(Say(outbox.get(), 1).ok());
    disk_.SetFull(true);
  }
  disk_.SetFull(false);
  EXPECT_TRUE(Begin()->NeedsCheck());
}

}  // namespace
}  // namespace signalbox
