#include "server/core/core.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/github/static_credentials.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_github.h"
#include "tests/support/key_report.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

constexpr char kSha[] = "0123456789abcdef0123456789abcdef01234567";

// One process, whose poster is run by hand.
class CoreTest : public testing::Test {
 protected:
  CoreTest() {
    StaticCredential credential;
    credential.api_url = "https://api.github.com";
    credential.accounts = {"acme"};
    credential.token = Secret("token");
    credentials_ = *MakeStaticCredentials({credential});
    GitHubRules::Options rules;
    rules.any_repository = true;
    rules.base_url = credential.api_url;
    github_ = std::make_unique<FakeGitHub>(rules, &clock_);
    Start();
  }

  ~CoreTest() override { core_.reset(); }

  void Start() {
    core_.reset();
    Core::Options options;
    options.outbox.data_dir = dir_.Path("data");
    options.owner = "the process";
    auto core = Core::Open(std::move(options), credentials_.get(),
                           github_.get(), &metrics_, &clock_);
    ASSERT_TRUE(core.ok()) << core.status();
    core_ = *std::move(core);
  }

  void Say(const std::string& context) {
    KeyReport report;
    report.repository = *ParseRepository("acme/web");
    report.sha = *ParseSha(kSha);
    report.context = context;
    report.result = Result::kSuccess;
    Submission submission;
    SetReport(&submission, report);
    const auto outcomes = core_->outbox()->Accept({submission}, clock_.Now());
    ASSERT_TRUE(outcomes.ok()) << outcomes.status();
  }

  void RunFor(absl::Duration time) {
    const absl::Time end = clock_.Now() + time;
    while (true) {
      const absl::Time wanted = core_->Post();
      github_->DeliverDue();
      const absl::Time now = clock_.Now();
      if (core_->wake_ups().poster.Take() || wanted <= now) continue;
      const absl::Time next = std::min(wanted, github_->NextDelivery());
      if (next > end) return clock_.Advance(end - now);
      clock_.Advance(next - now);
    }
  }

  bool IsShown(const std::string& context) {
    return github_->rules().Shown("acme/web", kSha).contains(context);
  }

  // Another process takes the term over.
  Term TakeOver() {
    Outbox& outbox = *core_->outbox();
    const absl::StatusOr<Term> term =
        outbox.Claim(*outbox.Look(), "another", "", clock_.Now());
    EXPECT_TRUE(term.ok()) << term.status();
    return term.value_or(Term());
  }

  int64_t Epoch() { return core_->outbox()->Look()->epoch; }
  bool ShowsTerm(int64_t epoch) {
    return absl::StrContains(metrics_.Text(),
                             absl::StrCat("\nsignalbox_term ", epoch, "\n"));
  }

  FakeClock clock_;
  TempDir dir_;
  Metrics metrics_;
  std::unique_ptr<Credentials> credentials_;
  std::unique_ptr<FakeGitHub> github_;
  std::unique_ptr<Core> core_;
};

TEST_F(CoreTest, TheOnlyProcessClaimsTheTermAtOnce) {
  Say("ci/a");
  RunFor(absl::ZeroDuration());
  EXPECT_TRUE(IsShown("ci/a"));
  EXPECT_EQ(core_->outbox()->Look()->owner, "the process");
  EXPECT_TRUE(ShowsTerm(Epoch()));
  // Time alone is no reason to work.
  EXPECT_GT(core_->Post(), clock_.Now() + absl::Hours(1));
}

TEST_F(CoreTest, EachProcessHasATermOfItsOwn) {
  RunFor(absl::ZeroDuration());
  const int64_t first = Epoch();
  Start();
  EXPECT_EQ(core_->outbox()->Look()->owner, "");
  RunFor(absl::ZeroDuration());
  EXPECT_GT(Epoch(), first);
}

TEST_F(CoreTest, AProcessThatLostTheTermPostsNothing) {
  RunFor(absl::ZeroDuration());
  const Term other = TakeOver();
  Say("ci/a");
  RunFor(absl::Minutes(10));
  EXPECT_FALSE(IsShown("ci/a"));
  EXPECT_TRUE(ShowsTerm(0));
  EXPECT_EQ(Epoch(), other.epoch);
  ASSERT_TRUE(core_->outbox()->GiveBack(other).ok());
  RunFor(absl::Seconds(1));
  EXPECT_TRUE(IsShown("ci/a"));
  EXPECT_TRUE(ShowsTerm(Epoch()));
}

// One of the questions of recovery or of a diagnosis.
TEST_F(CoreTest, BeforeTheClaimNothingBegins) {
  int answers = 0;
  Question question;
  question.credential = "github.com/acme";
  question.request.path = "/repos/acme/web";
  core_->questions()->Ask(question, [&](const GitHubReply&) { ++answers; });
  const auto work = [this] {
    core_->questions()->RunOnce();
    const absl::Time next = core_->housekeeper()->RunOnce();
    github_->DeliverDue();
    core_->questions()->RunOnce();
    return next;
  };
  EXPECT_EQ(work(), absl::InfiniteFuture());
  EXPECT_EQ(github_->rules().request_count(), 0);
  core_->wake_ups().questions.Take();
  EXPECT_FALSE(core_->wake_ups().housekeeper.Take());

  core_->Post();
  EXPECT_TRUE(core_->wake_ups().questions.Take());
  EXPECT_TRUE(core_->wake_ups().housekeeper.Take());
  EXPECT_LT(work(), absl::InfiniteFuture());
  EXPECT_EQ(answers, 1);
}

// The housekeeper hears first that the term is over: the poster had nothing to
// do.
TEST_F(CoreTest, WhateverPartHearsThatTheTermIsOverAllStop) {
  RunFor(absl::Minutes(11));
  const int64_t requests = github_->rules().request_count();
  const Term other = TakeOver();
  core_->housekeeper()->RunOnce();
  EXPECT_FALSE(core_->held_term()->exists());
  EXPECT_TRUE(core_->wake_ups().poster.Take());
  RunFor(absl::ZeroDuration());
  EXPECT_TRUE(ShowsTerm(0));
  core_->questions()->Ask(
      {.credential = "github.com/acme", .request = {.path = "/repos/acme/web"}},
      [](const GitHubReply&) {});
  RunFor(absl::Minutes(1));
  core_->questions()->RunOnce();
  EXPECT_EQ(core_->housekeeper()->RunOnce(), absl::InfiniteFuture());
  EXPECT_EQ(github_->rules().request_count(), requests);
  ASSERT_TRUE(core_->outbox()->GiveBack(other).ok());
  RunFor(absl::Seconds(1));
  EXPECT_TRUE(core_->held_term()->exists());
  EXPECT_TRUE(ShowsTerm(Epoch()));
}

TEST_F(CoreTest, ATermThatIsGivenBackIsFree) {
  RunFor(absl::ZeroDuration());
  core_->GiveBackTerm();
  EXPECT_EQ(core_->outbox()->Look()->owner, "");
  core_->GiveBackTerm();
}

}  // namespace
}  // namespace signalbox
