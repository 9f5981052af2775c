// This program opens files of older programs: `testdata/version_N.sql` holds
// one for each schema version.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/server/outbox/sqlite_outbox_fixture.h"
#include "tests/support/key_report.h"
#include "tests/support/turns.h"

namespace signalbox {
namespace {

using testing::UnorderedElementsAreArray;

constexpr int kVersions[] = {1, 2, 3, 4, 5, 6, 7};

class SqliteUpgradeTest : public SqliteOutboxFixture {
 protected:
  SqliteUpgradeTest() {
    credential_ = "acme";
    // The newest row is later than the clock's first time.
    clock_.Advance(absl::Minutes(3));
  }

  // Makes the file as a program of that version left it.
  void Restore(int version) {
    std::filesystem::remove_all(data_dir());
    std::filesystem::create_directory(data_dir());
    std::ifstream file(absl::StrCat(SIGNALBOX_SOURCE_DIR,
                                    "/tests/server/outbox/testdata/version_",
                                    version, ".sql"));
    ASSERT_TRUE(file.is_open());
    const std::string statements{std::istreambuf_iterator<char>(file), {}};
    Tamper(
        absl::StrCat("PRAGMA synchronous = OFF; BEGIN;", statements, "COMMIT")
            .c_str());
  }

  std::unique_ptr<Outbox> Upgraded(int version) {
    Restore(version);
    return Open();
  }

  // Makes reports six days old, and those of one reason eight.
  void MakeLately() {
    Tamper(
        "UPDATE entry SET report_time_us = "
        "(CAST(strftime('%s', 'now') AS INTEGER) - 86400 * "
        "CASE posting_reason WHEN 'PERMISSION_MISSING' THEN 8 ELSE 6 END) "
        "* 1000000");
  }

  // All columns and indexes of the closed database, a line each.
  std::vector<std::string> Schema() {
    auto connection =
        SqliteConnection::Open(database(), SqliteConnection::Access::kRead);
    EXPECT_TRUE(connection.ok());
    std::vector<std::string> lines;
    SqliteQuery query(
        connection->get(),
        "SELECT t.name || '.' || c.name || ' ' || c.type || ' ' || "
        "c.\"notnull\" || ' ' || c.pk FROM sqlite_schema AS t "
        "JOIN pragma_table_info(t.name) AS c WHERE t.type = 'table' "
        "UNION ALL SELECT sql FROM sqlite_schema "
        "WHERE type = 'index' AND sql IS NOT NULL ORDER BY 1");
    while (query.Next()) query.Read(&lines.emplace_back());
    return lines;
  }

  // "CONTEXT state attempt posting", for every status of a commit.
  std::vector<std::string> Lines(Outbox* outbox, absl::string_view repository) {
    const auto commit = outbox->GetCommit(Repo(repository), ShaOf('a'));
    EXPECT_TRUE(commit.ok()) << commit.status();
    std::vector<std::string> lines;
    if (!commit.ok()) return lines;
    for (const StatusView& status : commit->statuses) {
      lines.push_back(absl::StrCat(
          status.context, ": ", CommitStateName(status.state), " ",
          status.attempt, " ", static_cast<int>(status.posting.state)));
    }
    return lines;
  }
};

TEST_F(SqliteUpgradeTest, MakesTheTablesOfANewFile) {
  Open();
  const std::vector<std::string> wanted = Schema();
  EXPECT_GT(wanted.size(), 100u);
  for (const int version : kVersions) {
    SCOPED_TRACE(version);
    Upgraded(version);
    EXPECT_THAT(Schema(), UnorderedElementsAreArray(wanted));
    EXPECT_TRUE(CheckSqliteOutbox(data_dir()).ok());
    // A second start finds nothing to do.
    EXPECT_TRUE(TryOpen().ok());
  }
}

TEST_F(SqliteUpgradeTest, KeepsEveryStatus) {
  for (const int version : kVersions) {
    SCOPED_TRACE(version);
    const std::unique_ptr<Outbox> outbox = Upgraded(version);
    EXPECT_THAT(
        Lines(outbox.get(), "widgets"),
        testing::ElementsAre(
            "ended: success 5 2", "ended/skipped: success 6 2",
            "expired: error 5 2", "observed: success 0 5", "rerun: pending 5 2",
            "rerun/ended: success 6 2", "rerun/unnumbered: pending 0 2",
            "running: pending 5 2", "running/unnumbered: pending 5 2",
            "unnumbered: failure 0 2", "unnumbered pending: pending 0 2",
            "unnumbered/over: failure 5 2", "unnumbered/running: success 5 2",
            "webhook: pending 0 2"));
    const auto history = outbox->GetHistory(
        StatusKey::Of(Repo("widgets"), ShaOf('a'), "rerun/ended"));
    ASSERT_TRUE(history.ok());
    EXPECT_EQ(history->reports.size(), 3u);
    EXPECT_EQ(history->tries.size(), 1u);
  }
}

TEST_F(SqliteUpgradeTest, KeepsWhatOthersSetAtGitHub) {
  for (const int version : kVersions) {
    SCOPED_TRACE(version);
    const std::unique_ptr<Outbox> outbox = Upgraded(version);
    const auto list = outbox->ListReports(Repo("widgets"), ShaOf('a'), 0, 100);
    ASSERT_TRUE(list.ok()) << list.status();
    std::vector<std::string> observed;
    for (const CommitReport& report : list->reports) {
      if (report.status_id != 0) observed.push_back(report.description);
    }
    EXPECT_THAT(observed, testing::ElementsAre("seen"));
  }
}

// A watcher that resumes after the upgrade gets changes from before it.
TEST_F(SqliteUpgradeTest, FindsTheReportOfEachChange) {
  for (const int version : {4, 5, 6, 7}) {
    SCOPED_TRACE(version);
    Upgraded(version);
    const auto connection =
        SqliteConnection::Open(database(), SqliteConnection::Access::kRead);
    ASSERT_TRUE(connection.ok());
    SqliteQuery query(connection->get(),
                      "SELECT COUNT(*), IFNULL(SUM(c.report_sequence <> "
                      "r.sequence), 0) FROM status_change AS c JOIN report AS "
                      "r ON r.entry_id = c.entry_id AND r.version = c.version "
                      "WHERE c.version > 0");
    int64_t changes = 0;
    int64_t wrong = 0;
    ASSERT_TRUE(query.Next());
    query.Read(&changes, &wrong);
    EXPECT_GT(changes, 0);
    EXPECT_EQ(wrong, 0);
  }
}

// The next reports are judged as if the program had never changed.
TEST_F(SqliteUpgradeTest, GoesOnWithTheRunsThatItFinds) {
  struct Next {
    const char* context;
    KeyReport report;
    Disposition disposition;
  };
  const auto a = Disposition::kAccepted;
  const auto u = Disposition::kUnchanged;
  const auto s = Disposition::kSuperseded;
  KeyReport rerun = WebhookPending();
  rerun.rerun = true;
  const std::vector<Next> nexts = {
      {"webhook", WebhookPending(), u},
      {"webhook", Pending(1), a},
      {"running", Pending(5, "building"), u},
      {"running", Pending(5, "linking"), a},
      {"running", ResultOf(Result::kSuccess, 5), a},
      {"running", ResultOf(Result::kSuccess, 4), s},
      {"running/unnumbered", ResultOf(Result::kSuccess, 5), a},
      {"unnumbered pending", Pending(0, "building"), u},
      {"unnumbered pending", Pending(1, "building"), a},
      {"ended", Pending(5), s},
      {"ended", ResultOf(Result::kSuccess, 5), u},
      {"ended", ResultOf(Result::kFailure, 4), s},
      {"ended", ResultOf(Result::kFailure, 6), a},
      {"ended", ResultOf(Result::kSkipped, 5), s},
      {"ended", ResultOf(Result::kCancelled, 5), a},
      {"ended", InSeries("s", ResultOf(Result::kFailure, 1)), a},
      {"ended/skipped", ResultOf(Result::kSuccess, 6), a},
      {"unnumbered", ResultOf(Result::kFailure), u},
      {"unnumbered", ResultOf(Result::kFailure, 1), a},
      {"unnumbered/running", Pending(5), s},
      {"unnumbered/running", ResultOf(Result::kFailure, 5), a},
      {"unnumbered/over", ResultOf(Result::kFailure, 5), s},
      {"unnumbered/over", ResultOf(Result::kFailure, 6), a},
      {"rerun", ResultOf(Result::kFailure, 5), s},
      {"rerun", Pending(5), s},
      {"rerun", Pending(0), a},
      {"rerun", Pending(6), a},
      {"rerun/ended", ResultOf(Result::kSuccess, 6), u},
      {"rerun/ended", ResultOf(Result::kFailure, 5), s},
      {"rerun/unnumbered", ResultOf(Result::kFailure, 1), a},
      {"expired", Pending(5), a},
      {"expired", ResultOf(Result::kSuccess, 5), a},
      {"expired", ResultOf(Result::kSuccess, 4), s},
      {"expired", rerun, a}};
  for (const int version : kVersions) {
    std::vector<Next> left = nexts;
    // An accepted report changes its status, so others need a new upgrade.
    while (!left.empty()) {
      const std::unique_ptr<Outbox> outbox = Upgraded(version);
      std::vector<Next> later;
      std::set<std::string> changed;
      for (const Next& next : left) {
        SCOPED_TRACE(testing::Message()
                     << version << " " << next.context << " "
                     << next.report.attempt << " "
                     << CommitStateName(next.report.State()));
        if (changed.contains(next.context)) {
          later.push_back(next);
          continue;
        }
        if (next.disposition == a) changed.insert(next.context);
        const auto outcomes =
            Accept(outbox.get(), On(next.report, "widgets", 'a', next.context));
        ASSERT_TRUE(outcomes.ok()) << outcomes.status();
        ASSERT_TRUE(outcomes->front().status.ok());
        EXPECT_EQ(outcomes->front().receipts.at(0).disposition,
                  next.disposition);
      }
      left = later;
    }
  }
}

TEST_F(SqliteUpgradeTest, KeepsFormerNames) {
  for (const int version : {2, 3, 4, 5, 6, 7}) {
    SCOPED_TRACE(version);
    const std::unique_ptr<Outbox> outbox = Upgraded(version);
    for (const char* name : {"old", "older", "new"}) {
      const auto commit = outbox->GetCommit(Repo(name), ShaOf('a'));
      ASSERT_TRUE(commit.ok()) << name;
      EXPECT_EQ(commit->repository.name, "new");
      EXPECT_EQ(commit->statuses.size(), 2u);
    }
  }
}

// Farms could give numbers then. The server finds nothing by such a number
// until a delivery replaces it.
TEST_F(SqliteUpgradeTest, BelievesNoNumberThatItFinds) {
  for (const int version : {2, 3, 4, 5, 6, 7}) {
    SCOPED_TRACE(version);
    const std::unique_ptr<Outbox> outbox = Upgraded(version);
    const auto deliver = [&](const char* name, int64_t number) {
      Submission submission = Of({On(WebhookPending(), name, 'f')});
      submission.report.repository_id = number;
      submission.delivery = Delivery{name, "", "e", "a", 0};
      ASSERT_TRUE(outbox->Accept({&submission, 1}, clock_.Now()).ok());
    };
    deliver("acme/numbered", 900);
    deliver("acme/other", 502);
    std::map<std::string, int64_t> numbers;
    const auto known = outbox->Repositories(CanonicalName(), 1000);
    ASSERT_TRUE(known.ok());
    for (const KnownRepository& one : *known) {
      numbers[one.repository.FullName()] = one.github_id;
    }
    EXPECT_EQ(numbers["acme/numbered"], 900);
    EXPECT_EQ(numbers["acme/other"], 502);
    EXPECT_TRUE(outbox->FindDueWork(clock_.Now())->questions.empty());
  }
}

TEST_F(SqliteUpgradeTest, KeepsWhatRecoveryRemembers) {
  for (const int version : {3, 4, 5, 6, 7}) {
    SCOPED_TRACE(version);
    const std::unique_ptr<Outbox> outbox = Upgraded(version);
    EXPECT_TRUE(outbox->GetNamedTime("hooks")->has_value());
    EXPECT_EQ(outbox->SeenHooks()->size(), 1u);
    ASSERT_EQ(outbox->Reruns(clock_.Now(), 10)->size(), 1u);
    EXPECT_EQ(outbox->Reruns(clock_.Now(), 10)->front().wanted.login,
              "octocat");
    const std::vector<std::string> deliveries = {"d-1", "r-1", "unheard"};
    EXPECT_THAT(*outbox->KnownDeliveries(deliveries),
                testing::ElementsAre(true, true, false));
    EXPECT_EQ(outbox->Pauses(clock_.Now())->size(), 1u);
  }
}

TEST_F(SqliteUpgradeTest, GoesOnPostingWhereItWas) {
  for (const int version : kVersions) {
    SCOPED_TRACE(version);
    const std::unique_ptr<Outbox> outbox = Upgraded(version);
    clock_.Advance(absl::Minutes(10));
    std::vector<std::string> taken;
    for (const bool pendings : {false, true}) {
      LeaseRequest request;
      request.credential = credential_;
      request.pendings = pendings;
      request.lease_time = absl::Seconds(15);
      for (int i = 0; i < 100; ++i) {
        const auto lease = signalbox::TakeDue(*outbox, request, clock_.Now());
        ASSERT_TRUE(lease.ok()) << lease.status();
        if (!lease->has_value()) break;
        taken.push_back(absl::StrCat((*lease)->repository.FullName(), " ",
                                     (*lease)->context));
      }
    }
    EXPECT_THAT(taken, testing::UnorderedElementsAre(
                           "acme/doubtful ci/build", "acme/due ci/build",
                           "acme/due ci/lint", "acme/flying ci/build",
                           "acme/waiting ci/build", "globex/parts ci/build"));
  }
}

// Version 1 did not store all of a pending's expiry. The rest gives it.
TEST_F(SqliteUpgradeTest, PendingsExpireInTime) {
  for (const int version : kVersions) {
    SCOPED_TRACE(version);
    const std::unique_ptr<Outbox> outbox = Upgraded(version);
    EXPECT_EQ(*AsHolder(*outbox, &Outbox::ExpirePendings, clock_.Now(), 100),
              0);
    EXPECT_EQ(*AsHolder(*outbox, &Outbox::ExpirePendings,
                        clock_.Now() + absl::Hours(7), 100),
              8);
    const auto history = outbox->GetHistory(
        StatusKey::Of(Repo("widgets"), ShaOf('a'), "running"));
    ASSERT_TRUE(history.ok());
    EXPECT_EQ(history->status.description, "No result within 6 h");
  }
}

// Before version 4 no changes were kept, so a watcher has to start over.
TEST_F(SqliteUpgradeTest, ChangesOfBeforeAreKeptFromVersion4On) {
  for (const int version : kVersions) {
    SCOPED_TRACE(version);
    const std::unique_ptr<Outbox> outbox = Upgraded(version);
    const ChangeCursor newest = *outbox->NewestChange();
    EXPECT_GT(newest.sequence(), 50);
    const auto changes = outbox->ChangesAfter(ChangeCursor(0), 1000);
    if (version < 4) {
      EXPECT_TRUE(absl::IsOutOfRange(changes.status()));
    } else {
      ASSERT_TRUE(changes.ok()) << changes.status();
      EXPECT_EQ(changes->size(), static_cast<size_t>(newest.sequence()));
    }
    ASSERT_TRUE(Accept(outbox.get(), Pending(7)).ok());
    EXPECT_EQ(outbox->ChangesAfter(newest, 10)->size(), 1u);
  }
}

// An abandoned entry is tried again if its reason now parks repositories.
TEST_F(SqliteUpgradeTest, ParksWhatWasRefusedInTheLastWeek) {
  for (const int version : {1, 2, 3, 4}) {
    SCOPED_TRACE(version);
    Restore(version);
    MakeLately();
    const std::unique_ptr<Outbox> outbox = Open();
    EXPECT_THAT(*outbox->CredentialsOfParked(), testing::ElementsAre("acme"));
    for (const auto& [name, reason] :
         std::vector<std::pair<const char*, const char*>>{
             {"lost", "REPOSITORY_NOT_FOUND"},
             {"shelved", "REPOSITORY_ARCHIVED"}}) {
      const auto commit = outbox->GetCommit(Repo(name), ShaOf('a'));
      ASSERT_TRUE(commit.ok()) << commit.status();
      EXPECT_EQ(commit->statuses[0].posting.state, PostingState::kWaiting);
      EXPECT_EQ(commit->statuses[0].posting.reason, reason);
      EXPECT_TRUE(commit->statuses[0].posting.next_try_time.has_value());
    }
    for (const char* name : {"closed", "capped"}) {
      const auto commit = outbox->GetCommit(Repo(name), ShaOf('a'));
      ASSERT_TRUE(commit.ok()) << commit.status();
      EXPECT_EQ(commit->statuses[0].posting.state, PostingState::kAbandoned)
          << name;
    }
  }
}

// No credential's probes could end the parking.
TEST_F(SqliteUpgradeTest, ParksNothingThatNobodyPosts) {
  credential_ = "";
  for (const int version : {1, 2, 3, 4}) {
    SCOPED_TRACE(version);
    Restore(version);
    Tamper("UPDATE repository SET lane = ''");
    MakeLately();
    const std::unique_ptr<Outbox> outbox = Open();
    EXPECT_THAT(*outbox->CredentialsOfParked(), testing::IsEmpty());
    const auto commit = outbox->GetCommit(Repo("lost"), ShaOf('a'));
    ASSERT_TRUE(commit.ok()) << commit.status();
    EXPECT_EQ(commit->statuses[0].posting.state, PostingState::kAbandoned);
  }
}

}  // namespace
}  // namespace signalbox
