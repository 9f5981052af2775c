// What people see.

#include <algorithm>

#include "gmock/gmock.h"
#include "server/base/error.h"
#include "tests/server/outbox/outbox_contract.h"

namespace signalbox {
namespace {

using testing::ElementsAre;
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
  for (const CommitSummary& commit : commits.value()) shas += commit.sha[0];
  return shas;
}

TEST_P(OutboxContract, ACommitShowsItsStatusesByContext) {
  Accept(On(Pending(1), "Acme/Widgets", 'a', "ci/build"));
  Accept(On(ResultOf(Result::kSuccess, 1), "widgets", 'a', "Ci/Alpha"));
  Accept(On(Pending(1), "widgets", 'a', "zz"));
  Accept(On(Pending(1), "widgets", 'b', "other/commit"));
  const CommitView commit = Commit();
  EXPECT_EQ(commit.repository.Display(), "Acme/Widgets");
  EXPECT_EQ(commit.sha, Sha('a'));
  EXPECT_THAT(Contexts(commit), ElementsAre("Ci/Alpha", "ci/build", "zz"));
  EXPECT_EQ(commit.statuses[0].state, CommitState::kSuccess);
  EXPECT_EQ(commit.statuses[1].state, CommitState::kPending);
}

TEST_P(OutboxContract, WhatWasNeverReportedIsNotFound) {
  Accept(Pending(1));
  for (const auto& status :
       {outbox().GetCommit(Repo("gadgets"), Sha('a')).status(),
        outbox().GetCommit(Repo("widgets"), Sha('b')).status(),
        outbox().GetCommit(Repo("widgets"), "main").status(),
        outbox().GetCommit(Repo("widgets"), "").status(),
        outbox().GetHistory(On(Pending(), "gadgets").Key()).status(),
        outbox().GetHistory(On(Pending(), "widgets", 'b').Key()).status(),
        outbox()
            .GetHistory(On(Pending(), "widgets", 'a', "ci").Key())
            .status()}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kNotFound) << status;
    EXPECT_EQ(ReasonOf(status), "NOTHING_REPORTED");
  }
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

// Posting is no report.
TEST_P(OutboxContract, PostingDoesNotBringACommitForward) {
  Accept(On(ResultOf(Result::kSuccess, 1), "widgets", '1'));
  Accept(On(Pending(1), "widgets", '2'));
  const int64_t before =
      outbox().ListCommits(std::nullopt, 0, 1)->at(0).sequence;
  Settle(*TakeResult(), Settlement::Kind::kPosted);
  const auto commits = outbox().ListCommits(std::nullopt, 0, 10);
  EXPECT_EQ(Shas(commits), "21");
  EXPECT_EQ(commits->at(0).sequence, before);
  // But the numbers are shared.
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
        Report first = On(Pending(1), "widgets", 'a', "one");
        Report second = On(Pending(1), "widgets", 'a', "two");
        // A commit of its own for each pair.
        const std::string sha = (reported_before ? "b" : "a") +
                                std::to_string(10 + (&one - results.data())) +
                                std::to_string(10 + (&two - results.data())) +
                                std::string(35, '0');
        first.sha = second.sha = sha;
        if (reported_before) {
          Receipts(Of({first, second}));
          first.attempt = second.attempt = 2;
          first.result = Result::kFailure;
          Receipts(Of({first}));
          first.attempt = 3;
        }
        first.result = one;
        second.result = two;
        Receipts(Of({first, second}));
        const CommitView commit = *outbox().GetCommit(Repo("widgets"), sha);
        const CommitSummary summary =
            outbox().ListCommits(std::nullopt, 0, 1)->at(0);
        EXPECT_EQ(summary.sha, sha);
        EXPECT_EQ(summary.status_count, 2);
        EXPECT_EQ(summary.state, CombinedState(commit.statuses)) << sha;
      }
    }
  }
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

}  // namespace
}  // namespace signalbox
