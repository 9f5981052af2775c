#include "server/outbox/sqlite_journal.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/outbox/sqlite.h"
#include "server/outbox/sqlite_outbox.h"
#include "tests/server/outbox/sqlite_outbox_fixture.h"

namespace signalbox {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

class SqliteJournalTest : public SqliteOutboxFixture {
 protected:
  // A number that the file holds now, as another program sees it.
  int64_t Number(const char* sql) {
    const auto connection =
        SqliteConnection::Open(database(), SqliteConnection::Access::kRead);
    EXPECT_TRUE(connection.ok()) << connection.status();
    if (!connection.ok()) return -1;
    SqliteQuery query(connection->get(), sql);
    int64_t number = -1;
    if (query.Next()) query.Read(&number);
    EXPECT_TRUE((*connection)->status().ok()) << (*connection)->status();
    return number;
  }
  int64_t InJournal() { return Number("SELECT COUNT(*) FROM journal"); }

  KeyReport Numbered(int number, std::optional<Result> result) {
    KeyReport report = Pending(1, absl::StrCat("build ", number));
    report.result = result;
    report.sha = *ParseSha(
        absl::StrCat(absl::Hex(number, absl::kZeroPad8), std::string(32, 'a')));
    return report;
  }

  absl::Status AcceptAll(Outbox* outbox, int first, int end,
                         std::optional<Result> result) {
    std::vector<Submission> submissions;
    for (int i = first; i < end; ++i) {
      submissions.push_back(Of({Numbered(i, result)}));
    }
    return outbox->Accept(submissions, clock_.Now()).status();
  }

  // Accepts a pending for another commit. Returns the sequence of its report.
  int64_t AcceptAnother(Outbox* outbox, int number) {
    const auto outcomes = Accept(outbox, Numbered(number, std::nullopt));
    EXPECT_TRUE(outcomes.ok()) << outcomes.status();
    return outcomes.ok() ? outcomes->front().receipts.front().sequence : -1;
  }

  // Ends the process as kill -9 does, and changes the files that it leaves with
  // `statements`.
  void Kill(std::unique_ptr<Outbox> outbox, const char* statements) {
    const std::string copy = dir_.Path("killed");
    std::filesystem::remove_all(copy);
    std::filesystem::create_directory(copy);
    for (const char* name : {"/signalbox.db", "/signalbox.db-wal"}) {
      std::filesystem::copy(data_dir() + name, copy + name);
    }
    outbox.reset();
    std::filesystem::remove_all(data_dir());
    std::filesystem::rename(copy, data_dir());
    Tamper(statements);
  }

  void ExpectState(Outbox* outbox, int number, CommitState state) {
    const auto commit =
        outbox->GetCommit(Repo("widgets"), Numbered(number, {}).sha);
    ASSERT_TRUE(commit.ok()) << commit.status();
    ASSERT_EQ(commit->statuses.size(), 1u);
    EXPECT_EQ(commit->statuses[0].state, state);
  }

  // Whether something is due soon.
  bool HasDue(Outbox* outbox) {
    const auto work = outbox->FindDueWork(clock_.Now() + absl::Minutes(1));
    EXPECT_TRUE(work.ok()) << work.status();
    return work.ok() && !work->credentials.empty();
  }
};

TEST_F(SqliteJournalTest, AReportIsInTheJournalUntilSomebodyReads) {
  const std::unique_ptr<Outbox> outbox = Open();
  ASSERT_TRUE(AcceptAll(outbox.get(), 0, 3, std::nullopt).ok());
  EXPECT_EQ(InJournal(), 3);
  EXPECT_EQ(Number("SELECT COUNT(*) FROM entry"), 0);
  ExpectState(outbox.get(), 0, CommitState::kPending);
  EXPECT_EQ(InJournal(), 0);
  EXPECT_EQ(Number("SELECT COUNT(*) FROM entry"), 3);
  EXPECT_EQ(Number("SELECT COUNT(*) FROM report"), 3);
}

TEST_F(SqliteJournalTest, AReadFailsRatherThanMissAReport) {
  const std::unique_ptr<Outbox> outbox = Open();
  ASSERT_TRUE(AcceptAll(outbox.get(), 0, 1, std::nullopt).ok());
  {
    auto other =
        SqliteConnection::Open(database(), SqliteConnection::Access::kWrite);
    ASSERT_TRUE(other.ok()) << other.status();
    SqliteTransaction transaction(other->get(),
                                  SqliteTransaction::Kind::kWrite);
    EXPECT_EQ(
        outbox->GetCommit(Repo("widgets"), Numbered(0, {}).sha).status().code(),
        absl::StatusCode::kUnavailable);
    // No report changes these.
    EXPECT_TRUE(outbox->Pauses(clock_.Now()).ok());
  }
  ExpectState(outbox.get(), 0, CommitState::kPending);
}

TEST_F(SqliteJournalTest, TidyingUpAndTheEndOfAProcessEmptyTheJournal) {
  std::unique_ptr<Outbox> outbox = Open();
  ASSERT_TRUE(AcceptAll(outbox.get(), 0, 3, std::nullopt).ok());
  EXPECT_TRUE(outbox->TidyUp().ok());
  EXPECT_EQ(InJournal(), 0);
  ASSERT_TRUE(AcceptAll(outbox.get(), 3, 5, std::nullopt).ok());
  EXPECT_EQ(InJournal(), 2);
  outbox.reset();
  EXPECT_EQ(InJournal(), 0);
  EXPECT_EQ(Number("SELECT COUNT(*) FROM entry"), 5);
}

TEST_F(SqliteJournalTest, TidyingUpTakesSmallSteps) {
  const std::unique_ptr<Outbox> outbox = Open();
  ASSERT_TRUE(AcceptAll(outbox.get(), 0, 1000, std::nullopt).ok());
  EXPECT_TRUE(outbox->TidyUp().value_or(false));
  EXPECT_GT(InJournal(), 400);
  EXPECT_FALSE(outbox->TidyUp().value_or(true));
  EXPECT_EQ(InJournal(), 0);
  EXPECT_FALSE(outbox->TidyUp().value_or(true));
}

TEST_F(SqliteJournalTest, ReportsAloneCannotMakeTheJournalLong) {
  const std::unique_ptr<Outbox> outbox = Open();
  for (int i = 0; i < 60; ++i) {
    const int first = i * 100;
    ASSERT_TRUE(AcceptAll(outbox.get(), first, first + 100, std::nullopt).ok());
    EXPECT_LE(InJournal(), 4096);
  }
  EXPECT_GT(Number("SELECT COUNT(*) FROM report"), 0);
}

// A slice of it at a time, so that no report waits long. What is written of an
// entry then is newer than the rows of the journal that are left.
TEST_F(SqliteJournalTest, ALongJournalIsWrittenFromItsBeginning) {
  constexpr int kCommits = 5000;
  std::unique_ptr<Outbox> outbox = Open();
  for (int i = 0; i < kCommits; i += 250) {
    ASSERT_TRUE(AcceptAll(outbox.get(), i, i + 250, std::nullopt).ok());
    // The results of the pendings before these.
    if (i > 0) {
      ASSERT_TRUE(AcceptAll(outbox.get(), i - 250, i, Result::kSuccess).ok());
    }
  }
  Kill(std::move(outbox), "");
  EXPECT_GT(InJournal(), 3000);
  EXPECT_GT(Number("SELECT COUNT(*) FROM report"), 3000);
  outbox = OpenAndNoteDamage();
  ASSERT_NE(outbox, nullptr);
  EXPECT_THAT(damage_, IsEmpty());
  EXPECT_EQ(Number("SELECT COUNT(*) FROM report"), 2 * kCommits - 250);
  EXPECT_EQ(Number("SELECT COUNT(*) FROM entry WHERE phase = 3"),
            kCommits - 250);
  EXPECT_EQ(Number("SELECT SUM(status_count) FROM commit_summary"), kCommits);
  EXPECT_EQ(Number("SELECT SUM(pending_count) FROM commit_summary"), 250);
  EXPECT_EQ(Number("SELECT COUNT(*) FROM (SELECT entry_id, version FROM report "
                   "GROUP BY entry_id, version HAVING COUNT(*) > 1)"),
            0);
  ExpectState(outbox.get(), 0, CommitState::kSuccess);
  ExpectState(outbox.get(), kCommits - 1, CommitState::kPending);
}

// A superseded report has no sequence of its own.
TEST_F(SqliteJournalTest, ANumberIsGivenOnceAlsoIfItsRowHasLeftTheJournal) {
  std::unique_ptr<Outbox> outbox = Open();
  ASSERT_TRUE(AcceptAll(outbox.get(), 0, 10, Result::kSuccess).ok());
  // Pendings of a run that has ended.
  for (int i = 0; i < 500; ++i) {
    ASSERT_TRUE(AcceptAll(outbox.get(), 0, 10, std::nullopt).ok());
  }
  Kill(std::move(outbox), "");
  EXPECT_EQ(Number("SELECT COUNT(*) FROM journal WHERE sequence > 0"), 0);
  EXPECT_GT(InJournal(), 3000);
  outbox = Open();
  EXPECT_EQ(AcceptAnother(outbox.get(), 10), 11);
}

// A program of schema version 9 had the journal, but neither heads of branches
// nor the statuses of others.
TEST_F(SqliteJournalTest, AFileOfVersion9KeepsItsJournal) {
  std::unique_ptr<Outbox> outbox = Open();
  Submission observed =
      Of({On(ResultOf(Result::kSuccess, 0, "covered"), "widgets", 'a', "cov")});
  observed.observed = Observed{7, "somebody"};
  ASSERT_TRUE(outbox->Accept({&observed, 1}, clock_.Now()).ok());
  ASSERT_TRUE(Accept(outbox.get(), Pending(1, "ours")).ok());
  ASSERT_EQ(InJournal(), 1);
  Kill(std::move(outbox),
       "DROP TABLE ref_head; DROP TABLE observed_status; "
       "ALTER TABLE status_change DROP COLUMN report_sequence; "
       "ALTER TABLE report DROP COLUMN request_id; "
       "ALTER TABLE journal DROP COLUMN request_id; "
       "DROP TABLE credential_creator; "
       "UPDATE meta SET value = 9 WHERE name = 'schema_version'");
  outbox = Open();
  ASSERT_NE(outbox, nullptr);
  const auto list = outbox->ListReports(Repo("widgets"), ShaOf('a'), 0, 10);
  ASSERT_TRUE(list.ok()) << list.status();
  std::vector<std::string> descriptions;
  for (const CommitReport& report : list->reports) {
    descriptions.push_back(report.description);
  }
  EXPECT_THAT(descriptions, testing::ElementsAre("ours", "covered"));
  const auto changes = outbox->ChangesAfter(ChangeCursor(0), 10);
  ASSERT_TRUE(changes.ok()) << changes.status();
  EXPECT_EQ(changes->size(), 2u);
}

// A program of schema version 10 knew no ids of calls.
TEST_F(SqliteJournalTest, AFileOfVersion10KeepsItsReports) {
  std::unique_ptr<Outbox> outbox = Open();
  ASSERT_TRUE(Accept(outbox.get(), Pending(1, "older")).ok());
  ASSERT_TRUE(outbox->NewestChange().ok());
  ASSERT_TRUE(Accept(outbox.get(), Pending(2, "newer")).ok());
  ASSERT_EQ(InJournal(), 1);
  Kill(std::move(outbox),
       "ALTER TABLE report DROP COLUMN request_id; "
       "ALTER TABLE journal DROP COLUMN request_id; "
       "DROP TABLE credential_creator; "
       "UPDATE meta SET value = 10 WHERE name = 'schema_version'");
  outbox = Open();
  ASSERT_NE(outbox, nullptr);
  Submission third = Of({Pending(3, "newest")});
  third.request_id = "id-3";
  ASSERT_TRUE(outbox->Accept({&third, 1}, clock_.Now()).ok());
  const auto history = outbox->GetHistory(Pending().Key());
  ASSERT_TRUE(history.ok()) << history.status();
  std::vector<std::string> reports;
  for (const RecordedReport& report : history->reports) {
    reports.push_back(report.description + " " + report.request_id);
  }
  EXPECT_THAT(reports, testing::ElementsAre("older ", "newer ", "newest id-3"));
}

// This is what the journal is for.
TEST_F(SqliteJournalTest, AcceptanceWritesFewPages) {
  const std::unique_ptr<Outbox> outbox = Open();
  // Enough rows, so that their pages are many.
  ASSERT_TRUE(AcceptAll(outbox.get(), 0, 2000, std::nullopt).ok());
  ASSERT_TRUE(outbox->NewestChange().ok());
  const std::string log = database() + "-wal";
  const auto before = std::filesystem::file_size(log);
  std::vector<Submission> submissions;
  for (int i = 0; i < 2000; i += 40) {
    submissions.push_back(Of({Numbered(i, Result::kSuccess)}));
  }
  ASSERT_TRUE(outbox->Accept(submissions, clock_.Now()).ok());
  const auto pages = (std::filesystem::file_size(log) - before) / 4096;
  EXPECT_GT(pages, 0u);
  EXPECT_LT(pages, 12u);  // 50 entries, each on a page of its own, have 50.
}

TEST_F(SqliteJournalTest, AKilledProcessLeavesTheReportsInTheJournal) {
  std::unique_ptr<Outbox> outbox = Open();
  ASSERT_TRUE(AcceptAll(outbox.get(), 0, 3, std::nullopt).ok());
  ASSERT_TRUE(AcceptAll(outbox.get(), 1, 2, Result::kFailure).ok());
  Kill(std::move(outbox), "");
  EXPECT_EQ(InJournal(), 4);
  outbox = Open();
  EXPECT_EQ(InJournal(), 0);
  ExpectState(outbox.get(), 0, CommitState::kPending);
  ExpectState(outbox.get(), 1, CommitState::kFailure);
  ExpectState(outbox.get(), 2, CommitState::kPending);
  const auto commits = outbox->ListCommits(std::nullopt, 0, 10);
  ASSERT_TRUE(commits.ok()) << commits.status();
  ASSERT_EQ(commits->size(), 3u);
  EXPECT_EQ((*commits)[0].sha, Numbered(1, {}).sha);
  EXPECT_EQ((*commits)[0].state, CommitState::kFailure);
}

// A merge judges the report once more.
TEST_F(SqliteJournalTest, TheJournalKnowsWhoseTextWins) {
  std::unique_ptr<Outbox> outbox = Open();
  KeyReport report = Newest(Numbered(0, Result::kSuccess));
  ASSERT_TRUE(outbox->Accept({{Of({report})}}, clock_.Now()).ok());
  report.newest_text_wins = false;
  report.context = "ci/other";
  ASSERT_TRUE(outbox->Accept({{Of({report})}}, clock_.Now()).ok());
  Kill(std::move(outbox), "");
  EXPECT_EQ(InJournal(), 2);
  outbox = Open();
  EXPECT_EQ(InJournal(), 0);
  EXPECT_EQ(Number("SELECT newest_text_wins FROM entry "
                   "WHERE context = 'ci/build'"),
            1);
  EXPECT_EQ(Number("SELECT newest_text_wins FROM entry "
                   "WHERE context = 'ci/other'"),
            0);
}

TEST_F(SqliteJournalTest, TheJournalKnowsWhatNeverExpires) {
  std::unique_ptr<Outbox> outbox = Open();
  ASSERT_TRUE(AcceptAll(outbox.get(), 0, 2, std::nullopt).ok());
  ASSERT_TRUE(outbox->TidyUp().ok());
  for (const int number : {1, 2}) {
    KeyReport never = Numbered(number, std::nullopt);
    never.expires_after = absl::InfiniteDuration();
    ASSERT_TRUE(outbox->Accept({{Of({never})}}, clock_.Now()).ok());
  }
  Kill(std::move(outbox), "");
  EXPECT_EQ(InJournal(), 2);
  outbox = Open();
  EXPECT_EQ(Number("SELECT COUNT(*) FROM entry WHERE expire_time_us IS NULL "
                   "AND expires_after_us IS NULL"),
            2);
  EXPECT_EQ(Number("SELECT COUNT(*) FROM entry"), 3);
}

// A number that was given must not be given again.
TEST_F(SqliteJournalTest, TheNumbersOfTheJournalAreGiven) {
  std::unique_ptr<Outbox> outbox = Open();
  ASSERT_TRUE(AcceptAll(outbox.get(), 0, 3, std::nullopt).ok());
  Kill(std::move(outbox), "");
  outbox = Open();
  EXPECT_EQ(AcceptAnother(outbox.get(), 3), 4);
}

TEST_F(SqliteJournalTest, ADamagedRowLeavesTheOthersAsTheyAre) {
  std::unique_ptr<Outbox> outbox = Open();
  ASSERT_TRUE(AcceptAll(outbox.get(), 0, 3, std::nullopt).ok());
  Kill(std::move(outbox), "UPDATE journal SET phase = 77 WHERE journal_id = 2");
  outbox = OpenAndNoteDamage();
  ASSERT_NE(outbox, nullptr);
  EXPECT_THAT(damage_, Contains(HasSubstr("table journal, row 2 is damaged")));
  ExpectState(outbox.get(), 0, CommitState::kPending);
  ExpectState(outbox.get(), 2, CommitState::kPending);
  EXPECT_FALSE(outbox->GetCommit(Repo("widgets"), Numbered(1, {}).sha).ok());
}

// Without the damaged row, the entries get other numbers.
TEST_F(SqliteJournalTest, ASupersededReportStaysWithItsEntry) {
  std::unique_ptr<Outbox> outbox = Open();
  ASSERT_TRUE(AcceptAll(outbox.get(), 0, 3, std::nullopt).ok());
  ASSERT_TRUE(AcceptAll(outbox.get(), 1, 3, Result::kSuccess).ok());
  ASSERT_TRUE(AcceptAll(outbox.get(), 1, 3, std::nullopt).ok());
  EXPECT_EQ(Number("SELECT COUNT(*) FROM journal WHERE disposition = 3"), 2);
  Kill(std::move(outbox), "UPDATE journal SET phase = 77 WHERE journal_id = 1");
  outbox = OpenAndNoteDamage();
  ASSERT_NE(outbox, nullptr);
  for (int i = 1; i < 3; ++i) {
    ExpectState(outbox.get(), i, CommitState::kSuccess);
    const auto history = outbox->GetHistory(Numbered(i, {}).Key());
    ASSERT_TRUE(history.ok()) << history.status();
    EXPECT_EQ(history->reports.size(), 3u);
  }
}

TEST_F(SqliteJournalTest, ASupersededReportMayHaveLostItsEntry) {
  std::unique_ptr<Outbox> outbox = Open();
  ASSERT_TRUE(AcceptAll(outbox.get(), 0, 1, Result::kSuccess).ok());
  ASSERT_TRUE(outbox->TidyUp().ok());
  ASSERT_TRUE(AcceptAll(outbox.get(), 0, 1, std::nullopt).ok());
  EXPECT_EQ(Number("SELECT COUNT(*) FROM journal WHERE disposition = 3"), 1);
  // As a repair does with a row whose key nobody knows any more.
  Kill(std::move(outbox), "DELETE FROM report; DELETE FROM entry");
  outbox = OpenAndNoteDamage();
  ASSERT_NE(outbox, nullptr);
  ASSERT_TRUE(AcceptAll(outbox.get(), 0, 1, Result::kFailure).ok());
  ExpectState(outbox.get(), 0, CommitState::kFailure);
}

TEST_F(SqliteJournalTest, ARepetitionReplacesADamagedRow) {
  std::unique_ptr<Outbox> outbox = Open();
  ASSERT_TRUE(AcceptAll(outbox.get(), 0, 1, std::nullopt).ok());
  ASSERT_TRUE(AcceptAll(outbox.get(), 0, 1, std::nullopt).ok());
  EXPECT_EQ(Number("SELECT COUNT(*) FROM journal WHERE disposition = 2"), 1);
  Kill(std::move(outbox), "UPDATE journal SET phase = 77 WHERE journal_id = 1");
  outbox = OpenAndNoteDamage();
  ASSERT_NE(outbox, nullptr);
  ExpectState(outbox.get(), 0, CommitState::kPending);
  EXPECT_TRUE(HasDue(outbox.get()));
}

// The repair gives new numbers.
TEST_F(SqliteJournalTest, ARepairKnowsTheNumbersOfTheJournal) {
  std::unique_ptr<Outbox> outbox = Open();
  ASSERT_TRUE(AcceptAll(outbox.get(), 0, 1, std::nullopt).ok());
  ASSERT_TRUE(outbox->TidyUp().ok());
  ASSERT_TRUE(AcceptAll(outbox.get(), 1, 4, std::nullopt).ok());
  ASSERT_TRUE(AcceptAll(outbox.get(), 0, 1, Result::kSuccess).ok());
  Kill(std::move(outbox), "UPDATE entry SET phase = 77");
  outbox = OpenAndNoteDamage();
  ASSERT_NE(outbox, nullptr);
  EXPECT_FALSE(damage_.empty());
  // The journal has the whole report, so nothing of the entry is lost.
  ExpectState(outbox.get(), 0, CommitState::kSuccess);
  const auto changes = outbox->ChangesAfter(ChangeCursor(0), 100);
  ASSERT_TRUE(changes.ok()) << changes.status();
  int64_t last = 0;
  for (const StatusChange& change : *changes) {
    EXPECT_GT(change.cursor.sequence(), last);
    last = change.cursor.sequence();
  }
}

TEST_F(SqliteJournalTest, ARepairKeepsOnTheDueListWhatIsInTheJournal) {
  const std::unique_ptr<Outbox> outbox = OpenAndNoteDamage();
  ASSERT_NE(outbox, nullptr);
  ASSERT_TRUE(AcceptAll(outbox.get(), 0, 1, std::nullopt).ok());
  ASSERT_TRUE(outbox->TidyUp().ok());
  ASSERT_TRUE(AcceptAll(outbox.get(), 1, 2, std::nullopt).ok());
  Tamper("UPDATE entry SET phase = 77");
  ASSERT_TRUE(AcceptAll(outbox.get(), 0, 1, Result::kSuccess).ok());
  EXPECT_FALSE(damage_.empty());
  EXPECT_EQ(Number("SELECT COUNT(*) FROM due_repository WHERE is_pending = 1"),
            1);
}

// The entry is found by its key.
TEST_F(SqliteJournalTest, AWrongNumberOfAnEntryDoesNoHarm) {
  std::unique_ptr<Outbox> outbox = Open();
  ASSERT_TRUE(AcceptAll(outbox.get(), 0, 1, std::nullopt).ok());
  ASSERT_TRUE(outbox->TidyUp().ok());
  ASSERT_TRUE(AcceptAll(outbox.get(), 0, 3, Result::kSuccess).ok());
  Kill(std::move(outbox), "UPDATE journal SET entry_id = 1 + journal_id % 2");
  outbox = OpenAndNoteDamage();
  ASSERT_NE(outbox, nullptr);
  EXPECT_THAT(damage_, IsEmpty());
  for (int i = 0; i < 3; ++i) {
    ExpectState(outbox.get(), i, CommitState::kSuccess);
    const auto history = outbox->GetHistory(Numbered(i, {}).Key());
    ASSERT_TRUE(history.ok()) << history.status();
    EXPECT_EQ(history->reports.size(), i == 0 ? 2u : 1u);
  }
}

}  // namespace
}  // namespace signalbox
