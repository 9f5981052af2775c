// Pace, budgets, and what GitHub allows.

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "tests/server/poster/poster_fixture.h"
#include "tests/support/key_report.h"

namespace signalbox {
namespace {

TEST_F(PosterTest, KeepsToThePace) {
  for (int i = 0; i < 100; ++i) {
    KeyReport report = Ended("acme/web", Result::kSuccess);
    report.context = absl::StrCat("ci/", i);
    Say(report);
  }
  RunFor(absl::Milliseconds(1));
  EXPECT_EQ(transport_->sent.size(), 20u);
  RunFor(absl::Seconds(30));
  EXPECT_EQ(transport_->sent.size(), 60u);
  RunFor(absl::Minutes(1));
  EXPECT_EQ(transport_->sent.size(), 100u);
}

class PosterLimitTest : public PosterTest,
                        public testing::WithParamInterface<const char*> {};

// TearDown checks that nothing was sent while GitHub asked for a pause.
TEST_P(PosterLimitTest, WaitsAndThenGoesOn) {
  Unpace(8);
  fake_->SetDelay(absl::Milliseconds(50));
  Fail(GetParam(), 1, 45, "/web/");
  for (int i = 0; i < 30; ++i) {
    KeyReport report = Ended("acme/web", Result::kSuccess);
    report.sha = ShaOf(i);
    Say(report);
  }
  Say(Ended("other/lib", Result::kSuccess));
  RunFor(absl::Seconds(1));
  // No other credential waits.
  EXPECT_EQ(ShownState("other/lib"), "success");
  const int requests = fake_->rules().request_count();
  EXPECT_LE(requests, 9);
  RunFor(absl::Seconds(43));
  EXPECT_EQ(fake_->rules().request_count(), requests);
  RunFor(absl::Minutes(5));
  for (int i = 0; i < 30; ++i) {
    EXPECT_EQ(ShownState("acme/web", ShaOf(i)), "success") << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Limits, PosterLimitTest,
                         testing::Values("primary_limit_403",
                                         "primary_limit_429", "secondary_limit",
                                         "secondary_limit_bare",
                                         "abuse_limit"));

// Of two posts that are under way, GitHub limits one and redirects the other.
TEST_F(PosterTest, ARedirectIsNotFollowedWhileGitHubWantsQuiet) {
  Unpace(8);
  // Its budget is known from then on.
  Say(Ended("acme/app", Result::kSuccess));
  RunFor(absl::Seconds(5));
  transport_->sent.clear();
  transport_->hook = [](const HttpRequest& request) {
    HttpResponse answer;
    if (absl::StrContains(request.url, "/lib/")) {
      answer.status = 429;
      answer.headers = {{"retry-after", "45"}};
    } else {
      answer.status = 307;
      answer.headers = {{"location", absl::StrReplaceAll(
                                         request.url, {{"/web/", "/site/"}})}};
    }
    return answer;
  };
  Say(Ended("acme/lib", Result::kSuccess));
  Say(Ended("acme/web", Result::kSuccess));
  RunFor(absl::Seconds(43));
  EXPECT_EQ(transport_->sent.size(), 2u);
  transport_->hook = nullptr;
  RunFor(absl::Minutes(5));
  EXPECT_EQ(ShownState("acme/lib"), "success");
  EXPECT_EQ(ShownState("acme/web"), "success");
}

// A pause lasts as long if somebody sets the clock.
TEST_F(PosterTest, AClockThatJumpsEndsNoPause) {
  Unpace();
  transport_->hook = [](const HttpRequest&) {
    HttpResponse answer;
    answer.status = 429;
    return answer;
  };
  Say(Ended("acme/web", Result::kSuccess));
  RunFor(absl::Seconds(1));
  EXPECT_EQ(transport_->sent.size(), 1u);
  clock_.Jump(absl::Hours(1));
  RunFor(absl::Seconds(58));
  EXPECT_EQ(transport_->sent.size(), 1u);
  clock_.Jump(-absl::Hours(5));
  transport_->hook = nullptr;
  RunFor(absl::Milliseconds(500));
  EXPECT_EQ(transport_->sent.size(), 1u);
  RunFor(absl::Seconds(1));
  EXPECT_EQ(ShownState("acme/web"), "success");
}

TEST_F(PosterTest, KeepsTheReserveForResults) {
  MakeGitHub({.hourly_limit = 40});
  Unpace();
  for (int i = 0; i < 60; ++i) {
    KeyReport report = Pending("acme/web");
    report.sha = ShaOf(i);
    Say(report);
  }
  RunFor(absl::Seconds(10));
  EXPECT_EQ(fake_->rules().request_count(), 36);
  for (int i = 0; i < 10; ++i) {
    KeyReport report = Ended("acme/app", Result::kSuccess);
    report.sha = ShaOf(i);
    Say(report);
  }
  RunFor(absl::Seconds(10));
  EXPECT_EQ(fake_->rules().request_count(), 40);
  EXPECT_EQ(ShownState("acme/app", ShaOf(3)), "success");
  RunFor(absl::Hours(2));
  EXPECT_EQ(ShownState("acme/app", ShaOf(9)), "success");
  EXPECT_EQ(ShownState("acme/web", ShaOf(59)), "pending");
}

TEST_F(PosterTest, TheBudgetIsLearntBeforeTheFirstPost) {
  MakeGitHub({.hourly_limit = 3});
  // Another client has used it up.
  for (int i = 0; i < 3; ++i) {
    fake_->rules().Handle({.method = "GET",
                           .target = "/user",
                           .headers = {{"User-Agent", "x"},
                                       {"Authorization", "token acme-token"}}},
                          clock_.Now());
  }
  StartPoster();
  Say(Ended("acme/web", Result::kSuccess));
  RunFor(absl::Minutes(59));
  EXPECT_EQ(transport_->sent.size(), 0u);
  EXPECT_EQ(transport_->reads, 1);
  EXPECT_EQ(poster_->StateOf("github.com/acme").reason, "BUDGET_SPENT");
  RunFor(absl::Minutes(2));
  EXPECT_EQ(ShownState("acme/web"), "success");
}

// A restarted process must keep the pause that GitHub asked of the former one.
TEST_F(PosterTest, APauseOutlivesTheProcess) {
  Fail("secondary_limit", 1, 600);
  Say(Ended("acme/web", Result::kSuccess));
  RunFor(absl::Seconds(1));
  const int requests = fake_->rules().request_count();
  StartPoster();
  RunFor(absl::Seconds(595));
  EXPECT_EQ(fake_->rules().request_count(), requests);
  RunFor(absl::Minutes(1));
  EXPECT_EQ(ShownState("acme/web"), "success");
}

TEST_F(PosterTest, NothingIsSentBeforePausesAreKnown) {
  outbox_->pauses = absl::UnavailableError("busy");
  Say(Ended("acme/web", Result::kSuccess));
  EXPECT_EQ(poster_->RunOnce(), clock_.Now() + absl::Seconds(1));
  EXPECT_EQ(poster_->InFlight(), 0);
  outbox_->pauses = absl::OkStatus();
  RunFor(absl::Seconds(2));
  EXPECT_EQ(ShownState("acme/web"), "success");
}

// GitHub takes 1,000 statuses of a context and commit, and never more.
TEST_F(PosterTest, TheLastStatusesOfAContextAreKeptForResults) {
  Unpace();
  const auto seen = [this](int64_t first, int count) {
    std::vector<Submission> submissions;
    for (int i = 0; i < count; ++i) {
      Submission submission;
      SetReport(&submission, Pending("acme/web", 0));
      submission.observed = Observed{first + i, "somebody"};
      submissions.push_back(submission);
    }
    ASSERT_TRUE(outbox_->Accept(submissions, clock_.Now()).ok());
  };
  seen(1, 949);
  KeyReport report = Pending("acme/web", 0);
  report.description = "first";
  Say(report);
  RunFor(absl::Seconds(1));
  EXPECT_EQ(transport_->sent.size(), 1u);
  report.description = "second";
  Say(report);
  RunFor(absl::Seconds(1));
  EXPECT_EQ(transport_->sent.size(), 1u);
  EXPECT_EQ(PostingOf("acme/web").reason, "STATUS_LIMIT_NEAR");
  Say(Ended("acme/web", Result::kFailure, 0));
  RunFor(absl::Seconds(1));
  EXPECT_EQ(ShownState("acme/web"), "failure");
  seen(int64_t{1} << 40, 60);
  Say(Ended("acme/web", Result::kSuccess, 0));
  RunFor(absl::Seconds(1));
  EXPECT_EQ(transport_->sent.size(), 2u);
  EXPECT_EQ(PostingOf("acme/web").reason, "STATUS_LIMIT_REACHED");
}

// Once GitHub has said so, a newer report costs no request.
TEST_F(PosterTest, AFullContextIsNotAskedAgain) {
  Unpace();
  transport_->hook = [](const HttpRequest&) {
    return Refusal("",
                   "This SHA and context has reached the maximum number of "
                   "statuses.");
  };
  for (int attempt = 1; attempt <= 3; ++attempt) {
    Say(Ended("acme/web", Result::kSuccess, attempt));
    RunFor(absl::Minutes(1));
    EXPECT_EQ(PostingOf("acme/web").reason, "STATUS_LIMIT_REACHED");
  }
  EXPECT_EQ(transport_->sent.size(), 1u);
}

}  // namespace
}  // namespace signalbox
