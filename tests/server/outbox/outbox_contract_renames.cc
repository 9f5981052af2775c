// What a new name of a repository does: old names still find it, and the
// entries under both names become one.

#include <utility>

#include "gmock/gmock.h"
#include "tests/server/outbox/outbox_contract.h"
#include "tests/support/key_report.h"

namespace signalbox {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST_P(OutboxContract, ARenamedRepositoryGoesByBothNames) {
  Accept(On(Pending(1), "acme/old"));
  Rename("acme/old", "acme/new", 77);
  for (const char* name : {"acme/old", "acme/new"}) {
    const CommitView commit = Commit(name);
    EXPECT_EQ(commit.repository.FullName(), "acme/new");
    EXPECT_EQ(commit.statuses.size(), 1u);
  }
  Accept(On(ResultOf(Result::kSuccess, 1), "acme/old"));
  // GitHub is asked first whether that still is the old name.
  EXPECT_EQ(TakeResult(), std::nullopt);
  Answer("acme/old", "acme/new", 77);
  const std::optional<Lease> lease = TakeResult();
  ASSERT_TRUE(lease.has_value());
  EXPECT_EQ(lease->repository.FullName(), "acme/new");
  EXPECT_EQ(lease->repository_id, 77);
  EXPECT_EQ(lease->version, 2);
  const auto commits = outbox().ListCommits(Repo("acme/old"), 0, 10);
  ASSERT_TRUE(commits.ok());
  EXPECT_EQ(commits->size(), 1u);
}

TEST_P(OutboxContract, ATransferChangesTheCredential) {
  Accept(On(ResultOf(Result::kSuccess), "acme/app"));
  EXPECT_THAT(DueCredentials(), ElementsAre("acme"));
  Rename("acme/app", "labs/app", 77);
  EXPECT_THAT(DueCredentials(), ElementsAre("labs"));
  EXPECT_EQ(TakeResult(), std::nullopt);
  EXPECT_TRUE(Take(Request(false, "labs")).has_value());
}

TEST_P(OutboxContract, ANewNameRevivesWhatCouldNotBeFound) {
  Accept(On(ResultOf(Result::kSuccess), "acme/app"));
  Settle(*TakeResult(), Settlement::Kind::kAbandoned);
  Rename("acme/app", "labs/app", 77);
  EXPECT_TRUE(Take(Request(false, "labs")).has_value());
}

// The farm has the new name and the shim the old one, until the rename comes.
TEST_P(OutboxContract, TwoNamesOfOneRepositoryAreMergedByJudge) {
  Accept(On(ResultOf(Result::kSuccess, 5), "acme/old", 'a'));
  Accept(On(ResultOf(Result::kFailure, 4), "acme/new", 'a'));
  Accept(On(Pending(1), "acme/old", 'b'));
  Accept(On(ResultOf(Result::kFailure, 1), "acme/new", 'b'));
  Accept(On(Pending(1), "acme/old", 'a', "ci/lint"));
  Accept(On(Pending(1), "acme/old", 'c'));
  Rename("acme/old", "acme/new", 77);

  const CommitView merged = Commit("acme/new", 'a');
  ASSERT_EQ(merged.statuses.size(), 2u);
  EXPECT_EQ(merged.statuses[0].state, CommitState::kSuccess);
  EXPECT_EQ(merged.statuses[0].attempt, 5);
  EXPECT_EQ(merged.statuses[1].context, "ci/lint");
  EXPECT_EQ(Status("acme/old", 'b').state, CommitState::kFailure);
  EXPECT_EQ(Status("acme/new", 'c').state, CommitState::kPending);
  EXPECT_EQ(HistoryOf(On(Pending(), "acme/new", 'b')).reports.size(), 2u);
  const auto commits = outbox().ListCommits(std::nullopt, 0, 10);
  ASSERT_TRUE(commits.ok());
  EXPECT_EQ(commits->size(), 3u);
  for (const CommitSummary& commit : *commits) {
    EXPECT_EQ(commit.repository.FullName(), "acme/new");
    EXPECT_EQ(commit.state,
              CombinedState(Commit("acme/new", commit.sha.Hex()[0]).statuses));
    EXPECT_EQ(static_cast<size_t>(commit.status_count),
              Commit("acme/new", commit.sha.Hex()[0]).statuses.size());
  }
  // Everything is posted once more, or found to be shown already.
  PostAll();
  EXPECT_EQ(Status("acme/new", 'c').posting.state, PostingState::kPosted);
}

// The server accepted both reports, so it must know which one GitHub shows.
TEST_P(OutboxContract, AMergeKnowsWhetherTheNewestTextWins) {
  const KeyReport second = ResultOf(Result::kSuccess, 0, "two");
  for (const auto& [sha, report] :
       {std::pair('a', second), {'b', Newest(second)}}) {
    Accept(On(ResultOf(Result::kSuccess, 0, "one"), "acme/old", sha));
    // So that the second report finds a row.
    Accept(On(Pending(), "acme/new", sha));
    Accept(On(report, "acme/new", sha));
  }
  Rename("acme/old", "acme/new", 77);
  EXPECT_EQ(Status("acme/new", 'a').description, "one");
  EXPECT_EQ(Status("acme/new", 'b').description, "two");
}

// As if the later report arrived now.
TEST_P(OutboxContract, AMergeRenewsTheExpiryOfARepeatedPending) {
  const KeyReport usual = Pending(3);
  KeyReport never = usual;
  never.expires_after = absl::InfiniteDuration();
  Accept(On(usual, "acme/old", 'a'));
  Accept(On(never, "acme/new", 'a'));
  Accept(On(never, "acme/old", 'b'));
  Accept(On(usual, "acme/new", 'b'));
  Rename("acme/old", "acme/new", 77);
  EXPECT_EQ(Status("acme/new", 'a').expire_time, std::nullopt);
  EXPECT_NE(Status("acme/new", 'b').expire_time, std::nullopt);
  clock_.Advance(absl::Hours(24));
  EXPECT_EQ(Expire(), 1);
  EXPECT_EQ(Status("acme/new", 'a').state, CommitState::kPending);
  EXPECT_EQ(Status("acme/new", 'b').description, "No result within 6 h");
}

// Of each series the larger number is known afterwards. Of equal numbers, the
// run that got further is.
TEST_P(OutboxContract, AMergeKnowsTheRunsOfBothNames) {
  for (const KeyReport& report : {InSeries("a", ResultOf(Result::kSuccess, 7)),
                                  InSeries("b", ResultOf(Result::kFailure, 1)),
                                  InSeries("c", Pending(1))}) {
    Accept(On(report, "acme/old"));
  }
  for (const KeyReport& report :
       {InSeries("b", Pending(1)), InSeries("d", Pending(3)),
        InSeries("a", Pending(8)), InSeries("e", Pending(1))}) {
    Accept(On(report, "acme/new"));
  }
  Rename("acme/old", "acme/new", 77);
  EXPECT_EQ(Status("acme/new").series, "e");
  EXPECT_EQ(Status("acme/new").attempt, 1);
  for (const auto& [report, wanted] :
       {std::pair(InSeries("a", ResultOf(Result::kError, 7)),
                  Disposition::kSuperseded),
        {InSeries("b", ResultOf(Result::kError, 1)), Disposition::kSuperseded},
        {InSeries("d", Pending(2)), Disposition::kSuperseded},
        {InSeries("c", ResultOf(Result::kError, 1)), Disposition::kAccepted},
        {InSeries("a", ResultOf(Result::kError, 8)), Disposition::kAccepted},
        {InSeries("b", ResultOf(Result::kError, 2)), Disposition::kAccepted}}) {
    EXPECT_EQ(Accept(On(report, "acme/new")).disposition, wanted)
        << report.series << " " << report.attempt;
  }
  // The rows of both are gone with them.
  PostAll();
  clock_.Advance(absl::Hours(48));
  ForgetOlderThan(absl::ZeroDuration());
  EXPECT_FALSE(IsKnown("acme/new"));
}

// When the try ends, its own row is gone. The other row must not conclude that
// nothing was sent.
TEST_P(OutboxContract, AMergeDoesNotForgetATryInFlight) {
  Accept(On(ResultOf(Result::kSuccess, 1), "acme/old"));
  const std::optional<Lease> lease = TakeResult();
  ASSERT_TRUE(lease.has_value());
  Accept(On(ResultOf(Result::kFailure, 2), "acme/new"));
  Rename("acme/old", "acme/new", 77);
  Settle(*lease, Settlement::Kind::kPosted);
  EXPECT_EQ(TakeResult(), std::nullopt);
  clock_.Advance(kAmbiguousWait);
  const std::optional<Lease> next = TakeResult();
  ASSERT_TRUE(next.has_value());
  EXPECT_EQ(next->wanted.state, CommitState::kFailure);
  EXPECT_TRUE(next->ambiguous_since.has_value());
}

// By its number the server finds the repository under its next name.
TEST_P(OutboxContract, ANumberIsLearntFromADeliveryThatChangesNothing) {
  Accept(On(WebhookPending(), "acme/app"));
  KeyReport again = On(WebhookPending(), "acme/app");
  again.repository_id = 77;
  Submission submission = Of({again});
  submission.delivery = Delivery{"guid", "", "pull_request", "edited"};
  const auto outcomes = outbox().Accept({&submission, 1}, Now());
  ASSERT_TRUE(outcomes.ok());
  EXPECT_EQ(outcomes->front().receipts.front().disposition,
            Disposition::kUnchanged);
  EXPECT_EQ(outbox().Repositories(CanonicalName(), 1)->front().github_id, 77);
}

TEST_P(OutboxContract, ARepositoryIsRecognisedByItsNumber) {
  Deliver(On(WebhookPending(), "acme/old"), 77);
  KeyReport report = On(WebhookPending(), "acme/new", 'b');
  report.repository_id = 77;
  // A number from a farm may be wrong, so it does not count.
  Accept(report);
  EXPECT_FALSE(IsKnown("acme/old", 'b'));
  EXPECT_THAT(Asked(), IsEmpty());
  Submission submission = Of({On(report, "acme/newer", 'b')});
  submission.delivery = Delivery{"guid", "", "pull_request", "opened"};
  // Nor does a number from a caller without rights to the old name.
  submission.may_report = [](const Repository& repository) {
    return repository.name == "newer" ? absl::OkStatus()
                                      : absl::PermissionDeniedError("no");
  };
  Receipts(submission);
  EXPECT_FALSE(IsKnown("acme/old", 'b'));
  submission.may_report = nullptr;
  submission.delivery->id = "other guid";
  SetReport(&submission, On(report, "acme/newest", 'c'));
  Receipts(submission);
  // The report goes to the repository with the number, and GitHub is asked.
  EXPECT_EQ(Commit("acme/newest", 'c').repository.FullName(), "acme/old");
  Answer("77", "acme/newest", 77);
  EXPECT_EQ(Commit("acme/old", 'c').repository.FullName(), "acme/newest");
  EXPECT_EQ(Commit("acme/newest", 'a').repository.FullName(), "acme/newest");
}

// A right to the old name is no right to the repository's new name.
TEST_P(OutboxContract, AnOldNameGivesNoRightsToTheNewOne) {
  Accept(On(Pending(1), "acme/app"));
  Rename("acme/app", "labs/app", 77);
  Submission submission = Of({On(ResultOf(Result::kSuccess, 1), "acme/app")});
  submission.may_report = [](const Repository& repository) {
    return repository.owner == "acme" ? absl::OkStatus()
                                      : absl::PermissionDeniedError("no");
  };
  EXPECT_EQ(Accept({submission}).front().status.code(),
            absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Status("labs/app").state, CommitState::kPending);
  EXPECT_EQ(HistoryOf(On(Pending(), "labs/app")).reports.size(), 1u);
}

// Somebody makes a new repository with the name that became free.
TEST_P(OutboxContract, AnOtherNumberEndsAnOldName) {
  Deliver(On(Pending(1), "acme/old"), 77);
  Rename("acme/old", "acme/new", 77);
  Deliver(On(Pending(1), "acme/old", 'b'), 78);
  EXPECT_EQ(Commit("acme/old", 'b').repository.FullName(), "acme/old");
  EXPECT_FALSE(IsKnown("acme/new", 'b'));
  EXPECT_FALSE(IsKnown("acme/old", 'a'));
  EXPECT_TRUE(IsKnown("acme/new", 'a'));
}

TEST_P(OutboxContract, NamesCanGoBackAndForth) {
  Accept(On(Pending(1), "acme/one"));
  Rename("acme/one", "acme/two", 7);
  Rename("acme/two", "acme/three", 7);
  Rename("acme/three", "acme/one", 7);
  for (const char* name : {"acme/one", "acme/two", "acme/three"}) {
    EXPECT_EQ(Commit(name).repository.FullName(), "acme/one") << name;
  }
  Rename("acme/one", "acme/ONE", 7);
  EXPECT_TRUE(IsKnown("acme/one"));
}

TEST_P(OutboxContract, AnUnknownRepositoryCanBeRenamed) {
  Rename("acme/old", "acme/new", 7);
  Accept(On(Pending(1), "acme/old"));
  EXPECT_EQ(Commit("acme/new").repository.FullName(), "acme/new");
}

}  // namespace
}  // namespace signalbox
