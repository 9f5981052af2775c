// A post with a slow store, or while somebody sets the clock.

#include "tests/server/poster/poster_fixture.h"
#include "tests/support/key_report.h"
#include "tests/support/turns.h"

namespace signalbox {
namespace {

using testing::ElementsAre;

class PosterClockTest : public PosterTest {
 protected:
  PosterClockTest() {
    Unpace(8);
    transport_->hook_reads = true;
    transport_->hook = [this](const HttpRequest& request)
        -> std::optional<absl::StatusOr<HttpResponse>> {
      if (request.method == "POST") {
        last_post_ = clock_.Steady();
        lease_left_.push_back(outbox_->last_lease_end - clock_.Now());
      } else if (absl::StrContains(request.url, "/commits/")) {
        reads_.push_back(clock_.Steady() - last_post_);
      }
      return std::nullopt;
    };
  }

  SteadyTime last_post_;
  std::vector<absl::Duration> lease_left_;  // At each post, redirects included.
  std::vector<absl::Duration> reads_;       // How long after the last post.
};

// GitHub can act for 10 s on a request, however long the store took before.
TEST_F(PosterClockTest, ASlowStoreMakesNoEarlyRead) {
  for (const int seconds : {1, 3, 5, 9}) {
    outbox_->commit_time = absl::Seconds(seconds);
    Fail("reset_after_apply");
    const std::string name = absl::StrCat("acme/web", seconds);
    Say(Ended(name, Result::kSuccess));
    RunFor(absl::Minutes(5));
    ASSERT_EQ(reads_.size(), 1u) << seconds;
    EXPECT_GE(reads_[0], absl::Seconds(12)) << seconds;
    EXPECT_EQ(PostingOf(name).state, PostingState::kPosted);
    reads_.clear();
  }
}

// The next process takes over after the lease. By then no request may take
// effect any more.
TEST_F(PosterClockTest, NoRequestOutlastsItsLease) {
  for (const int tenths : {0, 5, 25, 40, 100, 300}) {
    outbox_->commit_time = absl::Milliseconds(100) * tenths;
    KeyReport report = Ended("acme/web", Result::kSuccess);
    report.sha = ShaOf(tenths);
    Say(report);
    RunFor(absl::Minutes(10));
    EXPECT_EQ(ShownState("acme/web", ShaOf(tenths)), "success") << tenths;
    ASSERT_FALSE(lease_left_.empty());
    for (const absl::Duration left : lease_left_) {
      EXPECT_GE(left, absl::Seconds(12)) << tenths;
    }
    lease_left_.clear();
  }
}

TEST_F(PosterClockTest, APostIsSentOnOnlyWhileItsLeaseLasts) {
  fake_->rules().RenameRepository("acme/web", "acme/site");
  for (const int tenths : {2, 10, 20, 29}) {
    // The store takes most of the time that a redirect may take.
    outbox_->commit_time = absl::Milliseconds(100) * tenths;
    fake_->SetDelay(absl::Seconds(2));
    KeyReport report = Ended("acme/web", Result::kSuccess);
    report.sha = ShaOf(tenths);
    Say(report);
    RunFor(absl::Minutes(10));
    EXPECT_EQ(ShownState("acme/site", ShaOf(tenths)), "success") << tenths;
    for (const absl::Duration left : lease_left_) {
      EXPECT_GE(left, absl::Seconds(12)) << tenths;
    }
    lease_left_.clear();
  }
}

// The entry becomes due after a pass has looked for due entries, and before the
// pass ends. Nothing else wakes the poster then.
TEST_F(PosterClockTest, WhatBecomesDueDuringAPassIsPostedAtOnce) {
  Say(Pending("acme/web"));
  const absl::Time due_time =
      clock_.Now() + outbox_->FindDueWork(clock_.Now())->next_in;
  ASSERT_LT(due_time, absl::InfiniteFuture());
  clock_.Advance(due_time - absl::Milliseconds(5) - clock_.Now());
  outbox_->look_time = absl::Milliseconds(10);
  RunFor(absl::Seconds(1));
  EXPECT_EQ(ShownState("acme/web"), "pending");
}

// The process is stopped between its last look at the clock and the socket.
class PosterLateTest : public PosterClockTest {
 protected:
  // Sends the first post late.
  void PostLate(const std::string& full_name) {
    const InterceptingTransport::Hook watch = transport_->hook;
    transport_->hook = [this, watch](const HttpRequest& request) {
      if (request.method == "POST") clock_.Advance(absl::Seconds(20));
      return watch(request);
    };
    Say(Ended(full_name, Result::kSuccess));
    poster_->RunOnce();
    transport_->hook = watch;
  }
};

TEST_F(PosterLateTest, WhatWasSentLateIsReadBack) {
  for (const bool is_lost : {false, true}) {
    const std::string name = is_lost ? "acme/lost" : "acme/web";
    if (is_lost) Fail("reset_after_apply");
    PostLate(name);
    RunFor(absl::Minutes(1));
    ASSERT_EQ(reads_.size(), 1u) << name;
    EXPECT_GE(reads_[0], absl::Seconds(12)) << name;
    EXPECT_LE(reads_[0], absl::Seconds(13)) << name;
    EXPECT_EQ(ShownState(name), "success");
    EXPECT_EQ(PostingOf(name).state, PostingState::kPosted);
    reads_.clear();
  }
}

// Meanwhile another process has taken the entry out and posted a newer report.
TEST_F(PosterLateTest, WhatItHidIsPostedAgain) {
  fake_->SetDelay(absl::Seconds(1));
  PostLate("acme/web");
  Say(Ended("acme/web", Result::kFailure, 2));
  LeaseRequest request;
  request.credential = "github.com/acme";
  request.lease_time = absl::Seconds(15);
  const auto other = *signalbox::TakeDue(*outbox_, request, clock_.Now());
  ASSERT_TRUE(other.has_value());
  Settlement posted;
  posted.entry_id = other->entry_id;
  posted.version = other->version;
  posted.lease_epoch = other->lease_epoch;
  posted.lease_number = other->lease_number;
  posted.shown = other->wanted;
  ASSERT_TRUE(signalbox::Settle(*outbox_, posted, clock_.Now()).ok());
  RunFor(absl::Seconds(2));
  EXPECT_EQ(ShownState("acme/web"), "success");
  EXPECT_EQ(PostingOf("acme/web").state, PostingState::kDue);
  RunFor(absl::Minutes(1));
  EXPECT_EQ(ShownState("acme/web"), "failure");
  EXPECT_EQ(PostingOf("acme/web").state, PostingState::kPosted);
}

TEST_F(PosterLateTest, AConfessionThatFailsIsRepeated) {
  outbox_->confess = absl::UnavailableError("busy");
  PostLate("acme/web");
  RunFor(absl::Minutes(1));
  EXPECT_EQ(PostingOf("acme/web").state, PostingState::kPosted);
  EXPECT_EQ(reads_.size(), 0u);
  outbox_->confess = absl::OkStatus();
  RunFor(absl::Minutes(1));
  EXPECT_EQ(reads_.size(), 1u);
  EXPECT_EQ(PostingOf("acme/web").state, PostingState::kPosted);
}

// A refusal changed nothing at GitHub.
TEST_F(PosterLateTest, ALateRefusalNeedsNoReading) {
  Fault refusal;
  refusal.name = "answer";
  refusal.status = 404;
  refusal.message = "Not Found";
  fake_->rules().AddFault(refusal);
  PostLate("acme/web");
  RunFor(absl::Minutes(1));
  EXPECT_EQ(reads_.size(), 0u);
  EXPECT_EQ(ShownState("acme/web"), "success");
}

class PosterClockSetTest : public PosterClockTest,
                           public testing::WithParamInterface<int> {};

// A post is redirected and ends with 502. Somebody sets the clock meanwhile, or
// while the try is ambiguous.
TEST_P(PosterClockSetTest, MakesNoReadEarlyOrLate) {
  for (const int at_second : {1, 3, 5, 10}) {
    const std::string name = absl::StrCat("acme/web", at_second);
    fake_->SetDelay(absl::Seconds(2));
    fake_->rules().RenameRepository(name, name + "-site");
    Fail("server_error_html", 1, 60, "/repositories/");
    Say(Ended(name, Result::kSuccess));
    RunFor(absl::Seconds(at_second));
    clock_.Jump(absl::Seconds(GetParam()));
    RunFor(absl::Minutes(1));
    ASSERT_EQ(reads_.size(), 1u) << at_second;
    EXPECT_GE(reads_[0], absl::Seconds(12)) << at_second;
    EXPECT_LE(reads_[0], absl::Seconds(13)) << at_second;
    EXPECT_EQ(ShownState(name + "-site"), "success");
    reads_.clear();
  }
}

// A clock that is set does not mean that the answer will not come.
TEST_P(PosterClockSetTest, LosesNoAnswer) {
  fake_->SetDelay(absl::Seconds(5));
  Say(Ended("acme/web", Result::kSuccess));
  RunFor(absl::Seconds(1));
  clock_.Jump(absl::Seconds(GetParam()));
  Say(Ended("acme/app", Result::kSuccess));
  RunFor(absl::Seconds(6));
  EXPECT_THAT(States("acme/web"), ElementsAre("success"));
  EXPECT_THAT(States("acme/app"), ElementsAre("success"));
  EXPECT_EQ(PostingOf("acme/web").state, PostingState::kPosted);
  EXPECT_EQ(Tries("acme/web").size(), 1u);
  EXPECT_EQ(transport_->sent.size(), 2u);
  EXPECT_EQ(reads_.size(), 0u);
}

// Due entries wait for their turn, and for nothing else.
TEST_P(PosterClockSetTest, DelaysNothingThatWasDue) {
  PaceOptions pace;
  pace.per_minute = 60;
  pace.burst = 1;
  limiter_->SetPace("github.com/acme", pace);
  for (int i = 0; i < 30; ++i) {
    KeyReport report = Ended("acme/web", Result::kSuccess);
    report.sha = ShaOf(i);
    Say(report);
  }
  RunFor(absl::Seconds(10));
  clock_.Jump(absl::Seconds(GetParam()));
  RunFor(absl::Seconds(21));
  EXPECT_GE(transport_->sent.size(), 30u);
}

INSTANTIATE_TEST_SUITE_P(By, PosterClockSetTest,
                         testing::Values(-5 * 3600, -3600, -59, -5, 5, 59,
                                         3600));

// A post of an ended process can take effect while the next one runs.
TEST_P(PosterClockSetTest, AnEndedProcessIsReadOutInTime) {
  Say(Ended("acme/web", Result::kSuccess));
  LeaseRequest request;
  request.credential = "github.com/acme";
  request.lease_time = absl::Seconds(20);
  ASSERT_TRUE(signalbox::TakeDue(*outbox_, request, clock_.Now())->has_value());
  last_post_ = clock_.Steady();
  clock_.Jump(absl::Seconds(GetParam()));
  StartPoster();
  Unpace(8);
  RunFor(absl::Minutes(10));
  ASSERT_EQ(reads_.size(), 1u);
  EXPECT_GE(reads_[0], absl::Seconds(12));
  // A lease lasts until its end by the clock, if that is near enough.
  EXPECT_LE(reads_[0], absl::Seconds(20 + std::clamp(-GetParam(), 0, 360)));
  EXPECT_EQ(ShownState("acme/web"), "success");
}

// A machine boots with a wrong clock and takes reports. Its clock is set right
// while the server is down.
TEST_F(PosterTest, AClockSetBackWhileTheServerIsAwayDelaysNothing) {
  Unpace();
  for (int i = 0; i < 1200; ++i) {
    KeyReport report = Ended("acme/web", Result::kSuccess);
    report.sha = ShaOf(i);
    Say(report);
  }
  clock_.Jump(-absl::Hours(1));
  StartPoster();
  Unpace();
  RunFor(absl::Seconds(1));
  EXPECT_EQ(transport_->sent.size(), 1200u);
}

}  // namespace
}  // namespace signalbox
