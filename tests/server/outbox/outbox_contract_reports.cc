// The reports of a commit over all contexts.

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "tests/server/outbox/outbox_contract.h"
#include "tests/support/key_report.h"

namespace signalbox {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;

std::string DescribeReport(const CommitReport& report) {
  return absl::StrCat(report.context, " ", CommitStateName(report.state), " ",
                      report.description,
                      report.status_id == 0
                          ? ""
                          : absl::StrCat(" (", report.status_id, " of ",
                                         report.creator_login, ")"));
}

CommitReports Page(Outbox& outbox, int64_t before, int limit,
                   absl::string_view repository = "widgets") {
  const auto list =
      outbox.ListReports(Repo(repository), ShaOf('a'), before, limit);
  EXPECT_TRUE(list.ok()) << list.status();
  return list.value_or(CommitReports());
}

std::vector<std::string> Lines(Outbox& outbox,
                               absl::string_view repository = "widgets") {
  std::vector<std::string> lines;
  for (const CommitReport& report : Page(outbox, 0, 100, repository).reports) {
    lines.push_back(DescribeReport(report));
  }
  return lines;
}

// All reports, read by pages of this length.
std::vector<int64_t> Sequences(Outbox& outbox, int limit) {
  std::vector<int64_t> sequences;
  CommitReports page;
  do {
    page = Page(outbox, sequences.empty() ? 0 : sequences.back(), limit);
    EXPECT_LE(page.reports.size(), static_cast<size_t>(limit));
    for (const CommitReport& report : page.reports) {
      sequences.push_back(report.sequence);
    }
  } while (page.has_more && !page.reports.empty());
  EXPECT_FALSE(page.has_more);
  return sequences;
}

TEST_P(OutboxContract, ReportsOfACommitAreListedNewestFirst) {
  Accept(On(Pending(1, "one"), "Acme/Widgets", 'a', "CI/build"));
  Accept(On(Pending(1, "two"), "widgets", 'a', "lint"));
  Accept(On(ResultOf(Result::kSuccess, 1, "other"), "widgets", 'b', "lint"));
  Accept(On(ResultOf(Result::kFailure, 1, "three"), "widgets", 'a'));
  // An unchanged report and a superseded one are not on the list.
  Accept(On(ResultOf(Result::kFailure, 1, "three"), "widgets", 'a'));
  Accept(On(Pending(1, "late"), "widgets", 'a'));
  clock_.Advance(absl::Seconds(3));
  const Receipt newest =
      Accept(On(ResultOf(Result::kSkipped, 1), "widgets", 'a', "lint"));
  EXPECT_THAT(Lines(outbox()),
              ElementsAre("lint success Skipped", "CI/build failure three",
                          "lint pending two", "CI/build pending one"));
  const CommitReports list = Page(outbox(), 0, 100);
  EXPECT_EQ(list.repository.Display(), "Acme/Widgets");
  ASSERT_EQ(list.reports.size(), 4u);
  EXPECT_EQ(list.reports[0].sequence, newest.sequence);
  EXPECT_EQ(list.reports[0].accept_time, Now());
  EXPECT_EQ(list.reports[0].result, Result::kSkipped);
  EXPECT_EQ(list.reports[2].result, std::nullopt);
}

TEST_P(OutboxContract, ReportsOfACommitSayWhatGitHubShows) {
  Submission submission = Of({ResultOf(
      Result::kSuccess, 1, std::string(200, 'x') + "\nmore \U0001F680")});
  submission.caller = "farm";
  Receipts(submission);
  const CommitReports list = Page(outbox(), 0, 1);
  ASSERT_EQ(list.reports.size(), 1u);
  EXPECT_EQ(list.reports[0].description, std::string(139, 'x') + "…");
  EXPECT_EQ(list.reports[0].caller, "farm");
}

TEST_P(OutboxContract, ReportsOfACommitAreOnOnePageEach) {
  for (int attempt = 1; attempt <= 4; ++attempt) {
    for (const char* const context : {"a", "b", "c"}) {
      Accept(On(Pending(attempt), "widgets", 'a', context));
      // It takes a number, too.
      if (attempt == 2) {
        Observe(On(ResultOf(Result::kError), "widgets", 'a', context),
                100 + *context);
      }
    }
    Accept(On(Pending(1), "widgets", 'a', "a"));
    Accept(On(ResultOf(Result::kSuccess, attempt), "widgets", 'a', "b"));
  }
  const std::vector<int64_t> all = Sequences(outbox(), 100);
  EXPECT_EQ(all.size(), 4u * 3 + 3 + 4);
  EXPECT_TRUE(std::is_sorted(all.rbegin(), all.rend()));
  for (int limit = 1; limit <= 20; ++limit) {
    EXPECT_THAT(Sequences(outbox(), limit), ElementsAreArray(all)) << limit;
  }
}

TEST_P(OutboxContract, AnUnknownCommitHasNoReports) {
  EXPECT_THAT(Lines(outbox()), IsEmpty());
  EXPECT_EQ(Page(outbox(), 0, 10, "ACME/Nothing").repository.Display(),
            "ACME/Nothing");
  Accept(On(Pending(1), "widgets", 'b'));
  EXPECT_THAT(Lines(outbox()), IsEmpty());
  EXPECT_TRUE(
      outbox().ListReports(Repo("widgets"), Sha(), 0, 10)->reports.empty());
}

// GitHub tells of the statuses of other programs and of our own.
TEST_P(OutboxContract, ReportsOfACommitStandBesideTheStatusesOfOthers) {
  Observe(On(ResultOf(Result::kSuccess, 0, "covered"), "widgets", 'a', "cov"),
          7);
  EXPECT_THAT(Lines(outbox()),
              ElementsAre("cov success covered (7 of somebody)"));
  Accept(ResultOf(Result::kFailure, 1, "ours"));
  Observe(ResultOf(Result::kFailure, 0, "ours"), 8);
  EXPECT_THAT(Lines(outbox()),
              ElementsAre("ci/build failure ours",
                          "cov success covered (7 of somebody)"));
  Observe(ResultOf(Result::kSuccess, 0, "theirs"), 9);
  Observe(On(ResultOf(Result::kError, 0, "worse"), "widgets", 'a', "cov"), 10);
  const std::vector<std::string> all = {
      "cov error worse (10 of somebody)",
      "ci/build success theirs (9 of somebody)", "ci/build failure ours"};
  EXPECT_THAT(Lines(outbox()), ElementsAreArray(all));
  PostAll();
  EXPECT_THAT(Lines(outbox()), ElementsAreArray(all));
}

TEST_P(OutboxContract, ReportsOfACommitIncludeTheServersOwn) {
  KeyReport pending = Pending(1);
  pending.expires_after = absl::Hours(1);
  Accept(pending);
  clock_.Advance(absl::Hours(1));
  ASSERT_EQ(Expire(), 1);
  EXPECT_THAT(
      Lines(outbox()),
      ElementsAre("ci/build error No result within 1 h", "ci/build pending "));
}

// Of two repositories that turn out to be one.
TEST_P(OutboxContract, ReportsOfACommitAreMerged) {
  Accept(On(Pending(1, "old"), "old"));
  Observe(On(ResultOf(Result::kSuccess, 0, "seen"), "old", 'a', "cov"), 5);
  Observe(On(ResultOf(Result::kSuccess, 0, "newer"), "old", 'a', "x"), 6);
  Accept(On(Pending(2, "new"), "new"));
  Observe(On(ResultOf(Result::kSuccess, 0, "older"), "new", 'a', "x"), 4);
  Rename("old", "new");
  const std::vector<std::string> lines = Lines(outbox(), "old");
  EXPECT_THAT(lines,
              testing::IsSupersetOf({"ci/build pending new",
                                     "cov success seen (5 of "
                                     "somebody)",
                                     "x success newer (6 of somebody)"}));
  EXPECT_EQ(Page(outbox(), 0, 10, "old").repository.name, "new");
  EXPECT_THAT(Lines(outbox(), "new"), ElementsAreArray(lines));
  // A commit with a pending is kept.
  clock_.Advance(absl::Hours(24));
  EXPECT_EQ(Expire(), 1);
  PostAll();
  clock_.Advance(absl::Hours(24 * 100));
  ForgetOlderThan(absl::Hours(24 * 90));
  EXPECT_THAT(Lines(outbox(), "new"), IsEmpty());
}

// The newest report of a merged context does not count: its run is older. The
// pages still have it in its place.
TEST_P(OutboxContract, MergedReportsOfACommitAreInTheirOrder) {
  const int64_t counts = Accept(ResultOf(Result::kSuccess, 5)).sequence;
  const int64_t other = Accept(On(Pending(1), "widgets", 'a', "lint")).sequence;
  const int64_t late = Accept(On(Pending(3), "old")).sequence;
  Rename("old", "widgets");
  for (int limit = 1; limit <= 4; ++limit) {
    EXPECT_THAT(Sequences(outbox(), limit), ElementsAre(late, other, counts))
        << limit;
  }
}

TEST_P(OutboxContract, ReportsOfACommitAreForgottenWithTheCommit) {
  Observe(ResultOf(Result::kSuccess), 7);
  Accept(On(ResultOf(Result::kSuccess, 1), "widgets", 'a', "lint"));
  PostAll();
  clock_.Advance(absl::Hours(24 * 100));
  ForgetOlderThan(absl::Hours(24 * 90));
  EXPECT_FALSE(IsKnown("widgets"));
  EXPECT_THAT(Lines(outbox()), IsEmpty());
}

// GitHub, too, takes a thousand statuses of a context and commit.
TEST_P(OutboxContract, ReportsOfAContextAreTheNewestThousand) {
  std::vector<Submission> submissions;
  for (int attempt = 1; attempt <= 1100; ++attempt) {
    submissions.push_back(Of({Pending(attempt)}));
  }
  Accept(submissions);
  EXPECT_EQ(Sequences(outbox(), 100).size(), 1000u);
}

}  // namespace
}  // namespace signalbox
