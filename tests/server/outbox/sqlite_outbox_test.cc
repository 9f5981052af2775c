#include "server/outbox/sqlite_outbox.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/error.h"
#include "server/outbox/sqlite.h"
#include "tests/server/outbox/outbox_contract.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class SqliteOutboxTest : public testing::Test {
 protected:
  std::string data_dir() const { return dir_.Path("data"); }
  std::string database() const { return data_dir() + "/signalbox.db"; }

  SqliteOutboxOptions Options() const {
    SqliteOutboxOptions options;
    options.data_dir = data_dir();
    options.lane_of = [this](const Repository&) { return lane_; };
    return options;
  }

  absl::StatusOr<std::unique_ptr<Outbox>> TryOpen() {
    return OpenSqliteOutbox(Options());
  }

  std::unique_ptr<Outbox> Open() {
    auto outbox = TryOpen();
    EXPECT_TRUE(outbox.ok()) << outbox.status();
    return outbox.ok() ? *std::move(outbox) : nullptr;
  }

  // Changes the database while nobody has it open.
  void Run(const char* statement) {
    const auto connection =
        SqliteConnection::Open(database(), SqliteConnection::Access::kWrite);
    ASSERT_TRUE(connection.ok()) << connection.status();
    (*connection)->Run(statement);
    EXPECT_TRUE((*connection)->status().ok()) << (*connection)->status();
  }

  absl::StatusOr<std::vector<Outcome>> Accept(Outbox* outbox,
                                              const Report& report) {
    const Submission submission = Of({report});
    return outbox->Accept({&submission, 1}, clock_.Now());
  }

  // Enough rows for damage in the middle of the file to hit some.
  void Fill(Outbox* outbox, int commits) {
    std::vector<Submission> submissions;
    for (int i = 0; i < commits; ++i) {
      Report report = ResultOf(Result::kSuccess, 1, std::string(200, 'x'));
      report.sha =
          absl::StrCat(absl::Hex(i, absl::kZeroPad8), std::string(32, 'a'));
      submissions.push_back(Of({report}));
    }
    EXPECT_TRUE(outbox->Accept(submissions, clock_.Now()).ok());
  }

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

  void Write(const std::string& path, absl::string_view bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
  }

  // Runs statements on the closed database.
  void Tamper(const char* statements) {
    auto connection =
        SqliteConnection::Open(database(), SqliteConnection::Access::kCreate);
    ASSERT_TRUE(connection.ok());
    (*connection)->Run(statements);
    ASSERT_TRUE((*connection)->status().ok()) << (*connection)->status();
  }

  void ExpectError(const absl::Status& status, absl::StatusCode code,
                   absl::string_view reason = "") {
    EXPECT_EQ(status.code(), code) << status;
    if (!reason.empty()) {
      EXPECT_EQ(ReasonOf(status), reason);
    }
    const std::string message(status.message());
    EXPECT_THAT(message, HasSubstr(dir_.path()));
    EXPECT_THAT(message, Not(HasSubstr("\n")));
  }

  TempDir dir_;
  FakeClock clock_;
  std::string lane_;
};

TEST_F(SqliteOutboxTest, MakesAPrivateDirectory) {
  Open();
  struct stat made;
  ASSERT_EQ(stat(data_dir().c_str(), &made), 0);
  EXPECT_EQ(made.st_mode & 07777, 0700u);
  EXPECT_TRUE(std::filesystem::exists(database()));
  // One that is there stays as it is.
  ASSERT_EQ(chmod(data_dir().c_str(), 0750), 0);
  Open();
  ASSERT_EQ(stat(data_dir().c_str(), &made), 0);
  EXPECT_EQ(made.st_mode & 07777, 0750u);
}

TEST_F(SqliteOutboxTest, WritesAheadAndChecksForeignKeys) {
  Open();
  auto connection =
      SqliteConnection::Open(database(), SqliteConnection::Access::kRead);
  ASSERT_TRUE(connection.ok());
  std::string mode;
  SqliteQuery query(connection->get(), "PRAGMA journal_mode");
  ASSERT_TRUE(query.Next());
  query.Read(&mode);
  EXPECT_EQ(mode, "wal");
}

TEST_F(SqliteOutboxTest, KeepsASecondServerOut) {
  std::unique_ptr<Outbox> outbox = Open();
  ExpectError(TryOpen().status(), absl::StatusCode::kFailedPrecondition,
              "DATA_DIR_IN_USE");
  ExpectError(CheckSqliteOutbox(data_dir()),
              absl::StatusCode::kFailedPrecondition, "DATA_DIR_IN_USE");
  EXPECT_TRUE(Accept(outbox.get(), Pending(1)).ok());
  outbox.reset();
  EXPECT_TRUE(TryOpen().ok());
}

// A program that is started while the server runs must not keep the lock.
TEST_F(SqliteOutboxTest, HandsNoFileToOtherPrograms) {
  const std::unique_ptr<Outbox> outbox = Open();
  Fill(outbox.get(), 1);
  int ours = 0;
  for (const auto& link :
       std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    const auto target = std::filesystem::read_symlink(link.path(), error);
    if (error || target.string().rfind(data_dir(), 0) != 0) continue;
    ++ours;
    const int descriptor = std::stoi(link.path().filename().string());
    EXPECT_NE(fcntl(descriptor, F_GETFD) & FD_CLOEXEC, 0) << target;
  }
  EXPECT_GE(ours, 3);
}

TEST_F(SqliteOutboxTest, RefusesADirectoryThatCannotBeMade) {
  SqliteOutboxOptions options = Options();
  options.data_dir = dir_.Path("no/such/parent");
  ExpectError(OpenSqliteOutbox(options).status(), absl::StatusCode::kNotFound);

  Write(dir_.Path("file"), "text");
  options.data_dir = dir_.Path("file");
  ExpectError(OpenSqliteOutbox(options).status(), absl::StatusCode::kNotFound);
  options.data_dir = dir_.Path("file/data");
  ExpectError(OpenSqliteOutbox(options).status(), absl::StatusCode::kNotFound);
}

// Runs `body` as somebody who may not write everywhere.
template <typename Body>
void AsNobody(Body body) {
  const bool root = geteuid() == 0;
  ASSERT_TRUE(!root || seteuid(65534) == 0);
  body();
  ASSERT_TRUE(!root || seteuid(0) == 0);
}

TEST_F(SqliteOutboxTest, RefusesADirectoryThatCannotBeWritten) {
  Open();
  ASSERT_EQ(chmod(dir_.path().c_str(), 0755), 0);
  ASSERT_EQ(chmod(data_dir().c_str(), 0555), 0);
  ASSERT_EQ(chmod((data_dir() + "/lock").c_str(), 0444), 0);
  AsNobody([this] {
    ExpectError(TryOpen().status(), absl::StatusCode::kPermissionDenied);
    SqliteOutboxOptions options = Options();
    options.data_dir = data_dir() + "/below";
    ExpectError(OpenSqliteOutbox(options).status(),
                absl::StatusCode::kPermissionDenied);
  });
  // The lock can be taken, but the database not be written.
  ASSERT_EQ(chmod((data_dir() + "/lock").c_str(), 0666), 0);
  ASSERT_EQ(chmod(database().c_str(), 0444), 0);
  AsNobody([this] {
    ExpectError(TryOpen().status(), absl::StatusCode::kPermissionDenied);
  });
  ASSERT_EQ(chmod(data_dir().c_str(), 0755), 0);
}

TEST_F(SqliteOutboxTest, RefusesWhatIsNoDatabase) {
  std::filesystem::create_directory(data_dir());
  Write(database(), std::string(8192, 'x'));
  ExpectError(TryOpen().status(), absl::StatusCode::kDataLoss);
  ExpectError(CheckSqliteOutbox(data_dir()), absl::StatusCode::kDataLoss);
  // Nothing was written over it.
  EXPECT_EQ(std::filesystem::file_size(database()), 8192u);
}

TEST_F(SqliteOutboxTest, RefusesADirectoryInPlaceOfTheDatabase) {
  std::filesystem::create_directories(database());
  ExpectError(TryOpen().status(), absl::StatusCode::kPermissionDenied);
}

TEST_F(SqliteOutboxTest, RefusesADatabaseOfAnotherProgram) {
  std::filesystem::create_directory(data_dir());
  Tamper("CREATE TABLE meta (name, value)");
  ExpectError(TryOpen().status(), absl::StatusCode::kDataLoss);
}

TEST_F(SqliteOutboxTest, RefusesATruncatedDatabase) {
  {
    const std::unique_ptr<Outbox> outbox = Open();
    Fill(outbox.get(), 2000);
  }
  std::filesystem::resize_file(database(), 10 * 4096);
  ExpectError(TryOpen().status(), absl::StatusCode::kDataLoss);
  ExpectError(CheckSqliteOutbox(data_dir()), absl::StatusCode::kDataLoss);
}

TEST_F(SqliteOutboxTest, TakesAnEmptyFileForANewDatabase) {
  std::filesystem::create_directory(data_dir());
  Write(database(), "");
  EXPECT_TRUE(Accept(Open().get(), Pending(1)).ok());
}

TEST_F(SqliteOutboxTest, RefusesANewerSchema) {
  Open();
  Tamper("UPDATE meta SET value = 99 WHERE name = 'schema_version'");
  ExpectError(TryOpen().status(), absl::StatusCode::kFailedPrecondition,
              "SCHEMA_TOO_NEW");
  ExpectError(CheckSqliteOutbox(data_dir()),
              absl::StatusCode::kFailedPrecondition, "SCHEMA_TOO_NEW");
  Tamper("UPDATE meta SET value = 4 WHERE name = 'schema_version'");
  EXPECT_TRUE(TryOpen().ok());
}

TEST_F(SqliteOutboxTest, RefusesASchemaWithoutAVersion) {
  Open();
  Tamper("DELETE FROM meta WHERE name = 'schema_version'");
  ExpectError(TryOpen().status(), absl::StatusCode::kDataLoss);
}

TEST_F(SqliteOutboxTest, ChecksAnIntactDatabase) {
  ExpectError(CheckSqliteOutbox(data_dir()), absl::StatusCode::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(data_dir()));
  {
    const std::unique_ptr<Outbox> outbox = Open();
    Fill(outbox.get(), 300);
    EXPECT_TRUE(QuickCheckSqliteOutbox(data_dir()).ok());
    // It has left the store in working order.
    EXPECT_TRUE(Accept(outbox.get(), Pending(1)).ok());
    EXPECT_TRUE(outbox->GetCommit(Repo("widgets"), Sha('a')).ok());
  }
  EXPECT_TRUE(CheckSqliteOutbox(data_dir()).ok());
}

TEST_F(SqliteOutboxTest, ChecksFindDamage) {
  {
    const std::unique_ptr<Outbox> outbox = Open();
    Fill(outbox.get(), 3000);
  }
  Damage();
  ExpectError(CheckSqliteOutbox(data_dir()), absl::StatusCode::kDataLoss);
  const std::unique_ptr<Outbox> outbox = Open();
  ASSERT_NE(outbox, nullptr);
  ExpectError(QuickCheckSqliteOutbox(data_dir()), absl::StatusCode::kDataLoss);
}

TEST_F(SqliteOutboxTest, AQuickCheckCanBeCancelled) {
  const std::unique_ptr<Outbox> outbox = Open();
  Fill(outbox.get(), 1000);
  int asked = 0;
  const absl::Status status =
      QuickCheckSqliteOutbox(data_dir(), [&asked] { return ++asked == 2; });
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(asked, 2);
}

// Damage that is met while running must end the process, not be skipped.
TEST_F(SqliteOutboxTest, MeetingDamageIsAnInternalError) {
  {
    const std::unique_ptr<Outbox> outbox = Open();
    Fill(outbox.get(), 3000);
  }
  Damage();
  const std::unique_ptr<Outbox> outbox = Open();
  absl::Status status;
  for (int i = 0; i < 3000 && status.ok(); ++i) {
    const std::string sha =
        absl::StrCat(absl::Hex(i, absl::kZeroPad8), std::string(32, 'a'));
    status = outbox->GetCommit(Repo("widgets"), sha).status();
  }
  ExpectError(status, absl::StatusCode::kInternal, "STORE_DAMAGED");
}

// Counting on from there would overflow, or begin below numbers that are out.
TEST_F(SqliteOutboxTest, ACountThatIsNoneIsDamage) {
  for (const char* damage :
       {"UPDATE entry SET version = 9223372036854775807",
        "UPDATE entry SET round = -9223372036854775808",
        "UPDATE commit_summary SET status_count = 9223372036854775807"}) {
    {
      const std::unique_ptr<Outbox> outbox = Open();
      ASSERT_TRUE(Accept(outbox.get(), ResultOf(Result::kFailure, 1)).ok());
    }
    Run(damage);
    const std::unique_ptr<Outbox> outbox = Open();
    ExpectError(Accept(outbox.get(), ResultOf(Result::kSuccess, 2)).status(),
                absl::StatusCode::kInternal, "STORE_DAMAGED");
    std::filesystem::remove_all(data_dir());
  }
  for (const char* damage :
       {"UPDATE meta SET value = 9223372036854775807 WHERE name = 'sequence'",
        "UPDATE meta SET value = -1 WHERE name = 'sequence'"}) {
    ASSERT_NE(Open(), nullptr);
    Run(damage);
    ExpectError(TryOpen().status(), absl::StatusCode::kDataLoss,
                "STORE_DAMAGED");
    std::filesystem::remove_all(data_dir());
  }
}

// The process dies without a word; the next one finds all that was accepted.
TEST_F(SqliteOutboxTest, SurvivesAKill) {
  const pid_t child = fork();
  if (child == 0) {
    std::unique_ptr<Outbox> outbox = Open();
    const bool accepted =
        outbox != nullptr &&
        Accept(outbox.get(), ResultOf(Result::kFailure, 1)).ok();
    LeaseRequest request;
    request.deadline = clock_.Now() + absl::Seconds(20);
    const auto lease = outbox->TakeDue(request, clock_.Now());
    _exit(accepted && lease.ok() && lease->has_value() ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);

  const std::unique_ptr<Outbox> outbox = Open();
  EXPECT_EQ(outbox->GetCommit(Repo("widgets"), Sha('a'))->statuses.at(0).result,
            Result::kFailure);
  const absl::Time begin = clock_.Now();
  LeaseRequest request;
  EXPECT_FALSE(outbox->TakeDue(request, clock_.Now())->has_value());
  clock_.Advance(absl::Seconds(20));
  const auto lease = outbox->TakeDue(request, clock_.Now());
  ASSERT_TRUE(lease.ok() && lease->has_value());
  EXPECT_EQ((*lease)->ambiguous_since, begin);
}

TEST_F(SqliteOutboxTest, AssignsLanesAnewWhenOpened) {
  const auto lanes = [this](const std::string& prefix) {
    SqliteOutboxOptions options = Options();
    options.lane_of = [prefix](const Repository& repository) {
      return prefix + repository.name;
    };
    auto outbox = OpenSqliteOutbox(std::move(options));
    EXPECT_TRUE(outbox.ok()) << outbox.status();
    return *std::move(outbox);
  };
  std::unique_ptr<Outbox> outbox = lanes("one-");
  Accept(outbox.get(), On(ResultOf(Result::kSuccess, 1), "a")).IgnoreError();
  Accept(outbox.get(), On(ResultOf(Result::kSuccess, 1), "b")).IgnoreError();
  EXPECT_THAT(*outbox->DueLanes(clock_.Now()), ElementsAre("one-a", "one-b"));
  outbox.reset();
  outbox = lanes("two-");
  EXPECT_THAT(*outbox->DueLanes(clock_.Now()), ElementsAre("two-a", "two-b"));
  LeaseRequest request;
  request.lane = "one-a";
  EXPECT_FALSE(outbox->TakeDue(request, clock_.Now())->has_value());
  request.lane = "two-a";
  EXPECT_TRUE(outbox->TakeDue(request, clock_.Now())->has_value());
  // Without the function, all are in one lane.
  outbox.reset();
  outbox = Open();
  EXPECT_THAT(*outbox->DueLanes(clock_.Now()), ElementsAre(""));
}

TEST_F(SqliteOutboxTest, ForgetsOldDeliveriesAFewAtATime) {
  const std::unique_ptr<Outbox> outbox = Open();
  std::vector<Submission> submissions;
  for (int i = 0; i < 100; ++i) {
    Submission submission;
    submission.delivery = Delivery{absl::StrCat("id-", i), "", "push", ""};
    submissions.push_back(submission);
  }
  ASSERT_TRUE(outbox->Accept(submissions, clock_.Now()).ok());
  const auto count = [this] {
    auto connection =
        SqliteConnection::Open(database(), SqliteConnection::Access::kRead);
    SqliteQuery query(connection->get(), "SELECT COUNT(*) FROM delivery");
    int64_t rows = -1;
    if (query.Next()) query.Read(&rows);
    return rows;
  };
  EXPECT_EQ(count(), 100);
  clock_.Advance(absl::Hours(8 * 24 + 1));
  for (const int64_t left : {68, 36, 4, 0, 0}) {
    Accept(outbox.get(), Pending(1)).IgnoreError();
    EXPECT_EQ(count(), left);
  }
}

// A person who looks into the database must not stop the readers.
TEST_F(SqliteOutboxTest, ReadsDoNotWaitForAWriter) {
  const std::unique_ptr<Outbox> outbox = Open();
  Accept(outbox.get(), ResultOf(Result::kSuccess, 1)).IgnoreError();
  auto other =
      SqliteConnection::Open(database(), SqliteConnection::Access::kWrite);
  ASSERT_TRUE(other.ok());
  SqliteTransaction transaction(other->get(), SqliteTransaction::Kind::kWrite);
  (*other)->Run("UPDATE entry SET context = 'changed'");
  EXPECT_EQ(
      outbox->GetCommit(Repo("widgets"), Sha('a'))->statuses.at(0).context,
      "ci/build");
  EXPECT_EQ(outbox->ListCommits(std::nullopt, 0, 10)->size(), 1u);
  EXPECT_THAT(*outbox->DueLanes(clock_.Now()), ElementsAre(""));
}

// No write may grow a file beyond the limit: the errors of a broken disk.
TEST_F(SqliteOutboxTest, AFailedWriteLeavesNoTrace) {
  const std::unique_ptr<Outbox> outbox = Open();
  const int64_t first =
      (*Accept(outbox.get(), Pending(1)))[0].receipts[0].sequence;
  signal(SIGXFSZ, SIG_IGN);
  struct rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  struct rlimit limit = before;
  limit.rlim_cur = std::filesystem::file_size(database() + "-wal");
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  const auto refused =
      Accept(outbox.get(), On(ResultOf(Result::kSuccess, 1), "gadgets"));
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kInternal);
  EXPECT_FALSE(outbox->GetCommit(Repo("gadgets"), Sha('a')).ok());

  const auto again =
      Accept(outbox.get(), On(ResultOf(Result::kSuccess, 1), "gadgets"));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ((*again)[0].receipts[0].disposition, Disposition::kAccepted);
  EXPECT_EQ((*again)[0].receipts[0].sequence, first + 1);
  EXPECT_TRUE(outbox->GetCommit(Repo("gadgets"), Sha('a')).ok());
}

// What is written to a deleted file is gone with the process.
TEST_F(SqliteOutboxTest, AcknowledgesNothingOnceItsFileIsGone) {
  const std::unique_ptr<Outbox> outbox = Open();
  ASSERT_TRUE(Accept(outbox.get(), Pending(1)).ok());
  std::filesystem::rename(database(), database() + ".old");
  ExpectError(Accept(outbox.get(), Pending(2)).status(),
              absl::StatusCode::kInternal);
  Write(database(), "");
  ExpectError(Accept(outbox.get(), Pending(2)).status(),
              absl::StatusCode::kInternal);
  std::filesystem::rename(database() + ".old", database());
  EXPECT_TRUE(Accept(outbox.get(), Pending(2)).ok());
}

// Some callers only log what the store says; the process must end all the same.
TEST_F(SqliteOutboxTest, TellsOfAFailureWhoeverMeetsIt) {
  std::vector<absl::Status> told;
  SqliteOutboxOptions options = Options();
  options.on_failure = [&told](const absl::Status& status) {
    told.push_back(status);
  };
  auto opened = OpenSqliteOutbox(options);
  ASSERT_TRUE(opened.ok()) << opened.status();
  Outbox* const outbox = opened->get();
  ASSERT_TRUE(Accept(outbox, Pending(1)).ok());
  EXPECT_FALSE(outbox->GetCommit(Repo("widgets"), Sha('f')).ok());
  EXPECT_THAT(told, IsEmpty());

  std::filesystem::rename(database(), database() + ".old");
  const absl::Time now = clock_.Now();
  const std::vector<std::function<absl::Status()>> writes = {
      [&] { return Accept(outbox, Pending(2)).status(); },
      [&] { return outbox->SetMark("mark", now); },
      [&] { return outbox->SetPause("lane", now, now); },
      [&] { return outbox->SettleRerun(1, std::nullopt); },
      [&] { return outbox->ForgetBefore(now).status(); },
  };
  for (const auto& write : writes) {
    told.clear();
    const absl::Status status = write();
    ExpectError(status, absl::StatusCode::kInternal);
    EXPECT_THAT(told, ElementsAre(status));
  }
}

TEST_F(SqliteOutboxTest, AStoreThatCannotBeOpenedIsNoFailure) {
  { Open(); }
  Tamper("DROP TABLE repository");
  bool told = false;
  SqliteOutboxOptions options = Options();
  options.on_failure = [&told](const absl::Status&) { told = true; };
  EXPECT_FALSE(OpenSqliteOutbox(options).ok());
  EXPECT_FALSE(told);
}

TEST_F(SqliteOutboxTest, ManyThreadsMayUseIt) {
  const std::unique_ptr<Outbox> outbox = Open();
  constexpr int kReports = 60;
  std::vector<std::thread> threads;
  for (const char* name : {"a", "b", "c"}) {
    threads.emplace_back([&, name] {
      for (int attempt = 1; attempt <= kReports; ++attempt) {
        EXPECT_TRUE(
            Accept(outbox.get(), On(ResultOf(Result::kSuccess, attempt), name))
                .ok());
      }
    });
    threads.emplace_back([&, name] {
      for (int i = 0; i < kReports; ++i) {
        EXPECT_TRUE(outbox->ListCommits(std::nullopt, 0, 10).ok());
        const auto commit = outbox->GetCommit(Repo(name), Sha('a'));
        EXPECT_TRUE(commit.ok() || absl::IsNotFound(commit.status()));
        EXPECT_TRUE(outbox->NextDueTime(clock_.Now()).ok());
      }
    });
  }
  threads.emplace_back([&] {
    for (int i = 0; i < kReports; ++i) {
      LeaseRequest request;
      request.deadline = clock_.Now() + absl::Seconds(20);
      const auto lease = outbox->TakeDue(request, clock_.Now());
      ASSERT_TRUE(lease.ok());
      if (!lease->has_value()) continue;
      Settlement settlement;
      settlement.entry_id = (*lease)->entry_id;
      settlement.version = (*lease)->version;
      settlement.shown = (*lease)->wanted;
      EXPECT_TRUE(outbox->Settle(settlement, clock_.Now()).ok());
    }
  });
  for (std::thread& thread : threads) thread.join();
  for (const char* name : {"a", "b", "c"}) {
    EXPECT_EQ(outbox->GetCommit(Repo(name), Sha('a'))->statuses.at(0).attempt,
              kReports);
  }
}

// A database of the first version is taken over with what is in it.
TEST_F(SqliteOutboxTest, UpgradesAnOlderSchema) {
  Report pending = Pending(1);
  pending.expires_after = absl::Hours(2);
  ASSERT_TRUE(Accept(Open().get(), pending).ok());
  Tamper(
      "DROP TABLE change; ALTER TABLE report DROP COLUMN expire_time_us;"
      "DELETE FROM meta WHERE name = 'forgotten_sequence';"
      "DROP TABLE rerun; DROP TABLE hook; DROP TABLE mark;"
      "DROP INDEX entry_expiry; DROP INDEX repository_by_github_id;"
      "DROP TABLE repository_alias; DROP TABLE lane_pause;"
      "ALTER TABLE entry DROP COLUMN expires_after_us;"
      "ALTER TABLE entry DROP COLUMN status_count;"
      "UPDATE meta SET value = 1 WHERE name = 'schema_version'");
  {
    const std::unique_ptr<Outbox> outbox = Open();
    EXPECT_EQ(*outbox->NextExpiry(), clock_.Now() + absl::Hours(2));
    clock_.Advance(absl::Hours(2));
    EXPECT_EQ(*outbox->ExpirePendings(clock_.Now(), 10), 1);
    const auto commit = outbox->GetCommit(Repo("widgets"), Sha('a'));
    ASSERT_TRUE(commit.ok());
    EXPECT_EQ(commit->statuses.at(0).description, "No result within 2 h");
    EXPECT_TRUE(outbox->SetMark("x", clock_.Now()).ok());
  }
  Tamper(
      "DROP TABLE change; ALTER TABLE report DROP COLUMN expire_time_us;"
      "DELETE FROM meta WHERE name = 'forgotten_sequence';"
      "DROP TABLE rerun; DROP TABLE hook; DROP TABLE mark;"
      "UPDATE meta SET value = 2 WHERE name = 'schema_version'");
  EXPECT_TRUE(Open()->SetMark("x", clock_.Now()).ok());
  Tamper(
      "DROP TABLE change; ALTER TABLE report DROP COLUMN expire_time_us;"
      "DELETE FROM meta WHERE name = 'forgotten_sequence';"
      "UPDATE meta SET value = 3 WHERE name = 'schema_version'");
  // Of what changed before, nothing was kept.
  const std::unique_ptr<Outbox> outbox = Open();
  const int64_t newest = *outbox->NewestSequence();
  EXPECT_GT(newest, 0);
  EXPECT_TRUE(absl::IsOutOfRange(outbox->ChangesAfter(0, 10).status()));
  ASSERT_TRUE(Accept(outbox.get(), Pending(7)).ok());
  EXPECT_EQ(outbox->ChangesAfter(newest, 10)->size(), 1u);
}

TEST_F(SqliteOutboxTest, KeepsTheNewestChanges) {
  SqliteOutboxOptions options = Options();
  options.changes_kept = 5;
  int told = 0;
  options.on_change = [&told] { ++told; };
  const auto outbox = OpenSqliteOutbox(options);
  ASSERT_TRUE(outbox.ok());
  for (int attempt = 1; attempt <= 20; ++attempt) {
    ASSERT_TRUE(Accept(outbox->get(), Pending(attempt)).ok());
    ASSERT_TRUE(Accept(outbox->get(), Pending(attempt)).ok());  // UNCHANGED.
  }
  EXPECT_EQ(told, 20);
  EXPECT_EQ((*outbox)->ChangesAfter(15, 10)->size(), 5u);
  EXPECT_TRUE(absl::IsOutOfRange((*outbox)->ChangesAfter(14, 10).status()));
}

// Whoever comes back later than the history lasts has missed something.
TEST_F(SqliteOutboxTest, ForgottenReportsAreForgottenChanges) {
  const std::unique_ptr<Outbox> outbox = Open();
  for (int attempt = 1; attempt <= 3; ++attempt) {
    ASSERT_TRUE(Accept(outbox.get(), Pending(attempt)).ok());
    ASSERT_TRUE(Accept(outbox.get(), Pending(0)).ok());  // SUPERSEDED.
    clock_.Advance(absl::Hours(1));
  }
  EXPECT_EQ(outbox->ChangesAfter(0, 10)->size(), 3u);
  const absl::Time second = clock_.Now() - absl::Hours(2);
  ASSERT_TRUE(outbox->ForgetBefore(second).ok());
  EXPECT_TRUE(absl::IsOutOfRange(outbox->ChangesAfter(0, 10).status()));
  ASSERT_EQ(outbox->ChangesAfter(1, 10)->size(), 2u);
  EXPECT_EQ(outbox->ChangesAfter(1, 1)->at(0).status.attempt, 2);
  EXPECT_EQ(outbox->ChangesAfter(2, 10)->at(0).status.attempt, 3);
}

// A token is put in after reports were accepted without one.
TEST_F(SqliteOutboxTest, ANewCredentialRevivesWhatNobodyCouldPost) {
  lane_.clear();
  {
    const std::unique_ptr<Outbox> outbox = Open();
    for (const char* name : {"a", "b"}) {
      ASSERT_TRUE(
          Accept(outbox.get(), On(ResultOf(Result::kSuccess, 1), name)).ok());
      LeaseRequest request;
      request.deadline = clock_.Now() + absl::Seconds(20);
      const auto lease = outbox->TakeDue(request, clock_.Now());
      ASSERT_TRUE(lease.ok() && lease->has_value());
      Settlement settlement;
      settlement.entry_id = (*lease)->entry_id;
      settlement.version = (*lease)->version;
      settlement.kind = Settlement::Kind::kAbandoned;
      settlement.reason =
          name == std::string("a") ? "NO_CREDENTIAL" : "STATUS_LIMIT_REACHED";
      ASSERT_TRUE(outbox->Settle(settlement, clock_.Now()).ok());
    }
    EXPECT_THAT(*outbox->DueLanes(clock_.Now()), testing::IsEmpty());
  }
  lane_ = "acme";
  const std::unique_ptr<Outbox> outbox = Open();
  EXPECT_THAT(*outbox->DueLanes(clock_.Now()), testing::ElementsAre("acme"));
  // Two reports, two ends of tries, and one that was revived.
  EXPECT_EQ(*outbox->NewestSequence(), 5);
  EXPECT_EQ(outbox->ChangesAfter(4, 10)->at(0).status.posting.state,
            PostingState::kDue);
  LeaseRequest request;
  request.lane = "acme";
  request.deadline = clock_.Now() + absl::Seconds(20);
  const auto lease = outbox->TakeDue(request, clock_.Now());
  ASSERT_TRUE(lease.ok() && lease->has_value());
  EXPECT_EQ((*lease)->repository.name, "a");
  EXPECT_FALSE(outbox->TakeDue(request, clock_.Now())->has_value());
}

}  // namespace
}  // namespace signalbox
