#include "server/outbox/sqlite_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/server/outbox/sqlite_outbox_fixture.h"

namespace signalbox {
namespace {

// The files of an outbox: how they are made, refused, checked and upgraded.
class SqliteStoreTest : public SqliteOutboxFixture {};

TEST_F(SqliteStoreTest, MakesAPrivateDirectory) {
  Open();
  struct stat made;
  ASSERT_EQ(stat(data_dir().c_str(), &made), 0);
  EXPECT_EQ(made.st_mode & 07777, 0700u);
  EXPECT_TRUE(std::filesystem::exists(database()));
  // An existing directory stays as it is.
  ASSERT_EQ(chmod(data_dir().c_str(), 0750), 0);
  Open();
  ASSERT_EQ(stat(data_dir().c_str(), &made), 0);
  EXPECT_EQ(made.st_mode & 07777, 0750u);
}

TEST_F(SqliteStoreTest, WritesAheadAndChecksForeignKeys) {
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

TEST_F(SqliteStoreTest, KeepsASecondServerOut) {
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
TEST_F(SqliteStoreTest, HandsNoFileToOtherPrograms) {
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

TEST_F(SqliteStoreTest, RefusesADirectoryThatCannotBeMade) {
  SqliteOutboxOptions options = Options();
  options.data_dir = dir_.Path("no/such/parent");
  ExpectError(OpenSqliteOutbox(options).status(), absl::StatusCode::kNotFound);

  Write(dir_.Path("file"), "text");
  options.data_dir = dir_.Path("file");
  ExpectError(OpenSqliteOutbox(options).status(), absl::StatusCode::kNotFound);
  options.data_dir = dir_.Path("file/data");
  ExpectError(OpenSqliteOutbox(options).status(), absl::StatusCode::kNotFound);
}

// Runs `body` as a user that may not write everywhere.
template <typename Body>
void AsNobody(Body body) {
  const bool root = geteuid() == 0;
  ASSERT_TRUE(!root || seteuid(65534) == 0);
  body();
  ASSERT_TRUE(!root || seteuid(0) == 0);
}

TEST_F(SqliteStoreTest, RefusesADirectoryThatCannotBeWritten) {
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
  // The lock can be taken, but the database cannot be written.
  ASSERT_EQ(chmod((data_dir() + "/lock").c_str(), 0666), 0);
  ASSERT_EQ(chmod(database().c_str(), 0444), 0);
  AsNobody([this] {
    ExpectError(TryOpen().status(), absl::StatusCode::kPermissionDenied);
  });
  ASSERT_EQ(chmod(data_dir().c_str(), 0755), 0);
}

TEST_F(SqliteStoreTest, RefusesWhatIsNoDatabase) {
  std::filesystem::create_directory(data_dir());
  Write(database(), std::string(8192, 'x'));
  ExpectError(TryOpen().status(), absl::StatusCode::kDataLoss);
  ExpectError(CheckSqliteOutbox(data_dir()), absl::StatusCode::kDataLoss);
  // Nothing was written over it.
  EXPECT_EQ(std::filesystem::file_size(database()), 8192u);
}

TEST_F(SqliteStoreTest, RefusesADirectoryInPlaceOfTheDatabase) {
  std::filesystem::create_directories(database());
  ExpectError(TryOpen().status(), absl::StatusCode::kPermissionDenied);
}

TEST_F(SqliteStoreTest, RefusesADatabaseOfAnotherProgram) {
  std::filesystem::create_directory(data_dir());
  Tamper("CREATE TABLE meta (name, value)");
  ExpectError(TryOpen().status(), absl::StatusCode::kDataLoss);
}

TEST_F(SqliteStoreTest, RefusesATruncatedDatabase) {
  {
    const std::unique_ptr<Outbox> outbox = Open();
    Fill(outbox.get(), 2000);
  }
  std::filesystem::resize_file(database(), 10 * 4096);
  ExpectError(TryOpen().status(), absl::StatusCode::kDataLoss);
  ExpectError(CheckSqliteOutbox(data_dir()), absl::StatusCode::kDataLoss);
}

TEST_F(SqliteStoreTest, TakesAnEmptyFileForANewDatabase) {
  std::filesystem::create_directory(data_dir());
  Write(database(), "");
  EXPECT_TRUE(Accept(Open().get(), Pending(1)).ok());
}

// A server that was killed under load leaves a log of megabytes.
TEST_F(SqliteStoreTest, StartsWithALargeLog) {
  Fill(Open().get(), 2000);
  Tamper(
      "UPDATE entry SET description = replace(hex(zeroblob(500)), '0', 'x')");
  ASSERT_GT(std::filesystem::file_size(database() + "-wal"), 1u << 20);
  const std::unique_ptr<Outbox> outbox = Open();
  ASSERT_NE(outbox, nullptr);
  const auto commit = outbox->GetCommit(
      Repo("widgets"),
      *ParseSha(absl::StrCat("00000000", std::string(32, 'a'))));
  ASSERT_TRUE(commit.ok());
  EXPECT_EQ(commit->statuses.at(0).description, std::string(1000, 'x'));
}

TEST_F(SqliteStoreTest, RefusesANewerSchema) {
  Open();
  Tamper("UPDATE meta SET value = 99 WHERE name = 'schema_version'");
  ExpectError(TryOpen().status(), absl::StatusCode::kFailedPrecondition,
              "SCHEMA_TOO_NEW");
  ExpectError(CheckSqliteOutbox(data_dir()),
              absl::StatusCode::kFailedPrecondition, "SCHEMA_TOO_NEW");
  Tamper("UPDATE meta SET value = 11 WHERE name = 'schema_version'");
  EXPECT_TRUE(TryOpen().ok());
}

TEST_F(SqliteStoreTest, RefusesASchemaWithoutAVersion) {
  Open();
  Tamper("DELETE FROM meta WHERE name = 'schema_version'");
  ExpectError(TryOpen().status(), absl::StatusCode::kDataLoss);
}

TEST_F(SqliteStoreTest, ChecksAnIntactDatabase) {
  ExpectError(CheckSqliteOutbox(data_dir()), absl::StatusCode::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(data_dir()));
  {
    const std::unique_ptr<Outbox> outbox = Open();
    Fill(outbox.get(), 300);
    EXPECT_TRUE(QuickCheckSqliteOutbox(data_dir()).ok());
    // The check leaves the store in working order.
    EXPECT_TRUE(Accept(outbox.get(), Pending(1)).ok());
    EXPECT_TRUE(outbox->GetCommit(Repo("widgets"), ShaOf('a')).ok());
  }
  EXPECT_TRUE(CheckSqliteOutbox(data_dir()).ok());
}

TEST_F(SqliteStoreTest, ChecksFindDamage) {
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

TEST_F(SqliteStoreTest, AQuickCheckCanBeCancelled) {
  const std::unique_ptr<Outbox> outbox = Open();
  Fill(outbox.get(), 1000);
  int asked = 0;
  const absl::Status status =
      QuickCheckSqliteOutbox(data_dir(), [&asked] { return ++asked == 2; });
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(asked, 2);
}

// Damage found while running must end the process, not be skipped.
TEST_F(SqliteStoreTest, MeetingDamageIsAnInternalError) {
  {
    const std::unique_ptr<Outbox> outbox = Open();
    Fill(outbox.get(), 3000);
  }
  Damage();
  const std::unique_ptr<Outbox> outbox = Open();
  absl::Status status;
  for (int i = 0; i < 3000 && status.ok(); ++i) {
    const Sha sha = *ParseSha(
        absl::StrCat(absl::Hex(i, absl::kZeroPad8), std::string(32, 'a')));
    status = outbox->GetCommit(Repo("widgets"), sha).status();
  }
  ExpectError(status, absl::StatusCode::kInternal, "STORE_DAMAGED");
}

// Counting from there would overflow, or repeat numbers already given.
TEST_F(SqliteStoreTest, ACountThatIsNoneIsRepaired) {
  for (const char* damage :
       {"UPDATE entry SET version = 9223372036854775807",
        "UPDATE entry SET other_run_count = -1",
        "UPDATE entry SET run_state = 0", "UPDATE entry SET run_result = 8",
        "UPDATE commit_summary SET status_count = 9223372036854775807",
        "UPDATE meta SET value = 9223372036854775807 WHERE name = 'sequence'",
        "UPDATE meta SET value = -1 WHERE name = 'sequence'"}) {
    {
      const std::unique_ptr<Outbox> outbox = Open();
      ASSERT_TRUE(Accept(outbox.get(), ResultOf(Result::kFailure, 1)).ok());
    }
    Tamper(damage);
    int found = 0;
    SqliteOutboxOptions options = Options();
    options.on_damaged_row = [&found](const std::string&) { ++found; };
    const auto outbox = OpenSqliteOutbox(options);
    ASSERT_TRUE(outbox.ok()) << outbox.status();
    const auto outcomes = Accept(outbox->get(), ResultOf(Result::kSuccess, 2));
    ASSERT_TRUE(outcomes.ok()) << outcomes.status();
    EXPECT_EQ(outcomes->at(0).receipts.at(0).disposition,
              Disposition::kAccepted);
    EXPECT_EQ(outcomes->at(0).receipts.at(0).sequence % 100,
              absl::StrContains(damage, "entry") ? 3 : 2)
        << damage;
    EXPECT_EQ(found, 1) << damage;
    std::filesystem::remove_all(data_dir());
  }
}

}  // namespace
}  // namespace signalbox
