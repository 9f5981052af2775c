#include "tests/support/fake_github.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace signalbox {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kSha[] = "1111111111111111111111111111111111111111";
constexpr char kFullName[] = "acme/widgets";

class FakeGitHubTest : public ::testing::Test {
 protected:
  FakeGitHubTest() {
    fake_.rules().AddRepository(kFullName, 1);
    fake_.rules().AddCommit(kFullName, kSha);
  }

  // Posts a state. Appends the outcome to `ends_`: an HTTP status as text, or
  // an error code.
  void Post(const std::string& state) {
    HttpRequest request = {
        .method = "POST",
        .url = std::string("https://api.github.com/repos/acme/widgets/") +
               "statuses/" + kSha,
        .headers = {{"User-Agent", "test"}},
        .bearer = Secret("token"),
        .body = R"({"state": ")" + state + R"("})"};
    fake_.Send(std::move(request), [this](absl::StatusOr<HttpResponse> answer) {
      ends_.push_back(answer.ok()
                          ? std::to_string(answer->status)
                          : absl::StatusCodeToString(answer.status().code()));
    });
  }

  std::string ShownState() {
    const auto shown = fake_.rules().Shown(kFullName, kSha);
    return shown.empty() ? "" : shown.begin()->second.state;
  }

  FakeClock clock_;
  FakeGitHub fake_{GitHubRules::Options{.tokens = {"token"}}, &clock_};
  std::vector<std::string> ends_;
};

TEST_F(FakeGitHubTest, RunsNoCallbackInsideSend) {
  Post("success");
  EXPECT_THAT(ends_, IsEmpty());
  EXPECT_EQ(ShownState(), "success");
  EXPECT_EQ(fake_.InFlight(), 1);
  EXPECT_EQ(fake_.NextDelivery(), clock_.Now());

  EXPECT_EQ(fake_.DeliverDue(), 1);
  EXPECT_THAT(ends_, ElementsAre("201"));
  EXPECT_EQ(fake_.InFlight(), 0);
  EXPECT_EQ(fake_.NextDelivery(), absl::InfiniteFuture());
  EXPECT_EQ(fake_.DeliverDue(), 0);
}

TEST_F(FakeGitHubTest, AnswersAfterTheDelay) {
  fake_.SetDelay(absl::Seconds(2));
  Post("success");
  EXPECT_EQ(fake_.NextDelivery(), clock_.Now() + absl::Seconds(2));
  clock_.Advance(absl::Seconds(2) - absl::Nanoseconds(1));
  EXPECT_EQ(fake_.DeliverDue(), 0);
  clock_.Advance(absl::Nanoseconds(1));
  EXPECT_EQ(fake_.DeliverDue(), 1);
  EXPECT_THAT(ends_, ElementsAre("201"));
}

TEST_F(FakeGitHubTest, SlowAnswerStillComesBeforeTheUsualTimeout) {
  fake_.rules().AddFault({.name = "slow"});
  Post("success");
  clock_.Advance(absl::Seconds(11));
  fake_.DeliverDue();
  EXPECT_THAT(ends_, ElementsAre("201"));
}

TEST_F(FakeGitHubTest, EndsAtTheTimeoutWhenTheAnswerIsLater) {
  fake_.SetDelay(absl::Seconds(13));
  Post("success");
  EXPECT_EQ(fake_.NextDelivery(), clock_.Now() + absl::Seconds(12));
  clock_.Advance(absl::Seconds(12));
  EXPECT_EQ(fake_.DeliverDue(), 1);
  EXPECT_THAT(ends_, ElementsAre("DEADLINE_EXCEEDED"));
  EXPECT_EQ(ShownState(), "success");
  clock_.Advance(absl::Minutes(1));
  EXPECT_EQ(fake_.DeliverDue(), 0);
}

// The worst that GitHub can do: a request that timed out takes effect after a
// newer one was answered.
TEST_F(FakeGitHubTest, AppliesALateRequestAfterANewerOne) {
  fake_.SetApplyDelay(absl::Seconds(20));
  Post("pending");
  clock_.Advance(absl::Seconds(12));
  fake_.DeliverDue();
  EXPECT_THAT(ends_, ElementsAre("DEADLINE_EXCEEDED"));
  EXPECT_EQ(ShownState(), "");
  EXPECT_EQ(fake_.InFlight(), 0);
  EXPECT_EQ(fake_.NextDelivery(), clock_.Now() + absl::Seconds(8));

  fake_.SetApplyDelay(absl::ZeroDuration());
  Post("success");
  fake_.DeliverDue();
  EXPECT_EQ(ShownState(), "success");

  clock_.Advance(absl::Seconds(8));
  EXPECT_EQ(fake_.DeliverDue(), 0);
  EXPECT_EQ(ShownState(), "pending");
  EXPECT_EQ(fake_.NextDelivery(), absl::InfiniteFuture());
}

TEST_F(FakeGitHubTest, DatesALateEffectByItsOwnTime) {
  fake_.SetApplyDelay(absl::Seconds(5));
  const absl::Time sent = clock_.Now();
  Post("success");
  clock_.Advance(absl::Seconds(60));
  fake_.DeliverDue();
  EXPECT_EQ(fake_.rules().Rows(kFullName, kSha).at(0).created_at,
            sent + absl::Seconds(5));
  EXPECT_THAT(ends_, ElementsAre("201"));
}

TEST_F(FakeGitHubTest, AResetConnectionIsUnavailable) {
  fake_.rules().AddFault({.name = "reset_after_apply"});
  fake_.rules().AddFault({.name = "reset_before_apply"});
  Post("success");
  Post("failure");
  fake_.DeliverDue();
  EXPECT_THAT(ends_, ElementsAre("UNAVAILABLE", "UNAVAILABLE"));
  EXPECT_EQ(ShownState(), "success");
}

TEST_F(FakeGitHubTest, WhatCannotConnectHasNoEffect) {
  fake_.SetReachable(false);
  Post("success");
  fake_.DeliverDue();
  EXPECT_THAT(ends_, ElementsAre("FAILED_PRECONDITION"));
  EXPECT_EQ(fake_.rules().request_count(), 0);

  fake_.SetReachable(true);
  Post("success");
  fake_.DeliverDue();
  EXPECT_EQ(ends_.back(), "201");
}

TEST_F(FakeGitHubTest, DeliversInOrderOfTime) {
  fake_.SetDelay(absl::Seconds(3));
  Post("pending");
  fake_.SetDelay(absl::Seconds(1));
  Post("unheard-of");
  clock_.Advance(absl::Seconds(3));
  EXPECT_EQ(fake_.DeliverDue(), 2);
  EXPECT_THAT(ends_, ElementsAre("422", "201"));
}

TEST_F(FakeGitHubTest, ACallbackMaySend) {
  HttpRequest request;
  request.method = "GET";
  request.url = "https://api.github.com/rate_limit";
  request.headers = {{"User-Agent", "test"}};
  request.bearer = Secret("token");
  fake_.Send(request, [&](absl::StatusOr<HttpResponse>) { Post("success"); });
  EXPECT_EQ(fake_.DeliverDue(), 2);
  EXPECT_THAT(ends_, ElementsAre("201"));
}

// Like SetApplyDelay, but for one request. It is due when nothing else is.
TEST_F(FakeGitHubTest, AFaultMakesOneRequestLate) {
  fake_.rules().AddFault({.name = "apply_late", .seconds = 20});
  Post("pending");
  Post("success");
  EXPECT_EQ(fake_.DeliverDue(), 1);
  EXPECT_THAT(ends_, ElementsAre("201"));
  clock_.Advance(absl::Seconds(12));
  EXPECT_EQ(fake_.DeliverDue(), 1);
  EXPECT_EQ(ends_.back(), "DEADLINE_EXCEEDED");
  EXPECT_EQ(ShownState(), "success");
  EXPECT_EQ(fake_.InFlight(), 0);
  EXPECT_EQ(fake_.NextDelivery(), clock_.Now() + absl::Seconds(8));
  clock_.Advance(absl::Seconds(60));
  EXPECT_EQ(fake_.DeliverDue(), 0);
  EXPECT_EQ(ShownState(), "pending");
  EXPECT_EQ(fake_.NextDelivery(), absl::InfiniteFuture());
  EXPECT_EQ(fake_.rules().misbehaviour(), GitHubRules::Misbehaviour());
}

// Each effect has its own time, even if DeliverDue runs late.
TEST_F(FakeGitHubTest, LateEffectsComeInOrderOfTime) {
  fake_.rules().AddFault({.name = "apply_late", .seconds = 20});
  Post("failure");
  fake_.SetApplyDelay(absl::Seconds(10));
  Post("pending");
  fake_.SetApplyDelay(absl::Seconds(30));
  Post("success");
  clock_.Advance(absl::Minutes(1));
  fake_.DeliverDue();
  std::vector<std::string> states;
  for (const auto& row : fake_.rules().Rows(kFullName, kSha)) {
    states.push_back(row.state);
  }
  EXPECT_THAT(states, ElementsAre("pending", "failure", "success"));
}

TEST_F(FakeGitHubTest, AHangEndsAtTheTimeout) {
  fake_.rules().AddFault({.name = "hang"});
  Post("success");
  clock_.Advance(absl::Seconds(12) - absl::Nanoseconds(1));
  EXPECT_EQ(fake_.DeliverDue(), 0);
  clock_.Advance(absl::Nanoseconds(1));
  EXPECT_EQ(fake_.DeliverDue(), 1);
  EXPECT_THAT(ends_, ElementsAre("DEADLINE_EXCEEDED"));
  EXPECT_EQ(ShownState(), "");
}

// After a timeout the client may repeat what GitHub already shows.
TEST_F(FakeGitHubTest, ATimeoutIsALostAnswer) {
  fake_.SetDelay(absl::Seconds(13));
  Post("success");
  clock_.Advance(absl::Seconds(12));
  fake_.DeliverDue();
  fake_.SetDelay(absl::ZeroDuration());
  Post("success");
  fake_.DeliverDue();
  EXPECT_EQ(fake_.rules().misbehaviour().identical_repeats, 0);
  Post("success");
  EXPECT_EQ(fake_.rules().misbehaviour().identical_repeats, 1);
}

// A request is under way from Send to its answer, whenever it applies.
TEST_F(FakeGitHubTest, CountsRequestsThatAreUnderWayTogether) {
  fake_.rules().SetMaxConcurrent(1);
  fake_.SetApplyDelay(absl::Seconds(5));
  Post("pending");
  clock_.Advance(absl::Seconds(1));
  Post("success");
  EXPECT_EQ(fake_.rules().misbehaviour().concurrent_requests, 1);
  clock_.Advance(absl::Seconds(5));
  fake_.DeliverDue();
  Post("failure");
  clock_.Advance(absl::Seconds(12));
  fake_.DeliverDue();
  EXPECT_EQ(fake_.rules().misbehaviour().concurrent_requests, 1);
  EXPECT_EQ(fake_.rules().max_in_flight(), 2);
}

TEST_F(FakeGitHubTest, GitHubsClockDoesNotJump) {
  const absl::Time before = fake_.GitHubTime();
  clock_.Jump(absl::Hours(1));
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(fake_.GitHubTime(), before + absl::Seconds(1));
  Post("success");
  EXPECT_EQ(fake_.rules().Rows(kFullName, kSha).at(0).created_at,
            before + absl::Seconds(1));
}

// Requests sent before the client could know of a limit are no misbehaviour.
TEST_F(FakeGitHubTest, ForgivesWhatWasSentBeforeTheLimitWasKnown) {
  fake_.rules().AddFault({.name = "secondary_limit", .seconds = 60});
  fake_.SetDelay(absl::Seconds(1));
  Post("success");
  Post("failure");
  EXPECT_EQ(fake_.rules().misbehaviour().in_forbidden_window, 0);
  clock_.Advance(absl::Seconds(1));
  fake_.DeliverDue();
  EXPECT_THAT(ends_, ElementsAre("403", "403"));
  Post("failure");
  EXPECT_EQ(fake_.rules().misbehaviour().in_forbidden_window, 1);
}

// A jump of the wall clock does not let time pass.
TEST_F(FakeGitHubTest, AJumpOfTheClockDeliversNothing) {
  fake_.SetDelay(absl::Seconds(2));
  Post("success");
  clock_.Jump(absl::Hours(1));
  EXPECT_EQ(fake_.DeliverDue(), 0);
  EXPECT_EQ(fake_.NextDelivery(), clock_.Now() + absl::Seconds(2));
}

TEST_F(FakeGitHubTest, RefusesWhatIsNoAbsoluteUrl) {
  HttpRequest request;
  request.method = "GET";
  request.url = "/rate_limit";
  fake_.Send(request, [&](absl::StatusOr<HttpResponse> answer) {
    EXPECT_EQ(answer.status().code(), absl::StatusCode::kFailedPrecondition);
    ends_.push_back("ended");
  });
  fake_.DeliverDue();
  EXPECT_THAT(ends_, ElementsAre("ended"));
}

}  // namespace
}  // namespace signalbox
