// The poster begins requests only in its term.

#include "tests/server/poster/poster_fixture.h"
#include "tests/support/key_report.h"

namespace signalbox {
namespace {

class PosterTermTest : public PosterTest {
 protected:
  // Another process takes the term over.
  Term TakeOver() {
    const absl::StatusOr<Term> term =
        outbox_->Claim(*outbox_->Look(), "another", "", clock_.Now());
    EXPECT_TRUE(term.ok()) << term.status();
    return term.value_or(Term());
  }
};

TEST_F(PosterTermTest, WithoutATermNothingBegins) {
  const std::optional<Term> term = poster_->term();
  ASSERT_TRUE(term.has_value());
  poster_->SetTerm(std::nullopt);
  Say(Ended("acme/web", Result::kSuccess));
  RunFor(absl::Minutes(1));
  EXPECT_EQ(fake_->rules().request_count(), 0);
  poster_->SetTerm(*term);
  RunFor(absl::Seconds(1));
  EXPECT_EQ(ShownState("acme/web"), "success");
}

TEST_F(PosterTermTest, WhenItsTermIsOverItBeginsNothingAndSettlesWhatEnds) {
  Unpace(8);
  Say(Ended("acme/web", Result::kSuccess));
  poster_->RunOnce();
  EXPECT_EQ(poster_->InFlight(), 1);
  TakeOver();
  Say(Ended("acme/app", Result::kSuccess));
  transport_->DeliverDue();
  RunFor(absl::Seconds(1));
  EXPECT_EQ(poster_->term(), std::nullopt);
  EXPECT_EQ(poster_->InFlight(), 0);
  EXPECT_EQ(PostingOf("acme/web").state, PostingState::kPosted);
  EXPECT_EQ(ShownState("acme/app"), "nothing");
  EXPECT_EQ(PostingOf("acme/app").state, PostingState::kDue);
  // It waits for a term, not for the store.
  EXPECT_EQ(poster_->RunOnce(), absl::InfiniteFuture());
}

TEST_F(PosterTermTest, ItLearnsThatItsTermIsOverWithNothingToSettle) {
  TakeOver();
  Say(Ended("acme/web", Result::kSuccess));
  RunFor(absl::Seconds(1));
  EXPECT_EQ(poster_->term(), std::nullopt);
  EXPECT_EQ(transport_->sent.size(), 0u);
}

// The outbox no longer uses the poster's standing requests.
TEST_F(PosterTermTest, AResultOfAnotherTermIsNotTakenOut) {
  Unpace(8);
  Say(Ended("acme/first", Result::kSuccess));
  RunFor(absl::Seconds(1));
  const Term other = TakeOver();
  Say(Ended("acme/web", Result::kSuccess));
  LeaseRequest request;
  request.credential = "github.com/acme";
  request.lease_time = absl::Seconds(15);
  const auto leases = outbox_->Turn(other, {}, {&request, 1}, clock_.Now());
  ASSERT_TRUE(leases.ok()) << leases.status();
  EXPECT_TRUE(leases->front().has_value());
}

// By the wall clock, which somebody has set, the lease is over.
TEST_F(PosterTermTest, WhatAnotherProcessLeftIsReadBackTwelveSecondsLater) {
  Unpace(8);
  const Term other = TakeOver();
  Say(Ended("acme/web", Result::kSuccess));
  LeaseRequest request;
  request.credential = "github.com/acme";
  request.lease_time = absl::Seconds(15);
  const auto leases = outbox_->Turn(other, {}, {&request, 1}, clock_.Now());
  ASSERT_TRUE(leases.ok()) << leases.status();
  ASSERT_TRUE(leases->front().has_value());
  clock_.Jump(absl::Minutes(1));
  poster_->SetTerm(TakeOver());
  RunFor(absl::Milliseconds(11'900));
  EXPECT_EQ(transport_->reads, 0);
  RunFor(absl::Seconds(1));
  EXPECT_EQ(transport_->reads, 1);
  EXPECT_EQ(ShownState("acme/web"), "success");
}

TEST_F(PosterTermTest, WithATermItObeysThePausesOfOthers) {
  poster_->SetTerm(std::nullopt);
  Say(Ended("acme/web", Result::kSuccess));
  RunFor(absl::Seconds(1));
  ASSERT_TRUE(
      outbox_->SetPause("github.com/acme", absl::Seconds(30), clock_.Now())
          .ok());
  poster_->SetTerm(TakeOver());
  RunFor(absl::Seconds(29));
  EXPECT_EQ(ShownState("acme/web"), "nothing");
  RunFor(absl::Seconds(1));
  EXPECT_EQ(ShownState("acme/web"), "success");
}

}  // namespace
}  // namespace signalbox
