#include "server/outbox/sqlite_outbox.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <barrier>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/outbox/sqlite_retention.h"
#include "tests/server/outbox/sqlite_outbox_fixture.h"
#include "tests/support/key_report.h"
#include "tests/support/turns.h"

namespace signalbox {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class SqliteOutboxTest : public SqliteOutboxFixture {
 protected:
  std::vector<std::string> DueCredentials(Outbox* outbox) {
    std::vector<std::string> names;
    const auto work = outbox->FindDueWork(clock_.Now());
    EXPECT_TRUE(work.ok()) << work.status();
    for (const DueCredential& due : work.value_or(DueWork()).credentials) {
      names.push_back(due.credential);
    }
    return names;
  }

  // Takes a due entry, and ends its try with `kind`.
  void Settle(Outbox* outbox, Settlement::Kind kind,
              const std::string& reason = "") {
    LeaseRequest request;
    request.lease_time = absl::Seconds(20);
    const auto lease = signalbox::TakeDue(*outbox, request, clock_.Now());
    ASSERT_TRUE(lease.ok() && lease->has_value());
    Settlement settlement;
    settlement.entry_id = (*lease)->entry_id;
    settlement.version = (*lease)->version;
    settlement.lease_epoch = (*lease)->lease_epoch;
    settlement.lease_number = (*lease)->lease_number;
    settlement.kind = kind;
    settlement.reason = reason;
    if (kind == Settlement::Kind::kPosted) settlement.shown = (*lease)->wanted;
    ASSERT_TRUE(signalbox::Settle(*outbox, settlement, clock_.Now()).ok());
  }
};

// One damaged row must not stop the server at every start.
class SqliteDamageTest : public SqliteOutboxTest {
 protected:
  // A database with a damaged entry at 'a' and a sound result at 'b'.
  std::unique_ptr<Outbox> OpenDamaged(const std::string& damage) {
    std::filesystem::remove_all(data_dir());
    damage_.clear();
    {
      const std::unique_ptr<Outbox> outbox = Open();
      KeyReport pending = Pending(1);
      pending.expires_after = absl::Hours(1);
      KeyReport other = ResultOf(Result::kSuccess, 1);
      other.sha = ShaOf('b');
      EXPECT_TRUE(Accept(outbox.get(), phase_is_pending_
                                           ? pending
                                           : ResultOf(Result::kFailure, 1))
                      .ok());
      EXPECT_TRUE(Accept(outbox.get(), other).ok());
    }
    MakeLenient();
    Tamper(damage.c_str());
    return OpenAndNoteDamage();
  }

  StatusView First(Outbox* outbox) {
    const auto commit = outbox->GetCommit(Repo("widgets"), ShaOf('a'));
    EXPECT_TRUE(commit.ok()) << commit.status();
    return commit.ok() ? commit->statuses.at(0) : StatusView();
  }

  std::optional<Lease> Take(Outbox* outbox) {
    LeaseRequest request;
    request.lease_time = absl::Seconds(20);
    const auto lease = signalbox::TakeDue(*outbox, request, clock_.Now());
    EXPECT_TRUE(lease.ok()) << lease.status();
    return lease.ok() ? *lease : std::nullopt;
  }

  bool phase_is_pending_ = false;
};

TEST_F(SqliteDamageTest, ADamagedEntryIsSetAsideAndTheOthersArePosted) {
  for (const char* column :
       {"phase = 9", "result = 77", "version = -5", "version = 'x'",
        "try_count = -1", "lease_number = -1", "status_count = 0.5",
        "first_due_time_us = 'soon'", "ambiguous_time_us = 'x'",
        "report_sequence = 'x'"}) {
    const auto outbox = OpenDamaged(
        absl::StrCat("UPDATE entry SET ", column, " WHERE entry_id = 1"));
    ASSERT_NE(outbox, nullptr) << column;
    const std::optional<Lease> lease = Take(outbox.get());
    ASSERT_TRUE(lease.has_value()) << column;
    EXPECT_EQ(lease->sha, ShaOf('b')) << column;
    EXPECT_EQ(Take(outbox.get()), std::nullopt) << column;
    EXPECT_EQ(damage_.size(), 1u) << column;
    const StatusView status = First(outbox.get());
    EXPECT_EQ(status.posting.state, PostingState::kAbandoned) << column;
    EXPECT_EQ(status.posting.reason, "ROW_DAMAGED") << column;
    EXPECT_EQ(damage_.size(), 1u) << column;
    // The next report repairs the row, but GitHub is read back first.
    clock_.Advance(absl::Seconds(1));
    ASSERT_TRUE(Accept(outbox.get(), ResultOf(Result::kSuccess, 1 << 20)).ok());
    EXPECT_EQ(Take(outbox.get()), std::nullopt) << column;
    clock_.Advance(absl::Seconds(12));
    const std::optional<Lease> again = Take(outbox.get());
    ASSERT_TRUE(again.has_value()) << column;
    EXPECT_EQ(again->sha, ShaOf('a')) << column;
    EXPECT_TRUE(again->ambiguous_since.has_value()) << column;
  }
}

// Acceptance does not look at the column, and may have accepted a report since.
TEST_F(SqliteDamageTest, ADamagedLeaseEpochSetsNoEntryAside) {
  const auto outbox =
      OpenDamaged("UPDATE entry SET lease_epoch = 'x' WHERE entry_id = 1");
  ASSERT_NE(outbox, nullptr);
  const std::optional<Lease> lease = Take(outbox.get());
  ASSERT_TRUE(lease.has_value());
  EXPECT_EQ(lease->sha, ShaOf('a'));
  EXPECT_EQ(First(outbox.get()).posting.state, PostingState::kDue);
}

// The process that has the term goes on.
TEST_F(SqliteDamageTest, ATermOutlivesItsDamagedRow) {
  for (const char* damage :
       {"UPDATE term SET beat = -1", "UPDATE term SET epoch = 'x'",
        "UPDATE term SET name = 'x'", "DELETE FROM term"}) {
    const auto outbox = OpenDamaged("SELECT 1");
    ASSERT_NE(outbox, nullptr) << damage;
    const auto term = outbox->Claim(*outbox->Look(), "me", "", clock_.Now());
    ASSERT_TRUE(term.ok()) << term.status();
    Tamper(damage);
    const auto look = outbox->Look();
    ASSERT_TRUE(look.ok()) << damage << ": " << look.status();
    EXPECT_EQ(look->epoch, term->epoch) << damage;
    EXPECT_EQ(damage_.size(), 1u) << damage;
    EXPECT_TRUE(outbox->Beat(*term, clock_.Now()).ok()) << damage;
  }
}

TEST_F(SqliteDamageTest, ADamagedPendingDoesNotExpireButOthersDo) {
  phase_is_pending_ = true;
  const auto outbox =
      OpenDamaged("UPDATE entry SET version = -5 WHERE entry_id = 1");
  ASSERT_NE(outbox, nullptr);
  KeyReport pending = Pending(1);
  pending.sha = ShaOf('c');
  pending.expires_after = absl::Hours(1);
  ASSERT_TRUE(Accept(outbox.get(), pending).ok());
  clock_.Advance(absl::Hours(2));
  const auto expired =
      AsHolder(*outbox, &Outbox::ExpirePendings, clock_.Now(), 10);
  ASSERT_TRUE(expired.ok()) << expired.status();
  EXPECT_EQ(*expired, 1);
  EXPECT_EQ(damage_.size(), 1u);
  EXPECT_EQ(*AsHolder(*outbox, &Outbox::ExpirePendings, clock_.Now(), 10), 0);
  EXPECT_EQ(First(outbox.get()).posting.reason, "ROW_DAMAGED");
  EXPECT_EQ(outbox->GetCommit(Repo("widgets"), ShaOf('c'))->statuses[0].phase,
            Phase::kExpired);
}

// One of them sets the row aside, and all of them go on.
TEST_F(SqliteDamageTest, ReadersThatMeetItTogetherAllGoOn) {
  for (int round = 0; round < 10; ++round) {
    const auto outbox =
        OpenDamaged("UPDATE entry SET phase = 9 WHERE entry_id = 1");
    std::barrier ready(4);
    std::vector<std::thread> readers;
    for (int i = 0; i < 4; ++i) {
      readers.emplace_back([&] {
        ready.arrive_and_wait();
        const auto commit = outbox->GetCommit(Repo("widgets"), ShaOf('a'));
        EXPECT_TRUE(commit.ok()) << commit.status();
      });
    }
    for (std::thread& reader : readers) reader.join();
    EXPECT_EQ(damage_.size(), 1u);
  }
}

// A reader invents nothing, and meets the damage once.
TEST_F(SqliteDamageTest, WhatReadersMeetIsSetAside) {
  {
    const auto outbox =
        OpenDamaged("UPDATE entry SET phase = 9 WHERE entry_id = 1");
    EXPECT_EQ(First(outbox.get()).posting.reason, "ROW_DAMAGED");
    EXPECT_EQ(First(outbox.get()).state, CommitState::kError);
    EXPECT_EQ(damage_.size(), 1u);
  }
  const StatusKey key = ResultOf(Result::kFailure, 1).Key();
  {
    const auto outbox =
        OpenDamaged("UPDATE entry SET posting_state = 0 WHERE entry_id = 1");
    const auto history = outbox->GetHistory(key);
    ASSERT_TRUE(history.ok()) << history.status();
    EXPECT_EQ(history->status.posting.reason, "ROW_DAMAGED");
    EXPECT_EQ(history->reports.size(), 1u);
  }
  {
    const auto outbox =
        OpenDamaged("UPDATE report SET sequence = 0.5 WHERE entry_id = 1");
    const auto history = outbox->GetHistory(key);
    ASSERT_TRUE(history.ok()) << history.status();
    EXPECT_EQ(history->reports.size(), 0u);
    EXPECT_EQ(history->status.state, CommitState::kFailure);
  }
  {
    const auto outbox =
        OpenDamaged("UPDATE report SET attempt = 'second' WHERE entry_id = 1");
    const auto changes = outbox->ChangesAfter(ChangeCursor(0), 10);
    ASSERT_TRUE(changes.ok()) << changes.status();
    ASSERT_EQ(changes->size(), 1u);
    EXPECT_EQ(changes->front().sha, ShaOf('b'));
  }
  {
    const auto outbox = OpenDamaged(
        "UPDATE commit_summary SET newest_sequence = 1.5 WHERE commit_key = 1");
    const auto commits = outbox->ListCommits(std::nullopt, 0, 10);
    ASSERT_TRUE(commits.ok()) << commits.status();
    ASSERT_EQ(commits->size(), 2u);
    EXPECT_EQ(commits->back().sha, ShaOf('a'));
    EXPECT_EQ(commits->back().status_count, 1);
    EXPECT_EQ(commits->back().state, CommitState::kFailure);
  }
  {
    // FindDueWork does not return a time that has passed.
    const auto outbox =
        OpenDamaged("UPDATE entry SET due_time_us = 'soon' WHERE entry_id = 1");
    const auto work = outbox->FindDueWork(clock_.Now());
    ASSERT_TRUE(work.ok()) << work.status();
    EXPECT_EQ(work->next_in, absl::InfiniteDuration());
  }
}

// The attempt, the phase or the result is no longer known.
TEST_F(SqliteDamageTest, TheNextReportCountsWhateverItSays) {
  for (const bool is_pending : {false, true}) {
    const auto outbox =
        OpenDamaged("UPDATE entry SET result = 77 WHERE entry_id = 1");
    ASSERT_NE(outbox, nullptr);
    const auto outcomes = Accept(
        outbox.get(), is_pending ? Pending() : ResultOf(Result::kSuccess, 1));
    ASSERT_TRUE(outcomes.ok()) << outcomes.status();
    EXPECT_EQ(outcomes->at(0).receipts.at(0).disposition,
              Disposition::kAccepted);
    EXPECT_EQ(damage_.size(), 1u);
    const auto commits = outbox->ListCommits(Repo("widgets"), 0, 1);
    ASSERT_TRUE(commits.ok()) << commits.status();
    EXPECT_EQ(commits->front().sha, ShaOf('a'));
    EXPECT_EQ(commits->front().status_count, 1);
    EXPECT_EQ(commits->front().state,
              is_pending ? CommitState::kPending : CommitState::kSuccess);
    const auto history = outbox->GetHistory(Pending().Key());
    ASSERT_TRUE(history.ok()) << history.status();
    EXPECT_EQ(history->reports.size(), 2u);
  }
}

// An empty sha names no commit, not even one whose sha was lost.
TEST_F(SqliteOutboxTest, NothingIsReportedForWhatIsNoSha) {
  {
    const std::unique_ptr<Outbox> outbox = Open();
    ASSERT_TRUE(Accept(outbox.get(), ResultOf(Result::kFailure, 1)).ok());
  }
  Tamper("UPDATE commit_summary SET sha = x''");
  const std::unique_ptr<Outbox> outbox = Open();
  EXPECT_TRUE(
      absl::IsNotFound(outbox->GetCommit(Repo("widgets"), Sha()).status()));
  const StatusKey key = StatusKey::Of(Repo("widgets"), Sha(), "ci/build");
  EXPECT_TRUE(absl::IsNotFound(outbox->GetHistory(key).status()));
  EXPECT_TRUE(absl::IsNotFound(outbox->Retry(key, clock_.Now())));
}

// With the largest integer as the newest number, counting on would overflow.
// The rows show which number was given last.
TEST_F(SqliteOutboxTest, ANewestNumberThatIsNoneIsFoundAgain) {
  const std::unique_ptr<Outbox> outbox = Open();
  ASSERT_TRUE(Accept(outbox.get(), ResultOf(Result::kFailure, 1)).ok());
  const auto newest = outbox->NewestChange();
  ASSERT_TRUE(newest.ok()) << newest.status();
  for (const char* damage :
       {"UPDATE meta SET value = 9223372036854775807 WHERE name = 'sequence'",
        "UPDATE meta SET value = -5 WHERE name = 'sequence'"}) {
    Tamper(damage);
    const auto again = outbox->NewestChange();
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(*again, *newest);
    Tamper(damage);
    const auto changes = outbox->ChangesAfter(ChangeCursor(0), 10);
    ASSERT_TRUE(changes.ok()) << changes.status();
    EXPECT_EQ(changes->size(), 1u);
  }
}

// The process is killed. The next one finds everything that was accepted.
TEST_F(SqliteOutboxTest, SurvivesAKill) {
  const pid_t child = fork();
  if (child == 0) {
    std::unique_ptr<Outbox> outbox = Open();
    const bool accepted =
        outbox != nullptr &&
        Accept(outbox.get(), ResultOf(Result::kFailure, 1)).ok();
    LeaseRequest request;
    request.lease_time = absl::Seconds(20);
    const auto lease = signalbox::TakeDue(*outbox, request, clock_.Now());
    _exit(accepted && lease.ok() && lease->has_value() ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);

  const std::unique_ptr<Outbox> outbox = Open();
  EXPECT_EQ(
      outbox->GetCommit(Repo("widgets"), ShaOf('a'))->statuses.at(0).result,
      Result::kFailure);
  const absl::Time begin = clock_.Now();
  LeaseRequest request;
  EXPECT_FALSE(signalbox::TakeDue(*outbox, request, clock_.Now())->has_value());
  clock_.Advance(absl::Seconds(20));
  const auto lease = signalbox::TakeDue(*outbox, request, clock_.Now());
  ASSERT_TRUE(lease.ok() && lease->has_value());
  EXPECT_EQ((*lease)->ambiguous_since, begin);
}

TEST_F(SqliteOutboxTest, AssignsCredentialsAnewWhenOpened) {
  const auto credentials = [this](const std::string& prefix) {
    SqliteOutboxOptions options = Options();
    options.credential_of = [prefix](const Repository& repository) {
      return prefix + repository.name;
    };
    auto outbox = OpenSqliteOutbox(std::move(options));
    EXPECT_TRUE(outbox.ok()) << outbox.status();
    return *std::move(outbox);
  };
  std::unique_ptr<Outbox> outbox = credentials("one-");
  Accept(outbox.get(), On(ResultOf(Result::kSuccess, 1), "a")).IgnoreError();
  Accept(outbox.get(), On(ResultOf(Result::kSuccess, 1), "b")).IgnoreError();
  EXPECT_THAT(DueCredentials(outbox.get()), ElementsAre("one-a", "one-b"));
  outbox.reset();
  outbox = credentials("two-");
  EXPECT_THAT(DueCredentials(outbox.get()), ElementsAre("two-a", "two-b"));
  LeaseRequest request;
  request.credential = "one-a";
  EXPECT_FALSE(signalbox::TakeDue(*outbox, request, clock_.Now())->has_value());
  request.credential = "two-a";
  EXPECT_TRUE(signalbox::TakeDue(*outbox, request, clock_.Now())->has_value());
  // Without the function, all repositories have the same credential.
  outbox.reset();
  outbox = Open();
  EXPECT_THAT(DueCredentials(outbox.get()), ElementsAre(""));
}

// Older programs stored times in the future.
TEST_F(SqliteOutboxTest, AHeadOfTheFutureHoldsUpNoNewOne) {
  const auto head = [this](Outbox* outbox, char sha) {
    KeyReport report = Pending(0);
    report.sha = ShaOf(sha);
    Submission submission = Of({report});
    submission.change.emplace();
    submission.change->pull_request_number = 5;
    submission.change->updated_time = clock_.Now();
    return outbox->Accept({submission}, clock_.Now())
        ->at(0)
        .receipts.at(0)
        .disposition;
  };
  std::unique_ptr<Outbox> outbox = Open();
  EXPECT_EQ(head(outbox.get(), 'a'), Disposition::kAccepted);
  outbox.reset();
  Tamper(
      "UPDATE pull_request SET updated_time_us = updated_time_us + 3600000000");
  outbox = Open();
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(head(outbox.get(), 'b'), Disposition::kAccepted);
}

TEST_F(SqliteOutboxTest, ForgetsOldDeliveriesAFewAtATime) {
  const std::unique_ptr<Outbox> outbox = Open();
  std::vector<Submission> submissions;
  for (int i = 0; i < 100; ++i) {
    Submission submission = Of({Pending(1)});
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

// A person's open transaction on the database must not stop the readers.
TEST_F(SqliteOutboxTest, ReadsDoNotWaitForAWriter) {
  const std::unique_ptr<Outbox> outbox = Open();
  Accept(outbox.get(), ResultOf(Result::kSuccess, 1)).IgnoreError();
  ASSERT_TRUE(outbox->TidyUp().ok());
  auto other =
      SqliteConnection::Open(database(), SqliteConnection::Access::kWrite);
  ASSERT_TRUE(other.ok());
  SqliteTransaction transaction(other->get(), SqliteTransaction::Kind::kWrite);
  (*other)->Run("UPDATE entry SET context = 'changed'");
  EXPECT_EQ(
      outbox->GetCommit(Repo("widgets"), ShaOf('a'))->statuses.at(0).context,
      "ci/build");
  EXPECT_EQ(outbox->ListCommits(std::nullopt, 0, 10)->size(), 1u);
  EXPECT_THAT(DueCredentials(outbox.get()), ElementsAre(""));
}

// A limit of file sizes makes writes fail like a broken disk.
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
  EXPECT_FALSE(outbox->GetCommit(Repo("gadgets"), ShaOf('a')).ok());

  const auto again =
      Accept(outbox.get(), On(ResultOf(Result::kSuccess, 1), "gadgets"));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ((*again)[0].receipts[0].disposition, Disposition::kAccepted);
  EXPECT_EQ((*again)[0].receipts[0].sequence, first + 1);
  EXPECT_TRUE(outbox->GetCommit(Repo("gadgets"), ShaOf('a')).ok());
}

// Writes to a deleted file are lost with the process.
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

// Some callers only log the store's errors. The process must end all the same.
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
  EXPECT_FALSE(outbox->GetCommit(Repo("widgets"), ShaOf('f')).ok());
  EXPECT_THAT(told, IsEmpty());

  const absl::Time now = clock_.Now();
  const Term term = *TermOf(*outbox, now);
  std::filesystem::rename(database(), database() + ".old");
  const std::vector<std::function<absl::Status()>> writes = {
      [&] { return Accept(outbox, Pending(2)).status(); },
      [&] { return outbox->SetNamedTime(term, "mark", now); },
      [&] { return outbox->SetPause("credential", absl::ZeroDuration(), now); },
      [&] { return outbox->SettleRerun(term, 1, std::nullopt, now); },
      [&] {
        return outbox->ForgetOlderThan(term, absl::ZeroDuration(), now)
            .status();
      },
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
        const auto commit = outbox->GetCommit(Repo(name), ShaOf('a'));
        EXPECT_TRUE(commit.ok() || absl::IsNotFound(commit.status()));
        EXPECT_TRUE(outbox->FindDueWork(clock_.Now()).ok());
      }
    });
  }
  threads.emplace_back([&] {
    for (int i = 0; i < kReports; ++i) {
      LeaseRequest request;
      request.lease_time = absl::Seconds(20);
      const auto lease = signalbox::TakeDue(*outbox, request, clock_.Now());
      ASSERT_TRUE(lease.ok());
      if (!lease->has_value()) continue;
      Settlement settlement;
      settlement.entry_id = (*lease)->entry_id;
      settlement.version = (*lease)->version;
      settlement.shown = (*lease)->wanted;
      EXPECT_TRUE(signalbox::Settle(*outbox, settlement, clock_.Now()).ok());
    }
  });
  for (std::thread& thread : threads) thread.join();
  for (const char* name : {"a", "b", "c"}) {
    EXPECT_EQ(outbox->GetCommit(Repo(name), ShaOf('a'))->statuses.at(0).attempt,
              kReports);
  }
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
  EXPECT_EQ((*outbox)->ChangesAfter(ChangeCursor(15), 10)->size(), 5u);
  EXPECT_TRUE(absl::IsOutOfRange(
      (*outbox)->ChangesAfter(ChangeCursor(14), 10).status()));
}

// A watcher that returns after the history's end has missed changes.
TEST_F(SqliteOutboxTest, ForgottenReportsAreForgottenChanges) {
  const std::unique_ptr<Outbox> outbox = Open();
  for (int attempt = 1; attempt <= 3; ++attempt) {
    ASSERT_TRUE(Accept(outbox.get(), Pending(attempt)).ok());
    ASSERT_TRUE(Accept(outbox.get(), Pending(0)).ok());  // SUPERSEDED.
    clock_.Advance(absl::Hours(1));
  }
  EXPECT_EQ(outbox->ChangesAfter(ChangeCursor(0), 10)->size(), 3u);
  // Begins with the second.
  ASSERT_TRUE(
      AsHolder(*outbox, &Outbox::ForgetOlderThan, absl::Hours(2), clock_.Now())
          .ok());
  EXPECT_TRUE(
      absl::IsOutOfRange(outbox->ChangesAfter(ChangeCursor(0), 10).status()));
  ASSERT_EQ(outbox->ChangesAfter(ChangeCursor(1), 10)->size(), 2u);
  EXPECT_EQ(outbox->ChangesAfter(ChangeCursor(1), 1)->at(0).status.attempt, 2);
  EXPECT_EQ(outbox->ChangesAfter(ChangeCursor(2), 10)->at(0).status.attempt, 3);
}

TEST_F(SqliteOutboxTest, AForgottenCommitsChangesAreForgotten) {
  const std::unique_ptr<Outbox> outbox = Open();
  ASSERT_TRUE(
      Accept(outbox.get(), On(ResultOf(Result::kSuccess, 1), "a")).ok());
  Settle(outbox.get(), Settlement::Kind::kPosted);
  clock_.Advance(absl::Hours(1));
  ASSERT_TRUE(
      Accept(outbox.get(), On(ResultOf(Result::kSuccess, 1), "b")).ok());
  EXPECT_EQ(outbox->ChangesAfter(ChangeCursor(0), 10)->size(), 3u);
  ASSERT_TRUE(AsHolder(*outbox, &Outbox::ForgetOlderThan, absl::ZeroDuration(),
                       clock_.Now())
                  .ok());
  ASSERT_TRUE(
      absl::IsNotFound(outbox->GetCommit(Repo("a"), ShaOf('a')).status()));
  // The second number was the end of the try.
  EXPECT_TRUE(
      absl::IsOutOfRange(outbox->ChangesAfter(ChangeCursor(1), 10).status()));
  EXPECT_EQ(outbox->ChangesAfter(ChangeCursor(2), 10)->size(), 1u);
}

TEST_F(SqliteOutboxTest, OldDeliveriesLeaveTheFile) {
  const std::unique_ptr<Outbox> outbox = Open();
  // The clock was a year ahead.
  ASSERT_TRUE(
      outbox->Accept({Of({Pending(1)})}, clock_.Now() + absl::Hours(365 * 24))
          .ok());
  const auto deliver = [&](int number) {
    Submission submission = Of({Pending(1)});
    submission.delivery = Delivery{absl::StrCat(number), "", "e", "a", 0};
    ASSERT_TRUE(outbox->Accept({submission}, clock_.Now()).ok());
  };
  for (int i = 0; i < 100; ++i) deliver(i);
  clock_.Advance(Options().delivery_memory + absl::Minutes(2));
  for (int i = 0; i < 5; ++i) deliver(200 + i);
  const auto count = [this] {
    auto connection =
        SqliteConnection::Open(database(), SqliteConnection::Access::kRead);
    EXPECT_TRUE(connection.ok());
    SqliteTransaction transaction(connection->get(),
                                  SqliteTransaction::Kind::kRead);
    SqliteQuery query(connection->get(), "SELECT COUNT(*) FROM delivery");
    int64_t deliveries = -1;
    if (query.Next()) query.Read(&deliveries);
    return deliveries;
  };
  EXPECT_EQ(count(), 5);
}

// All commits that were only seen at GitHub have the same number.
TEST_F(SqliteOutboxTest, ForgettingLooksAtEachCommitOnce) {
  { ASSERT_TRUE(Accept(Open().get(), Pending(1)).ok()); }
  constexpr int kCommits = 20'000;
  const std::string fill = absl::StrCat(
      "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n "
      "WHERE i < ",
      kCommits,
      ") INSERT INTO commit_summary (repository_key, sha, newest_sequence, "
      "update_time_us, status_count, pending_count, failed_count) "
      "SELECT 1, CAST(i AS BLOB), 0, ",
      absl::ToUnixMicros(clock_.Now()), ", 0, 0, 0 FROM n");
  Tamper(fill.c_str());

  auto connection =
      SqliteConnection::Open(database(), SqliteConnection::Access::kWrite);
  ASSERT_TRUE(connection.ok());
  int looks = 0;  // Counts pages, and thousands of steps of SQLite's machine.
  (*connection)->SetCancelled([&] {
    ++looks;
    return false;
  });
  SqliteWriterState state(kGitHubLimits, nullptr);
  const absl::Time before = clock_.Now() - absl::Hours(24);
  for (int batches = 0;; ++batches) {
    ASSERT_LT(batches, kCommits);
    SqliteTransaction transaction(connection->get(),
                                  SqliteTransaction::Kind::kWrite);
    const bool more = ForgetBefore(connection->get(), &state, before, 1000);
    ASSERT_TRUE(transaction.Commit().ok());
    if (!more) break;
  }
  EXPECT_LE(looks, kCommits / 20);
}

// The round-robin visits only repositories that have something to do.
TEST_F(SqliteOutboxTest, ARepositoryWithNothingDueIsSearchedNoMore) {
  {
    const std::unique_ptr<Outbox> outbox = Open();
    for (int i = 0; i < 50; ++i) {
      const std::string name = absl::StrCat("acme/r", i);
      // The result overtakes its pending.
      ASSERT_TRUE(Accept(outbox.get(), On(Pending(1), name)).ok());
      ASSERT_TRUE(
          Accept(outbox.get(), On(ResultOf(Result::kSuccess, 1), name)).ok());
    }
    for (int i = 0; i < 50; ++i) {
      Settle(outbox.get(),
             i == 49 ? Settlement::Kind::kRetry : Settlement::Kind::kPosted);
    }
  }
  const auto connection =
      SqliteConnection::Open(database(), SqliteConnection::Access::kRead);
  SqliteQuery query(connection->get(),
                    "SELECT COUNT(*) FROM due_repository WHERE is_pending = 0");
  int64_t count = 0;
  ASSERT_TRUE(query.Next());
  query.Read(&count);
  EXPECT_EQ(count, 1);
}

TEST_F(SqliteOutboxTest, ForgetsChangesBeyondTheNewest) {
  SqliteOutboxOptions options = Options();
  options.changes_kept = 5;
  {
    const auto outbox = OpenSqliteOutbox(options);
    ASSERT_TRUE(outbox.ok());
    for (int attempt = 1; attempt <= 300; ++attempt) {
      ASSERT_TRUE(
          Accept(outbox->get(), ResultOf(Result::kSuccess, attempt)).ok());
      Settle(outbox->get(), Settlement::Kind::kPosted);
    }
    while (*AsHolder(**outbox, &Outbox::ForgetOlderThan, absl::ZeroDuration(),
                     clock_.Now())) {
    }
    EXPECT_EQ((*outbox)->ChangesAfter(ChangeCursor(595), 10)->size(), 5u);
  }
  const auto connection =
      SqliteConnection::Open(database(), SqliteConnection::Access::kRead);
  SqliteQuery query(connection->get(), "SELECT COUNT(*) FROM status_change");
  int64_t count = 0;
  ASSERT_TRUE(query.Next());
  query.Read(&count);
  EXPECT_EQ(count, 3);
}

// The operator adds a token after reports were accepted without one.
TEST_F(SqliteOutboxTest, ANewCredentialRevivesWhatNobodyCouldPost) {
  credential_.clear();
  {
    const std::unique_ptr<Outbox> outbox = Open();
    for (const char* name : {"a", "b"}) {
      ASSERT_TRUE(
          Accept(outbox.get(), On(ResultOf(Result::kSuccess, 1), name)).ok());
      Settle(
          outbox.get(), Settlement::Kind::kAbandoned,
          name == std::string("a") ? "NO_CREDENTIAL" : "STATUS_LIMIT_REACHED");
    }
    EXPECT_THAT(DueCredentials(outbox.get()), testing::IsEmpty());
  }
  credential_ = "acme";
  const std::unique_ptr<Outbox> outbox = Open();
  EXPECT_THAT(DueCredentials(outbox.get()), testing::ElementsAre("acme"));
  // Two reports, two ends of tries, and one revival.
  EXPECT_EQ(outbox->NewestChange()->sequence(), 5);
  EXPECT_EQ(
      outbox->ChangesAfter(ChangeCursor(4), 10)->at(0).status.posting.state,
      PostingState::kDue);
  LeaseRequest request;
  request.credential = "acme";
  request.lease_time = absl::Seconds(20);
  const auto lease = signalbox::TakeDue(*outbox, request, clock_.Now());
  ASSERT_TRUE(lease.ok() && lease->has_value());
  EXPECT_EQ((*lease)->repository.name, "a");
  EXPECT_FALSE(signalbox::TakeDue(*outbox, request, clock_.Now())->has_value());
}

// A caller of the REST endpoint has its 201 long before. The log must say whose
// report it was.
TEST_F(SqliteOutboxTest, NamesWhomItAbandons) {
  credential_ = "acme";
  SqliteOutboxOptions options = Options();
  std::vector<std::string> abandoned;
  options.on_abandoned = [&abandoned](const AbandonedStatus& status) {
    abandoned.push_back(absl::StrCat(status.repository.Display(), " ",
                                     status.sha.Hex().substr(0, 7), " ",
                                     status.context, " ", status.reason, " ",
                                     status.caller, " ", status.request_id));
  };
  const std::unique_ptr<Outbox> outbox = OpenWith(options);
  Submission submission = Of({ResultOf(Result::kSuccess)});
  submission.caller = "teamcity";
  submission.request_id = "id-1";
  ASSERT_TRUE(outbox->Accept({&submission, 1}, clock_.Now()).ok());
  clock_.Advance(absl::Hours(2));
  ASSERT_TRUE(
      Accept(outbox.get(), On(ResultOf(Result::kFailure), "gadgets", 'b'))
          .ok());
  EXPECT_EQ(*AsHolder(*outbox, &Outbox::AbandonHeld, "acme",
                      "CREDENTIAL_REFUSED", absl::Hours(1), clock_.Now(), 10),
            1);
  EXPECT_THAT(abandoned, ElementsAre("acme/widgets aaaaaaa ci/build "
                                     "CREDENTIAL_REFUSED teamcity id-1"));
}

// Searches may cost much, and the poster looks after each commit of reports. A
// search would find that the entry is in flight.
TEST_F(SqliteOutboxTest, ReportsCauseNoSearchForWhatIsDue) {
  credential_ = "acme";
  const std::unique_ptr<Outbox> outbox = Open();
  ASSERT_TRUE(Accept(outbox.get(), ResultOf(Result::kSuccess, 1)).ok());
  LeaseRequest request;
  request.credential = "acme";
  request.lease_time = absl::Seconds(20);
  ASSERT_TRUE(signalbox::TakeDue(*outbox, request, clock_.Now())->has_value());
  EXPECT_THAT(DueCredentials(outbox.get()), IsEmpty());
  ASSERT_TRUE(Accept(outbox.get(), ResultOf(Result::kSuccess, 2)).ok());
  EXPECT_THAT(DueCredentials(outbox.get()), ElementsAre("acme"));
  // The turn takes nothing out, but it is another change.
  EXPECT_FALSE(signalbox::TakeDue(*outbox, request, clock_.Now())->has_value());
  EXPECT_THAT(DueCredentials(outbox.get()), IsEmpty());
}

// No other process has the store open, so a claim need not wait until the
// former holder has been silent for long enough.
TEST_F(SqliteOutboxTest, OpeningEndsTheTermOfTheProcessBefore) {
  Term last;
  for (int i = 0; i < 3; ++i) {
    const std::unique_ptr<Outbox> outbox = Open();
    const auto look = outbox->Look();
    ASSERT_TRUE(look.ok()) << look.status();
    EXPECT_EQ(look->owner, "");
    EXPECT_GT(look->epoch, last.epoch);
    EXPECT_EQ(ReasonOf(outbox->Beat(last, clock_.Now())), "TERM_OVER");
    const auto term = outbox->Claim(*look, "me", "", clock_.Now());
    ASSERT_TRUE(term.ok()) << term.status();
    last = *term;
  }
}

}  // namespace
}  // namespace signalbox
