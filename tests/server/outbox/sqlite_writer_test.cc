#include "server/outbox/sqlite_writer.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/github/github_limits.h"
#include "server/outbox/sqlite_accept.h"
#include "server/outbox/sqlite_events.h"
#include "server/outbox/sqlite_readers.h"
#include "server/outbox/sqlite_store.h"
#include "tests/server/outbox/outbox_contract.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

class SqliteWriterTest : public testing::Test {
 protected:
  SqliteWriterTest() {
    auto lock =
        DataDirLock::Acquire(Directory(), DataDirLock::IfMissing::kCreate);
    EXPECT_TRUE(lock.ok()) << lock.status();
    lock_ = std::make_unique<DataDirLock>(*std::move(lock));
    bool is_sound = false;
    auto connection = OpenWriter(Directory(), &is_sound);
    EXPECT_TRUE(connection.ok()) << connection.status();
    SqliteWriter::Options options;
    options.on_change = [this] { ++commits_; };
    writer_ = std::make_unique<SqliteWriter>(
        *std::move(connection),
        SqliteWriterState(kGitHubLimits,
                          [](const Repository&) { return std::string(); }),
        options);
  }

  std::string Directory() const { return directory_.path() + "/data"; }

  uintmax_t DatabaseSize() const {
    return std::filesystem::file_size(Directory() + "/signalbox.db");
  }

  // Stores a named time, and gives a sequence, so that the commit counts.
  absl::Status Put(const std::string& name) {
    return writer_->Write(
        [&](SqliteConnection* connection, SqliteWriterState* state) {
          SetNamedTime(connection, name, absl::UnixEpoch());
          ++state->sequence;
        });
  }

  bool IsStored(const std::string& name) {
    std::optional<absl::Time> time;
    EXPECT_TRUE(
        writer_
            ->Write([&](SqliteConnection* connection, SqliteWriterState*) {
              time = GetNamedTime(connection, name);
            })
            .ok());
    return time.has_value();
  }

  // Runs `changes`, each on a thread of its own. All of them wait for the same
  // commit.
  void Together(const std::vector<std::function<void()>>& changes) {
    std::vector<std::thread> threads;
    EXPECT_TRUE(writer_
                    ->Write([&](SqliteConnection*, SqliteWriterState*) {
                      for (const auto& change : changes) {
                        threads.emplace_back(change);
                      }
                      while (writer_->waiting() < changes.size()) {
                        std::this_thread::yield();
                      }
                    })
                    .ok());
    for (std::thread& thread : threads) thread.join();
  }

  TempDir directory_;
  std::unique_ptr<DataDirLock> lock_;
  std::unique_ptr<SqliteWriter> writer_;
  std::atomic<int> commits_ = 0;
};

TEST_F(SqliteWriterTest, ChangesThatWaitShareACommit) {
  std::vector<std::function<void()>> changes;
  std::atomic<int> succeeded = 0;
  for (int i = 0; i < 8; ++i) {
    changes.emplace_back([this, &succeeded, i] {
      if (Put(absl::StrCat("n", i)).ok()) ++succeeded;
    });
  }
  Together(changes);
  EXPECT_EQ(succeeded, 8);
  EXPECT_EQ(commits_, 1);
  for (int i = 0; i < 8; ++i) EXPECT_TRUE(IsStored(absl::StrCat("n", i)));
}

TEST_F(SqliteWriterTest, AChangeThatFailsFailsNoOther) {
  absl::Status failed;
  Together({[this] { EXPECT_TRUE(Put("first").ok()); },
            [this, &failed] {
              failed = writer_->Write(
                  [](SqliteConnection* connection, SqliteWriterState*) {
                    SetNamedTime(connection, "failed", absl::UnixEpoch());
                    connection->NoteDamage("holds nothing that it should");
                  });
            },
            [this] { EXPECT_TRUE(Put("last").ok()); }});
  EXPECT_TRUE(absl::IsInternal(failed)) << failed;
  EXPECT_TRUE(IsStored("first"));
  EXPECT_TRUE(IsStored("last"));
  EXPECT_FALSE(IsStored("failed"));
}

TEST_F(SqliteWriterTest, EachChangeRunsOnceIfNoneFails) {
  std::atomic<int> runs = 0;
  std::vector<std::function<void()>> changes;
  for (int i = 0; i < 4; ++i) {
    changes.emplace_back([&] {
      EXPECT_TRUE(
          writer_->Write([&](SqliteConnection*, SqliteWriterState*) { ++runs; })
              .ok());
    });
  }
  Together(changes);
  EXPECT_EQ(runs, 4);
}

TEST_F(SqliteWriterTest, ManyThreadsLoseNoChange) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([this, i] {
      for (int j = 0; j < 20; ++j) {
        EXPECT_TRUE(Put(absl::StrCat(i, "-", j)).ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int i = 0; i < 8; ++i) {
    for (int j = 0; j < 20; ++j) {
      EXPECT_TRUE(IsStored(absl::StrCat(i, "-", j)));
    }
  }
}

TEST_F(SqliteWriterTest, ALogThatIsNotShortIsCheckpointed) {
  const auto before = DatabaseSize();
  for (int i = 0; i < 99; ++i) {
    ASSERT_TRUE(Put(absl::StrCat(std::string(1000, 'a'), i)).ok());
  }
  ASSERT_TRUE(writer_->Checkpoint().ok());
  EXPECT_EQ(DatabaseSize(), before);
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(Put(absl::StrCat(std::string(1000, 'b'), i)).ok());
  }
  ASSERT_TRUE(writer_->Checkpoint().ok());
  EXPECT_GT(DatabaseSize(), before + 100'000);
  // Twice does no harm.
  ASSERT_TRUE(writer_->Checkpoint().ok());
  EXPECT_TRUE(IsStored(absl::StrCat(std::string(1000, 'b'), 99)));
}

// A server with few reports must not wait for SQLite's own checkpoint, which
// holds up a report.
TEST_F(SqliteWriterTest, ALogThatGrowsSlowlyIsCheckpointed) {
  const auto before = DatabaseSize();
  for (int i = 0; i < 120; ++i) {
    ASSERT_TRUE(Put(absl::StrCat(std::string(1000, 'a'), i)).ok());
    if (i % 40 == 39) {
      ASSERT_TRUE(writer_->Checkpoint().ok());
    }
  }
  EXPECT_GT(DatabaseSize(), before + 100'000);
}

TEST_F(SqliteWriterTest, NothingIsCheckpointedWhileAChangeIsWritten) {
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(Put(absl::StrCat(std::string(1000, 'a'), i)).ok());
  }
  const auto before = DatabaseSize();
  absl::Status checkpointed;
  std::thread housekeeper;
  ASSERT_TRUE(writer_
                  ->Write([&](SqliteConnection*, SqliteWriterState*) {
                    housekeeper = std::thread(
                        [&] { checkpointed = writer_->Checkpoint(); });
                    housekeeper.join();
                  })
                  .ok());
  EXPECT_TRUE(checkpointed.ok()) << checkpointed;
  EXPECT_EQ(DatabaseSize(), before);
}

// A watcher that sees the number of the repaired entry asks for later ones
// from then on.
TEST_F(SqliteWriterTest, ARepairHidesNoReportFromAReader) {
  const auto accept = [this](const KeyReport& report) {
    const Submission submission = Of({report});
    EXPECT_TRUE(
        writer_
            ->Write(
                [&](SqliteConnection* connection, SqliteWriterState* state) {
                  AcceptSubmissions(connection, state, {&submission, 1},
                                    AcceptOptions());
                },
                SqliteWriter::Kind::kReports)
            .ok());
  };
  accept(On(Pending(1), "widgets", 'a'));
  auto connection = OpenReader(Directory());
  ASSERT_TRUE(connection.ok()) << connection.status();
  std::vector<std::unique_ptr<SqliteConnection>> connections;
  connections.push_back(*std::move(connection));
  SqliteReaders readers(std::move(connections), writer_.get());
  std::vector<int64_t> reports;
  int64_t newest = 0;
  const auto look = [&](SqliteConnection* reader) {
    if (newest == 0) {
      accept(On(Pending(1), "widgets", 'b'));
      EXPECT_TRUE(writer_
                      ->Write(
                          [](SqliteConnection* writer, SqliteWriterState*) {
                            writer->Run("UPDATE entry SET phase = 77");
                          },
                          // Does not fold the journal.
                          SqliteWriter::Kind::kReports)
                      .ok());
      reader->NoteDamage("the entry");
    }
    newest = reader
                 ->First<int64_t>(
                     "SELECT value FROM meta WHERE name = "
                     "'sequence'")
                 .value_or(-1);
    reports = reader->All<int64_t>("SELECT sequence FROM report");
  };
  const absl::Status status = readers.Read(look);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(newest, 3);
  EXPECT_EQ(reports, std::vector<int64_t>({1, 2}));
}

}  // namespace
}  // namespace signalbox
