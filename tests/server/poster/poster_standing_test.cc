// The transaction that accepts a result takes it out for an idle credential.

#include "gmock/gmock.h"
#include "tests/server/poster/poster_fixture.h"

namespace signalbox {
namespace {

using testing::ElementsAre;

class PosterStandingTest : public PosterTest {
 protected:
  // Posts once, so that the poster knows the credential and waits.
  void SetUp() override {
    Unpace();
    Say(Ended("acme/first", Result::kSuccess));
    RunFor(absl::Seconds(1));
    outbox_->turns = 0;
  }
};

TEST_F(PosterStandingTest, ThePostOfAResultNeedsNoTransactionOfItsOwn) {
  Say(Ended("acme/app", Result::kSuccess));
  poster_->RunOnce();
  EXPECT_EQ(outbox_->turns, 0);
  EXPECT_EQ(poster_->InFlight(), 1);
  transport_->DeliverDue();
  EXPECT_EQ(ShownState("acme/app"), "success");
  poster_->RunOnce();
  EXPECT_EQ(outbox_->turns, 1);
  EXPECT_EQ(PostingOf("acme/app").state, PostingState::kPosted);
}

TEST_F(PosterStandingTest, OnlyTheNewestReportIsPosted) {
  Say(Ended("acme/app", Result::kSuccess, 1));
  Say(Ended("acme/app", Result::kFailure, 2));
  RunFor(absl::Seconds(1));
  EXPECT_THAT(States("acme/app"), ElementsAre("failure"));
}

TEST_F(PosterStandingTest, APendingIsTakenOutByThePoster) {
  Say(Pending("acme/app"));
  RunFor(absl::Seconds(1));
  EXPECT_EQ(ShownState("acme/app"), "pending");
  EXPECT_EQ(outbox_->turns, 2);
}

TEST_F(PosterStandingTest, EachResultOfARowIsTakenOutAtOnce) {
  for (int i = 0; i < 5; ++i) {
    KeyReport report = Ended("acme/app", Result::kSuccess);
    report.sha = ShaOf(i);
    Say(report);
    RunFor(absl::Milliseconds(10));
    EXPECT_EQ(ShownState("acme/app", ShaOf(i)), "success");
  }
  EXPECT_EQ(outbox_->turns, 5);
}

TEST_F(PosterStandingTest, WhatTheGateRefusesIsPostedLater) {
  Say(Ended("acme/app", Result::kSuccess));
  gate_->Block("github.com/acme", clock_.Look().steady + absl::Seconds(30));
  RunFor(absl::Seconds(29));
  EXPECT_EQ(ShownState("acme/app"), "nothing");
  RunFor(absl::Seconds(1));
  EXPECT_EQ(ShownState("acme/app"), "success");
  // It was never sent, so nothing had to be read back.
  EXPECT_EQ(transport_->reads, 0);
}

TEST_F(PosterStandingTest, ALeaseThatIsTooOldIsReturned) {
  Say(Ended("acme/app", Result::kSuccess));
  clock_.Advance(absl::Seconds(4));
  poster_->RunOnce();
  EXPECT_EQ(outbox_->turns, 1);  // Returned, and taken out again.
  EXPECT_EQ(poster_->InFlight(), 1);
  EXPECT_EQ(outbox_->last_lease_end, clock_.Now() + absl::Seconds(15));
}

// Somebody set the clock between the taking-out and the post.
TEST_F(PosterStandingTest, ALeaseEndsByTheSteadyClock) {
  Say(Ended("acme/app", Result::kSuccess));
  clock_.Advance(absl::Seconds(4));
  clock_.Jump(-absl::Hours(1));
  poster_->RunOnce();
  EXPECT_EQ(outbox_->turns, 1);  // Returned, and taken out again.
  EXPECT_EQ(outbox_->last_lease_end, clock_.Now() + absl::Seconds(15));
  RunFor(absl::Minutes(1));
  EXPECT_EQ(ShownState("acme/app"), "success");
}

TEST_F(PosterStandingTest, AClosedPosterGivesBackWhatWasTaken) {
  Say(Ended("acme/app", Result::kSuccess));
  poster_->Close();
  poster_->RunOnce();
  Say(Ended("acme/later", Result::kSuccess));
  StartPoster();
  Learn();
  Unpace();
  RunFor(absl::Milliseconds(10));
  EXPECT_EQ(ShownState("acme/app"), "success");
  EXPECT_EQ(ShownState("acme/later"), "success");
}

TEST_F(PosterStandingTest, ADestroyedPosterLeavesNoRequests) {
  poster_.reset();
  Say(Ended("acme/app", Result::kSuccess));
  StartPoster();
  Learn();
  Unpace();
  RunFor(absl::Milliseconds(10));
  EXPECT_EQ(ShownState("acme/app"), "success");
}

// One slot in 20 is for a pending that has been due for over a minute.
TEST_F(PosterStandingTest, APendingThatIsLongDueStillGetsItsSlot) {
  PaceOptions pace;
  pace.per_minute = 0;
  pace.max_in_flight = 1;
  limiter_->SetPace("github.com/acme", pace);
  gate_->Block("github.com/acme", clock_.Look().steady + absl::Minutes(2));
  Say(Pending("acme/long"));
  RunFor(absl::Minutes(1) + absl::Seconds(59));
  for (int i = 0; i < 40; ++i) {
    KeyReport report = Ended("acme/app", Result::kSuccess);
    report.sha = ShaOf(i);
    Say(report);
  }
  clock_.Advance(absl::Seconds(1));
  for (int i = 0; i < 21; ++i) {
    poster_->RunOnce();
    transport_->DeliverDue();
  }
  EXPECT_EQ(ShownState("acme/long"), "pending");
}

TEST_F(PosterStandingTest, SeveralMayBeInFlight) {
  Unpace(/*max_in_flight=*/2);
  Say(Ended("acme/a", Result::kSuccess));
  RunFor(absl::Seconds(1));
  outbox_->turns = 0;
  Say(Ended("acme/b", Result::kSuccess));
  poster_->RunOnce();
  Say(Ended("acme/c", Result::kSuccess));
  poster_->RunOnce();
  EXPECT_EQ(outbox_->turns, 0);
  EXPECT_EQ(poster_->InFlight(), 2);
  transport_->DeliverDue();
  EXPECT_THAT(
      (std::vector<std::string>{ShownState("acme/b"), ShownState("acme/c")}),
      ElementsAre("success", "success"));
}

}  // namespace
}  // namespace signalbox
