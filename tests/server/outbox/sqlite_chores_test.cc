#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/server/outbox/sqlite_outbox_fixture.h"
#include "tests/support/key_report.h"
#include "tests/support/rename_repository.h"
#include "tests/support/turns.h"

namespace signalbox {
namespace {

// Work that is too large for one transaction is done in batches.
class SqliteChoresTest : public SqliteOutboxFixture {
 protected:
  static constexpr int kMany = 6000;
  // The most rows that a transaction changes, plus or minus a commit's entries.
  static constexpr int64_t kMostRows = 256;

  static Sha ShaOf(int number) {
    return *ParseSha(
        absl::StrCat(absl::Hex(number, absl::kZeroPad8), std::string(32, 'a')));
  }

  // Accepts a result for each of the commits in one call.
  void Report(Outbox* outbox, const std::string& repository, int first,
              int commits, Result result, const std::string& caller = "") {
    std::vector<Submission> submissions;
    for (int i = first; i < first + commits; ++i) {
      KeyReport report = ResultOf(result, 1);
      report.repository = Repo(repository);
      report.sha = ShaOf(i);
      submissions.push_back(Of({report}));
      submissions.back().caller = caller;
    }
    const auto outcomes = outbox->Accept(submissions, clock_.Now());
    ASSERT_TRUE(outcomes.ok()) << outcomes.status();
  }

  // A number read from the database while the outbox has it open.
  int64_t Count(const char* sql) {
    auto connection =
        SqliteConnection::Open(database(), SqliteConnection::Access::kRead);
    EXPECT_TRUE(connection.ok()) << connection.status();
    SqliteQuery query(connection->get(), sql);
    int64_t count = -1;
    if (query.Next()) query.Read(&count);
    return count;
  }

  // Entries in the row that has the name acme/new.
  int64_t Moved() {
    return Count(
        "SELECT COUNT(*) FROM entry AS e JOIN repository AS r "
        "ON r.repository_key = e.repository_key "
        "WHERE r.canonical = 'github.com/acme/new'");
  }
  int64_t Abandoned() {
    return Count("SELECT COUNT(*) FROM entry WHERE posting_state = 4");
  }

  // Does all chores. Returns the most by which `count` changed in one of them.
  template <typename CountFunction>
  int64_t DoAll(Outbox* outbox, CountFunction count) {
    int64_t most = 0;
    for (int batches = 0; batches < 1000; ++batches) {
      const int64_t before = count();
      const absl::StatusOr<bool> more =
          AsHolder(*outbox, &Outbox::DoChores, clock_.Now());
      EXPECT_TRUE(more.ok()) << more.status();
      most = std::max(most, std::abs(count() - before));
      if (!more.ok() || !*more) return most;
    }
    ADD_FAILURE() << "it does not end";
    return most;
  }
};

TEST_F(SqliteChoresTest, ALargeMergeIsDoneInBatches) {
  std::unique_ptr<Outbox> outbox = Open();
  Report(outbox.get(), "acme/old", 0, kMany, Result::kSuccess);
  Report(outbox.get(), "acme/new", kMany / 2, kMany, Result::kFailure);
  ASSERT_TRUE(RenameRepository(*outbox, Repo("acme/old"), Repo("acme/new"), 7,
                               clock_.Now())
                  .ok());
  EXPECT_LE(std::abs(Moved() - kMany), kMostRows);

  // Both names lead to everything, moved or not, and so Judge sees it.
  for (const char* name : {"acme/old", "acme/new"}) {
    for (const int number : {0, kMany / 2, kMany - 1, kMany + kMany / 2 - 1}) {
      EXPECT_TRUE(outbox->GetCommit(Repo(name), ShaOf(number)).ok())
          << name << " " << number;
      EXPECT_TRUE(
          outbox
              ->GetHistory(StatusKey::Of(Repo(name), ShaOf(number), "ci/build"))
              .ok());
    }
  }
  for (const int number : {kMany - 1, kMany + kMany / 2 - 1}) {
    KeyReport again = Pending(1);
    again.repository = Repo("acme/new");
    again.sha = ShaOf(number);
    const auto outcomes = Accept(outbox.get(), again);
    ASSERT_TRUE(outcomes.ok());
    EXPECT_NE(outcomes->front().receipts.front().disposition,
              Disposition::kAccepted)
        << number;
  }

  // After a restart it continues.
  ASSERT_TRUE(*AsHolder(*outbox, &Outbox::DoChores, clock_.Now()));
  outbox.reset();
  outbox = Open();
  EXPECT_LE(DoAll(outbox.get(), [this] { return Moved(); }), kMostRows);
  EXPECT_EQ(Moved(), kMany + kMany / 2);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM repository"), 1);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM commit_summary"), kMany + kMany / 2);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM entry"), kMany + kMany / 2);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM chore"), 0);
  // TakeDue finds the moved entries.
  LeaseRequest request;
  request.lease_time = absl::Seconds(20);
  const auto lease = signalbox::TakeDue(*outbox, request, clock_.Now());
  ASSERT_TRUE(lease.ok() && lease->has_value());
  EXPECT_EQ((*lease)->repository.FullName(), "acme/new");
}

// A merge of two entries changes several rows and moves their history. A batch
// counts rows, or it would hold the writer for long.
TEST_F(SqliteChoresTest, EntriesThatMeetAreFewPerBatch) {
  constexpr int kMet = 500;
  constexpr int kReports = 3;
  std::unique_ptr<Outbox> outbox = Open();
  for (const char* name : {"acme/old", "acme/new"}) {
    for (int i = 0; i < kReports; ++i) {
      Report(outbox.get(), name, 0, kMet,
             i % 2 == 0 ? Result::kFailure : Result::kError);
    }
  }
  // Each merge takes one sequence.
  const auto count = [&] { return outbox->NewestChange()->sequence(); };
  const int64_t before = count();
  ASSERT_TRUE(RenameRepository(*outbox, Repo("acme/old"), Repo("acme/new"), 7,
                               clock_.Now())
                  .ok());
  constexpr int64_t kMostMerges = kMostRows / (4 + kReports);
  EXPECT_LE(count() - before, kMostMerges);
  EXPECT_LE(DoAll(outbox.get(), count), kMostMerges);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM entry"), kMet);
}

// A commit that many shards reported about is moved in parts.
TEST_F(SqliteChoresTest, AMergeMovesFewContextsOfACommitPerBatch) {
  constexpr int kContexts = 900;
  for (const bool meets : {true, false}) {
    SCOPED_TRACE(meets);
    std::unique_ptr<Outbox> outbox = Open();
    const auto report = [&](const char* name, int first, int contexts,
                            int64_t attempt, Result result) {
      KeyReport one = ResultOf(result, attempt);
      one.repository = Repo(name);
      one.sha = ShaOf(1);
      Submission submission = Of({one});
      submission.contexts.clear();
      for (int i = first; i < first + contexts; ++i) {
        submission.contexts.push_back(absl::StrCat("CI/", i));
      }
      return outbox->Accept({submission}, clock_.Now())
          ->at(0)
          .receipts.at(0)
          .disposition;
    };
    // The entries of acme/new move to the row that was acme/old.
    report("acme/new", 0, kContexts, 5, Result::kFailure);
    report("acme/old", 0, meets ? kContexts : 1, 1, Result::kSuccess);
    ASSERT_TRUE(RenameRepository(*outbox, Repo("acme/old"), Repo("acme/new"), 7,
                                 clock_.Now())
                    .ok());
    const auto left = [this] {
      return Count(
          "SELECT COUNT(*) FROM entry AS e JOIN repository AS r "
          "ON r.repository_key = e.repository_key WHERE r.has_name = 0");
    };
    EXPECT_GE(left(), kContexts - kMostRows);
    // A report meanwhile is judged by its context's whole past.
    EXPECT_EQ(report("acme/new", kContexts - 1, 1, 4, Result::kSuccess),
              Disposition::kSuperseded);
    EXPECT_EQ(report("acme/old", kContexts - 2, 1, 4, Result::kSuccess),
              Disposition::kSuperseded);
    EXPECT_GT(left(), 0);
    EXPECT_LE(DoAll(outbox.get(), left), kMostRows);
    EXPECT_EQ(left(), 0);
    const auto commit = outbox->GetCommit(Repo("acme/new"), ShaOf(1));
    ASSERT_TRUE(commit.ok());
    EXPECT_EQ(commit->statuses.size(), static_cast<size_t>(kContexts));
    for (const StatusView& status : commit->statuses) {
      EXPECT_EQ(status.result, Result::kFailure) << status.context;
    }
    const auto summaries = outbox->ListCommits(std::nullopt, 0, 10);
    ASSERT_EQ(summaries->size(), 1u);
    EXPECT_EQ(summaries->front().status_count, kContexts);
    EXPECT_EQ(summaries->front().state, CommitState::kFailure);
    outbox.reset();
    EXPECT_TRUE(CheckSqliteOutbox(data_dir()).ok());
    std::filesystem::remove_all(data_dir());
  }
}

// Entries that still have to move are not forgotten, however old they are.
TEST_F(SqliteChoresTest, RetentionLeavesHalfAMergeAlone) {
  std::unique_ptr<Outbox> outbox = Open();
  Report(outbox.get(), "acme/old", 0, 1000, Result::kSuccess);
  Report(outbox.get(), "acme/new", 0, 1000, Result::kSuccess);
  outbox.reset();
  Tamper("UPDATE entry SET due_time_us = NULL, posting_state = 2");
  outbox = Open();
  ASSERT_TRUE(RenameRepository(*outbox, Repo("acme/old"), Repo("acme/new"), 7,
                               clock_.Now())
                  .ok());
  clock_.Advance(absl::Hours(24));
  const char* const half =
      "SELECT COUNT(*) FROM commit_summary AS c JOIN repository AS r "
      "ON r.repository_key = c.repository_key WHERE r.has_name = 0";
  const int64_t before = Count(half);
  ASSERT_GT(before, 0);
  for (int i = 0; i < 300; ++i) {
    const auto more = AsHolder(*outbox, &Outbox::ForgetOlderThan,
                               absl::ZeroDuration(), clock_.Now());
    ASSERT_TRUE(more.ok());
    if (!*more) break;
  }
  EXPECT_EQ(Count(half), before);
}

TEST_F(SqliteChoresTest, ReviveReadsWhatIsAbandonedInBatches) {
  std::unique_ptr<Outbox> outbox = Open();
  Report(outbox.get(), "acme/one", 0, kMany, Result::kSuccess);
  for (const char* name : {"acme/two", "acme/three", "other/four"}) {
    Report(outbox.get(), name, 0, 100, Result::kSuccess);
  }
  outbox.reset();
  Tamper(
      "UPDATE entry SET due_time_us = NULL, posting_state = 4, "
      "posting_reason = 'PERMISSION_MISSING'");
  outbox = Open();
  EventSubmission event;
  event.delivery.id = "d1";
  event.event = InstallationChanged{"github.com", "acme", 5, 0, "added"};
  ASSERT_TRUE(*outbox->AcceptEvent(event, clock_.Now()));
  EXPECT_GE(Abandoned(), kMany + 300 - kMostRows);
  EXPECT_LE(DoAll(outbox.get(), [this] { return Abandoned(); }), kMostRows);
  EXPECT_EQ(Abandoned(), 100);
}

// Checks the query plan: the search must not read all of a repository.
TEST_F(SqliteChoresTest, ReviveFindsWhatIsAbandonedByItsIndex) {
  const std::unique_ptr<Outbox> outbox = Open();
  auto connection =
      SqliteConnection::Open(database(), SqliteConnection::Access::kRead);
  ASSERT_TRUE(connection.ok());
  SqliteQuery query(connection->get(),
                    "EXPLAIN QUERY PLAN SELECT entry_id FROM entry "
                    "WHERE repository_key = 1 AND posting_state = 4 "
                    "AND posting_reason IN ('A', 'B')");
  ASSERT_TRUE(query.Next());
  int64_t id = 0;
  int64_t parent = 0;
  int64_t unused = 0;
  std::string detail;
  query.Read(&id, &parent, &unused, &detail);
  EXPECT_THAT(detail,
              testing::HasSubstr("entry_abandoned (repository_key=? AND "
                                 "posting_reason=?)"));
}

// Where entries of two callers meet, the old name's caller needs the right to
// the new name. Without it the other caller's entry stays.
TEST_F(SqliteChoresTest, AMergeGivesNoCallerWhatAnotherReported) {
  for (const bool may_report : {false, true}) {
    SqliteOutboxOptions options = Options();
    options.may_report = [may_report](const std::string& caller,
                                      const Repository& repository,
                                      const std::string& context) {
      EXPECT_EQ(caller, "old farm");
      EXPECT_EQ(repository.FullName(), "acme/new");
      EXPECT_EQ(context, "ci/build");
      return may_report;
    };
    auto opened = OpenSqliteOutbox(options);
    ASSERT_TRUE(opened.ok());
    Outbox* const outbox = opened->get();
    Report(outbox, "acme/new", 0, 1, Result::kFailure, "new farm");
    Report(outbox, "acme/old", 0, 2, Result::kSuccess, "old farm");
    ASSERT_TRUE(RenameRepository(*outbox, Repo("acme/old"), Repo("acme/new"), 7,
                                 clock_.Now())
                    .ok());
    const auto met = outbox->GetHistory(
        StatusKey::Of(Repo("acme/new"), ShaOf(0), "ci/build"));
    ASSERT_TRUE(met.ok());
    ASSERT_EQ(met->reports.size(), 2u);
    EXPECT_EQ(met->status.result, Result::kFailure);
    if (!may_report) {
      for (const RecordedReport& report : met->reports) {
        EXPECT_EQ(report.disposition, report.caller == "old farm"
                                          ? Disposition::kSuperseded
                                          : Disposition::kAccepted);
      }
    }
    // An entry that meets no other moves, also if another caller reported it.
    EXPECT_TRUE(outbox->GetCommit(Repo("acme/new"), ShaOf(1)).ok());
    opened->reset();
    std::filesystem::remove_all(data_dir());
  }
}

}  // namespace
}  // namespace signalbox
