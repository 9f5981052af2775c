#include "server/rpc/explain.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signalbox {
namespace {

using testing::HasSubstr;
using testing::Not;

class NextStepTest : public testing::Test {
 protected:
  NextStepTest() {
    history_.credential = "github.com/acme";
    history_.status.state = CommitState::kSuccess;
  }

  std::string Step(PostingState state, const std::string& reason = "") {
    history_.status.posting.state = state;
    history_.status.posting.reason = reason;
    return NextStep(history_, trouble_, now_);
  }

  const absl::Time now_ = absl::FromCivil(
      absl::CivilSecond(2026, 6, 1, 10, 0, 0), absl::UTCTimeZone());
  History history_;
  CredentialTrouble trouble_;
};

TEST_F(NextStepTest, SaysWhenNothingIsToBeDone) {
  EXPECT_EQ(Step(PostingState::kPosted), "Nothing: GitHub shows it.");
  EXPECT_THAT(Step(PostingState::kObserved), HasSubstr("no report of it"));
}

TEST_F(NextStepTest, SaysWhatHasOvertakenIt) {
  const std::string sha(40, 'b');
  EXPECT_THAT(Step(PostingState::kAbandoned, kOvertaken),
              HasSubstr("has a newer head, so the server posts nothing"));
  history_.status.posting.overtaken_by = *ParseSha(sha);
  const std::string step = Step(PostingState::kAbandoned, kOvertaken);
  EXPECT_THAT(step, HasSubstr("newer head, " + sha + ", so the server"));
  EXPECT_THAT(step, Not(HasSubstr("retry")));
}

TEST_F(NextStepTest, SaysWhatCanRevive) {
  const std::string step =
      Step(PostingState::kAbandoned, "REPOSITORY_ARCHIVED");
  EXPECT_THAT(step, HasSubstr("archived"));
  EXPECT_THAT(step, HasSubstr("REPOSITORY_ARCHIVED"));
  EXPECT_THAT(step, HasSubstr("RetryPost"));
}

TEST_F(NextStepTest, SaysWhenTheNextTryIs) {
  history_.status.posting.next_try_time = now_ + absl::Seconds(150);
  const std::string step = Step(PostingState::kWaiting, "NO_COMMIT_FOUND");
  EXPECT_THAT(step, HasSubstr("NO_COMMIT_FOUND"));
  EXPECT_THAT(step, HasSubstr("2026-06-01 10:02:30 UTC (in 2 min 30 s)"));
}

TEST_F(NextStepTest, SaysThatTheRepositoryIsParked) {
  history_.parked_since = now_ - absl::Hours(2);
  history_.status.posting.next_try_time = now_ + absl::Seconds(150);
  const std::string step = Step(PostingState::kWaiting, "REPOSITORY_ARCHIVED");
  EXPECT_THAT(step, HasSubstr("since 2026-06-01 08:00:00 UTC"));
  EXPECT_THAT(step, HasSubstr("REPOSITORY_ARCHIVED"));
  EXPECT_THAT(step, HasSubstr("2026-06-01 10:02:30 UTC (in 2 min 30 s)"));
  EXPECT_THAT(step, HasSubstr("RetryPost"));
}

TEST_F(NextStepTest, SaysWhatItsCredentialWaitsFor) {
  trouble_ = {"RATE_LIMITED", now_ + absl::Hours(1)};
  const std::string step = Step(PostingState::kDue);
  EXPECT_THAT(step, HasSubstr("github.com/acme must wait"));
  EXPECT_THAT(step, HasSubstr("2026-06-01 11:00:00 UTC (in 1 h 0 min)"));
  trouble_.until = absl::InfiniteFuture();
  EXPECT_THAT(Step(PostingState::kDue), Not(HasSubstr("may post again")));
  trouble_ = {};
  EXPECT_THAT(Step(PostingState::kDue), HasSubstr("waits for its turn"));
  history_.in_flight = true;
  EXPECT_EQ(Step(PostingState::kDue), "A request to GitHub is under way.");
}

TEST_F(NextStepTest, SaysWhenAPendingExpires) {
  history_.status.expire_time = now_ + absl::Hours(6);
  EXPECT_THAT(Step(PostingState::kPosted),
              HasSubstr("becomes an error at 2026-06-01 16:00:00 UTC"));
}

TEST_F(NextStepTest, SaysThatAPendingNeverExpires) {
  history_.status.state = CommitState::kPending;
  EXPECT_EQ(Step(PostingState::kPosted),
            "Nothing: GitHub shows it. The pending never expires.");
}

TEST_F(NextStepTest, WithoutACredentialThatIsSaid) {
  history_.credential.clear();
  history_.repository = {"github.com", "acme", "widgets"};
  EXPECT_THAT(Step(PostingState::kDue),
              HasSubstr("will not be posted: no credential for acme"));
  EXPECT_THAT(Step(PostingState::kDue), HasSubstr("NO_CREDENTIAL"));
}

// A person who asks why a pull request is yellow must not get "due".
TEST(WithCredentialWaitTest, WhatIsDueShowsWhatItsCredentialWaitsFor) {
  const absl::Time until = absl::UnixEpoch() + absl::Hours(5);
  Posting due;
  const Posting shown = WithCredentialWait(due, {"RATE_LIMITED", until});
  EXPECT_EQ(shown.state, PostingState::kWaiting);
  EXPECT_EQ(shown.reason, "RATE_LIMITED");
  EXPECT_EQ(shown.next_try_time, until);
  EXPECT_EQ(WithCredentialWait(due, {"HOST_DOWN", absl::InfiniteFuture()})
                .next_try_time,
            due.next_try_time);
  EXPECT_EQ(WithCredentialWait(due, {}).state, PostingState::kDue);
  for (const PostingState state :
       {PostingState::kPosted, PostingState::kWaiting, PostingState::kAbandoned,
        PostingState::kObserved}) {
    Posting other;
    other.state = state;
    other.reason = "ITS_OWN";
    EXPECT_EQ(WithCredentialWait(other, {"RATE_LIMITED", until}).state, state);
    EXPECT_EQ(WithCredentialWait(other, {"RATE_LIMITED", until}).reason,
              "ITS_OWN");
  }
}

// Only a restart with another configuration leads to a try.
TEST(WithCredentialWaitTest, WithoutACredentialThereIsNoNextTry) {
  Posting due;
  due.next_try_time = absl::UnixEpoch();
  EXPECT_EQ(WithCredentialWait(due, {kNoCredential}).next_try_time,
            std::nullopt);
}

class DecisionTest : public testing::Test {
 protected:
  void Add(int64_t sequence, const std::string& reason, int second) {
    RecordedTry recorded;
    recorded.sequence = sequence;
    recorded.attempted.reason = reason;
    recorded.attempted.begin_time =
        absl::UnixEpoch() + absl::Seconds(second) + absl::Milliseconds(300);
    history_.tries.push_back(recorded);
    RecordedReport report;
    report.sequence = sequence;
    history_.reports.push_back(report);
  }
  std::string Last() {
    return DecisionAfter(history_, history_.tries.size() - 1);
  }

  History history_;
};

TEST_F(DecisionTest, FollowsFromWhatCameNext) {
  Add(1, "SERVER_ERROR", 0);
  Add(1, "READ", 12);
  Add(1, "NO_COMMIT_FOUND", 12);
  Add(2, "DESCRIPTION_REFUSED", 20);
  Add(2, "POSTED", 20);
  const std::string expected[] = {
      "tried again after 12 s",
      "the server read what GitHub shows, and went on",
      "a newer report was tried after 8 s", "tried again at once", "done"};
  for (size_t i = 0; i < history_.tries.size(); ++i) {
    EXPECT_EQ(DecisionAfter(history_, i), expected[i]) << i;
  }
}

TEST_F(DecisionTest, FollowsFromHowItStands) {
  Add(1, "SERVER_ERROR", 0);
  Posting& posting = history_.status.posting;
  posting.state = PostingState::kWaiting;
  EXPECT_EQ(Last(), "the server will try again");
  posting.state = PostingState::kAbandoned;
  EXPECT_EQ(Last(), "abandoned");
  posting.state = PostingState::kPosted;
  EXPECT_EQ(Last(), "GitHub already shows it");
  RecordedReport newer;
  newer.sequence = 2;
  history_.reports.push_back(newer);
  posting.state = PostingState::kDue;
  EXPECT_EQ(Last(), "a newer report takes its place");
}

}  // namespace
}  // namespace signalbox
