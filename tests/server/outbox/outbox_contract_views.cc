// What people see.

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "gmock/gmock.h"
#include "tests/server/outbox/outbox_contract.h"
#include "tests/support/key_report.h"

namespace signalbox {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;

std::vector<std::string> Contexts(const CommitView& commit) {
  std::vector<std::string> contexts;
  for (const StatusView& status : commit.statuses) {
    contexts.push_back(status.context);
  }
  return contexts;
}

std::string Shas(const absl::StatusOr<std::vector<CommitSummary>>& commits) {
  std::string shas;
  for (const CommitSummary& commit : commits.value())
    shas += commit.sha.Hex()[0];
  return shas;
}

TEST_P(OutboxContract, ACommitShowsItsStatusesByContext) {
  Accept(On(Pending(1), "Acme/Widgets", 'a', "ci/build"));
  Accept(On(ResultOf(Result::kSuccess, 1), "widgets", 'a', "Ci/Alpha"));
  Accept(On(Pending(1), "widgets", 'a', "zz"));
  Accept(On(Pending(1), "widgets", 'b', "other/commit"));
  const CommitView commit = Commit();
  EXPECT_EQ(commit.repository.Display(), "Acme/Widgets");
  EXPECT_EQ(commit.sha, ShaOf('a'));
  EXPECT_THAT(Contexts(commit), ElementsAre("Ci/Alpha", "ci/build", "zz"));
  EXPECT_EQ(commit.statuses[0].state, CommitState::kSuccess);
  EXPECT_EQ(commit.statuses[1].state, CommitState::kPending);
}

TEST_P(OutboxContract, WhatWasNeverReportedIsNotFound) {
  Accept(Pending(1));
  for (const auto& status :
       {outbox().GetCommit(Repo("gadgets"), ShaOf('a')).status(),
        outbox().GetCommit(Repo("widgets"), ShaOf('b')).status(),
        outbox().GetCommit(Repo("widgets"), Sha()).status(),
        outbox().GetHistory(On(Pending(), "gadgets").Key()).status(),
        outbox().GetHistory(On(Pending(), "widgets", 'b').Key()).status(),
        outbox()
            .GetHistory(On(Pending(), "widgets", 'a', "ci").Key())
            .status()}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kNotFound) << status;
    EXPECT_EQ(ReasonOf(status), "NOTHING_REPORTED");
  }
}

// A person who has the id of a call finds out what became of it.
TEST_P(OutboxContract, AReportKeepsTheIdOfItsCall) {
  Submission submission = Of({Pending(2)});
  submission.caller = "farm";
  submission.request_id = "id-1";
  Receipts(submission);
  submission = Of({ResultOf(Result::kFailure, 2)});
  submission.caller = "person";
  submission.request_id = "id-2";
  Receipts(submission);
  // It is superseded, so the result stays the report that is posted.
  submission = Of({Pending(1)});
  submission.caller = "late farm";
  submission.request_id = "id-3";
  Receipts(submission);
  const auto history = outbox().GetHistory(Pending().Key());
  ASSERT_TRUE(history.ok()) << history.status();
  std::vector<std::string> ids;
  for (const RecordedReport& report : history->reports) {
    ids.push_back(report.request_id);
  }
  EXPECT_THAT(ids, ElementsAre("id-1", "id-2", "id-3"));
  const std::optional<Lease> lease = TakeResult();
  ASSERT_TRUE(lease.has_value());
  EXPECT_EQ(lease->caller, "person");
  EXPECT_EQ(lease->request_id, "id-2");
}

TEST_P(OutboxContract, CommitsAreListedNewestFirst) {
  for (const char sha : {'1', '2', '3'}) {
    Accept(On(Pending(1), "widgets", sha));
    clock_.Advance(absl::Seconds(1));
  }
  // A newer report brings a commit forward; a repeat and a late one do not.
  const Receipt newest =
      Accept(On(ResultOf(Result::kSuccess, 1), "widgets", '2'));
  const absl::Time update_time = Now();
  clock_.Advance(absl::Seconds(1));
  Accept(On(ResultOf(Result::kSuccess, 1), "widgets", '2'));
  Accept(On(Pending(1), "widgets", '1'));
  Accept(On(Pending(0, "other"), "gadgets", '4'));

  const auto commits = outbox().ListCommits(std::nullopt, 0, 10);
  EXPECT_EQ(Shas(commits), "4231");
  EXPECT_EQ((*commits)[1].repository.Display(), "acme/widgets");
  EXPECT_EQ((*commits)[1].state, CommitState::kSuccess);
  EXPECT_EQ((*commits)[1].status_count, 1);
  EXPECT_EQ((*commits)[1].sequence, newest.sequence);
  EXPECT_EQ((*commits)[1].update_time, update_time);
  EXPECT_EQ(Shas(outbox().ListCommits(Repo("ACME/widgets"), 0, 10)), "231");
  EXPECT_EQ(Shas(outbox().ListCommits(Repo("gadgets"), 0, 10)), "4");
  EXPECT_EQ(Shas(outbox().ListCommits(Repo("nothing"), 0, 10)), "");
}

// A page begins where the one before it ended.
TEST_P(OutboxContract, CommitsAreListedByPages) {
  for (const char sha : {'1', '2', '3', '4', '5'}) {
    Accept(On(Pending(1), "widgets", sha));
    Accept(On(Pending(1), "gadgets", sha));
  }
  for (const std::optional<Repository>& repository :
       {std::optional<Repository>(Repo("widgets")),
        std::optional<Repository>()}) {
    std::string shas;
    int64_t before = 0;
    while (true) {
      const auto page = outbox().ListCommits(repository, before, 2);
      ASSERT_TRUE(page.ok());
      if (page->empty()) break;
      EXPECT_LE(page->size(), 2u);
      shas += Shas(page);
      before = page->back().sequence;
    }
    EXPECT_EQ(shas, repository.has_value() ? "54321" : "5544332211");
  }
  EXPECT_EQ(Shas(outbox().ListCommits(std::nullopt, 0, 0)), "");
  EXPECT_EQ(Shas(outbox().ListCommits(std::nullopt, 0, -1)), "");
  EXPECT_EQ(Shas(outbox().ListCommits(std::nullopt, 1, 10)), "");
}

// A post is not a report.
TEST_P(OutboxContract, PostingDoesNotBringACommitForward) {
  Accept(On(ResultOf(Result::kSuccess, 1), "widgets", '1'));
  Accept(On(Pending(1), "widgets", '2'));
  const int64_t before =
      outbox().ListCommits(std::nullopt, 0, 1)->at(0).sequence;
  Settle(*TakeResult(), Settlement::Kind::kPosted);
  const auto commits = outbox().ListCommits(std::nullopt, 0, 10);
  EXPECT_EQ(Shas(commits), "21");
  EXPECT_EQ(commits->at(0).sequence, before);
  // Reports and posts share one sequence.
  EXPECT_EQ(Accept(Pending(1)).sequence, before + 2);
}

// Every commit of up to three contexts in every state, reported in two steps:
// what the list says must be what the statuses say.
TEST_P(OutboxContract, TheListCombinesStatesAsTheCommitDoes) {
  const std::vector<std::optional<Result>> results = {
      std::nullopt,   Result::kSuccess, Result::kFailure,
      Result::kError, Result::kSkipped, Result::kTimedOut};
  for (const bool reported_before : {false, true}) {
    for (const auto& one : results) {
      for (const auto& two : results) {
        KeyReport first = On(Pending(1), "widgets", 'a', "one");
        KeyReport second = On(Pending(1), "widgets", 'a', "two");
        // Each pair has its own commit.
        const Sha sha = *ParseSha((reported_before ? "b" : "a") +
                                  std::to_string(10 + (&one - results.data())) +
                                  std::to_string(10 + (&two - results.data())) +
                                  std::string(35, '0'));
        first.sha = second.sha = sha;
        if (reported_before) {
          InTurn({first, second});
          first.attempt = second.attempt = 2;
          first.result = Result::kFailure;
          Receipts(Of({first}));
          first.attempt = 3;
        }
        first.result = one;
        second.result = two;
        InTurn({first, second});
        const CommitView commit = *outbox().GetCommit(Repo("widgets"), sha);
        const CommitSummary summary =
            outbox().ListCommits(std::nullopt, 0, 1)->at(0);
        EXPECT_EQ(summary.sha, sha);
        EXPECT_EQ(summary.status_count, 2);
        EXPECT_EQ(summary.state, CombinedState(commit.statuses)) << sha.Hex();
      }
    }
  }
}

// A REST client takes the number for the id of its status, and compares it with
// what it reads later.
TEST_P(OutboxContract, AReportKeepsItsNumberWhileItIsPostedAndRepeated) {
  const KeyReport report = ResultOf(Result::kSuccess, 1);
  const Receipt accepted = Accept(report);
  const absl::Time accept_time = Now();
  EXPECT_EQ(accepted.report_time, accept_time);
  const auto expect_kept = [&] {
    const StatusView status = Status();
    EXPECT_EQ(status.report_sequence, accepted.sequence);
    EXPECT_EQ(status.report_time, accept_time);
    EXPECT_EQ(HistoryOf(report).status.report_sequence, accepted.sequence);
    const auto changes = outbox().ChangesAfter(ChangeCursor(0), 10);
    ASSERT_TRUE(changes.ok()) << changes.status();
    for (const StatusChange& change : *changes) {
      EXPECT_EQ(change.status.report_sequence, accepted.sequence);
    }
    StatusQuery query;
    query.states = {PostingState::kDue, PostingState::kPosted};
    query.limit = 10;
    const auto listed = outbox().ListStatuses(query);
    ASSERT_TRUE(listed.ok() && listed->statuses.size() == 1);
    EXPECT_EQ(listed->statuses[0].status.report_sequence, accepted.sequence);
  };
  expect_kept();
  clock_.Advance(absl::Seconds(1));
  Settle(*TakeResult(), Settlement::Kind::kPosted);
  EXPECT_GT(Status().sequence, accepted.sequence);
  expect_kept();
  clock_.Advance(absl::Seconds(1));
  const Receipt repeated = Accept(report);
  EXPECT_EQ(repeated.disposition, Disposition::kUnchanged);
  EXPECT_EQ(repeated.sequence, accepted.sequence);
  EXPECT_EQ(repeated.report_time, accept_time);
  const Receipt late = Accept(Pending(1));
  EXPECT_EQ(late.disposition, Disposition::kSuperseded);
  EXPECT_EQ(late.report_time, accept_time);
  // GitHub's status of the key is no report.
  EXPECT_EQ(Observe(Pending(), 5000).report_time, std::nullopt);
  expect_kept();
}

TEST_P(OutboxContract, ARepetitionHasTheTimeOfItsReportToTheDigit) {
  clock_.Advance(absl::Nanoseconds(1999));
  const Receipt accepted = Accept(Pending(1));
  ASSERT_TRUE(accepted.report_time.has_value());
  EXPECT_EQ(accepted.report_time, Status().report_time);
  EXPECT_EQ(accepted.report_time, Accept(Pending(1)).report_time);
}

TEST_P(OutboxContract, AnExpiryIsAReportAndAnObservedStatusIsNone) {
  KeyReport pending = Pending(1);
  pending.expires_after = absl::Hours(1);
  Accept(pending);
  clock_.Advance(absl::Hours(1));
  ASSERT_EQ(Expire(), 1);
  EXPECT_EQ(Status().report_sequence, Status().sequence);
  EXPECT_EQ(Status().report_time, Now());
  Observe(On(ResultOf(Result::kSuccess), "gadgets"), 5);
  EXPECT_EQ(Status("gadgets").report_sequence, 0);
}

TEST(CombinedStateTest, FollowsGitHub) {
  const auto combined = [](const std::vector<CommitState>& states) {
    std::vector<StatusView> statuses(states.size());
    for (size_t i = 0; i < states.size(); ++i) statuses[i].state = states[i];
    return CombinedState(statuses);
  };
  using enum CommitState;
  EXPECT_EQ(combined({}), kPending);
  EXPECT_EQ(combined({kSuccess, kSuccess}), kSuccess);
  EXPECT_EQ(combined({kSuccess, kPending}), kPending);
  EXPECT_EQ(combined({kPending, kFailure, kSuccess}), kFailure);
  EXPECT_EQ(combined({kPending, kError}), kFailure);
  EXPECT_EQ(combined({kError}), kFailure);
}

TEST_P(OutboxContract, TheHistoryIsBounded) {
  std::vector<Submission> submissions;
  for (int attempt = 1; attempt <= 1100; ++attempt) {
    submissions.push_back(Of({Pending(attempt)}));
  }
  Accept(submissions);
  const std::vector<RecordedReport> reports = HistoryOf(Pending()).reports;
  ASSERT_EQ(reports.size(), 1000u);
  EXPECT_EQ(reports.front().attempt, 101);
  EXPECT_EQ(reports.back().attempt, 1100);
}

// Each sequence has a status change, with the status as it was then.
TEST_P(OutboxContract, EveryNumberIsAChange) {
  const auto changes = [this](int64_t after, int limit = 100) {
    const auto found = outbox().ChangesAfter(ChangeCursor(after), limit);
    EXPECT_TRUE(found.ok()) << found.status();
    std::vector<std::string> told;
    for (const StatusChange& change :
         found.value_or(std::vector<StatusChange>())) {
      const StatusView& status = change.status;
      EXPECT_EQ(change.cursor, ChangeCursor(status.sequence));
      told.push_back(
          absl::StrCat(status.sequence, " ", change.repository.name, " ",
                       change.sha.Hex().substr(0, 1), " ", status.context, " ",
                       CommitStateName(status.state), " ",
                       static_cast<int>(status.posting.state), " ",
                       status.posting.reason, " ", status.description));
    }
    return told;
  };
  EXPECT_EQ(outbox().NewestChange()->sequence(), 0);
  EXPECT_THAT(changes(0), IsEmpty());
  KeyReport pending = On(Pending(1, "begun"), "acme/Widgets", 'b');
  pending.expires_after = absl::Hours(1);
  Accept(pending);
  Accept(pending);  // UNCHANGED.
  Accept(On(ResultOf(Result::kFailure, 1, "red"), "gadgets", 'a', "x"));
  Settle(*TakeResult(), Settlement::Kind::kReturned);
  clock_.Advance(absl::Seconds(5));
  Settle(*TakeResult(), Settlement::Kind::kRetry);
  clock_.Advance(absl::Seconds(5));
  Settle(*TakeResult(), Settlement::Kind::kAbandoned);
  Retry(On(Pending(), "gadgets", 'a', "x"));
  Settle(*TakeResult(), Settlement::Kind::kPosted);
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(Expire(), 1);
  Submission observed =
      Of({On(ResultOf(Result::kSuccess, 0, "green"), "gadgets", 'c', "y")});
  observed.observed = Observed{7, "octocat"};
  Receipts(observed);
  const std::vector<std::string> all = {
      "1 Widgets b ci/build pending 1  begun",
      "2 gadgets a x failure 1  red",
      "3 gadgets a x failure 3 SERVER_ERROR red",
      "4 gadgets a x failure 4 REPOSITORY_NOT_FOUND red",
      "5 gadgets a x failure 1  red",
      "6 gadgets a x failure 2  red",
      "7 Widgets b ci/build error 1  No result within 1 h",
      "8 gadgets c y success 5  green"};
  EXPECT_THAT(changes(0), ElementsAreArray(all));
  EXPECT_THAT(changes(2, 3), ElementsAre(all[2], all[3], all[4]));
  EXPECT_THAT(changes(8), IsEmpty());
  EXPECT_EQ(outbox().NewestChange()->sequence(), 8);
  for (const int64_t never : {9, -1}) {
    const absl::Status status =
        outbox().ChangesAfter(ChangeCursor(never), 1).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kOutOfRange) << never;
    EXPECT_EQ(ReasonOf(status), "SEQUENCE_NOT_KEPT");
  }
  // Changes have the present name. A merge adds one for what it moved.
  Rename("gadgets", "things");
  EXPECT_EQ(changes(7).front(), "8 things c y success 5  green");
  Accept(On(Pending(2), "gizmos", 'a', "x"));
  Rename("gizmos", "things");
  ASSERT_FALSE(changes(8).empty());
  EXPECT_EQ(outbox().NewestChange()->sequence(), 10);
  EXPECT_EQ(changes(8).back().substr(0, 20), "10 things a x pendin");
}

}  // namespace
}  // namespace signalbox
