// Credentials that post, and repositories that have moved.

#include "tests/server/poster/poster_fixture.h"
#include "tests/support/key_report.h"

namespace signalbox {
namespace {

using testing::ElementsAre;

TEST_F(PosterTest, WithoutACredentialItIsAbandoned) {
  Say(Ended("nobody/web", Result::kSuccess));
  Say(Pending("nobody/app"));
  RunFor(absl::Seconds(1));
  for (const char* name : {"nobody/web", "nobody/app"}) {
    EXPECT_EQ(PostingOf(name).state, PostingState::kAbandoned);
    EXPECT_EQ(PostingOf(name).reason, "NO_CREDENTIAL");
  }
  EXPECT_EQ(fake_->rules().request_count(), 0);
}

TEST_F(PosterTest, ARefusedTokenStopsItsCredentialAndNoOther) {
  MakeGitHub({.tokens = {"new-token", "other-token"}});
  for (const char* name : {"acme/web", "acme/app", "other/lib"}) {
    fake_->rules().AddRepository(name, name[0] + name[5]);
    fake_->rules().AddCommit(name, kSha);
  }
  Unpace();
  Say(Ended("acme/web", Result::kSuccess));
  Say(Ended("acme/app", Result::kSuccess));
  RunFor(absl::Hours(1));
  // Many 401s would lock the user out.
  EXPECT_EQ(transport_->sent.size(), 2u);
  EXPECT_EQ(PostingOf("acme/web").state, PostingState::kWaiting);
  EXPECT_EQ(PostingOf("acme/web").reason, "BAD_CREDENTIALS");
  Say(Ended("other/lib", Result::kSuccess));
  RunFor(absl::Seconds(1));
  EXPECT_EQ(ShownState("other/lib"), "success");

  std::ofstream(TokenFile()) << "new-token";
  RunFor(absl::Seconds(10));
  EXPECT_EQ(ShownState("acme/web"), "success");
  EXPECT_EQ(ShownState("acme/app"), "success");
}

TEST_F(PosterTest, FollowsARenamedRepositoryAndLearnsItsName) {
  MakeGitHub({.tokens = {"acme-token"}});
  fake_->rules().AddRepository("acme/web", 1);
  fake_->rules().AddCommit("acme/web", kSha);
  fake_->rules().RenameRepository("acme/web", "acme/site");
  Say(Pending("acme/web"));
  RunFor(absl::Seconds(1));
  EXPECT_EQ(ShownState("acme/site"), "pending");
  // Both names lead to it now, and posts use the new one.
  EXPECT_EQ(PostingOf("acme/site").state, PostingState::kPosted);
  std::vector<std::string> urls;
  transport_->hook = [&urls](const HttpRequest& request) {
    urls.push_back(request.url);
    return std::nullopt;
  };
  Say(Ended("acme/web", Result::kSuccess));
  RunFor(absl::Seconds(1));
  EXPECT_EQ(ShownState("acme/site"), "success");
  EXPECT_THAT(urls,
              ElementsAre(absl::StrCat(
                  "https://api.github.com/repos/acme/site/statuses/", kSha)));
}

// GitHub ends the redirect when the old name gets a new repository.
TEST_F(PosterTest, WhatIsReportedByANameThatWasGivenAwayGoesToItsNewOwner) {
  MakeGitHub({.tokens = {"acme-token"}});
  fake_->rules().AddRepository("acme/app", 1);
  fake_->rules().AddCommit("acme/app", kSha);
  fake_->rules().RenameRepository("acme/app", "acme/app-old");
  Say(Pending("acme/app"));
  RunFor(absl::Seconds(1));
  EXPECT_EQ(ShownState("acme/app-old"), "pending");
  fake_->rules().AddRepository("acme/app", 2);
  fake_->rules().AddCommit("acme/app", kSha);
  Say(Ended("acme/app", Result::kSuccess));
  RunFor(absl::Seconds(1));
  EXPECT_EQ(ShownState("acme/app"), "success");
  EXPECT_EQ(ShownState("acme/app-old"), "pending");
  EXPECT_EQ(PostingOf("acme/app").state, PostingState::kPosted);
}

// GitHub was asked today. Another repository got the name since.
TEST_F(PosterTest, ARefusalByAnOldNameHasGitHubAskedWhoHasIt) {
  MakeGitHub({.tokens = {"acme-token"}});
  fake_->rules().AddRepository("acme/app", 1);
  fake_->rules().AddCommit("acme/app", kSha);
  fake_->rules().RenameRepository("acme/app", "acme/app-old");
  Say(Pending("acme/app"));
  RunFor(absl::Seconds(1));
  Say(Ended("acme/app", Result::kFailure));
  RunFor(absl::Seconds(1));
  EXPECT_EQ(ShownState("acme/app-old"), "failure");
  fake_->rules().AddRepository("acme/app", 2);
  const std::string sha(40, '7');
  fake_->rules().AddCommit("acme/app", sha);
  KeyReport report = Ended("acme/app", Result::kSuccess);
  report.sha = *ParseSha(sha);
  Say(report);
  RunFor(absl::Minutes(6));
  ASSERT_EQ(fake_->rules().Shown("acme/app", sha).size(), 1u);
  // The statuses of the other repository stay.
  EXPECT_EQ(ShownState("acme/app-old"), "failure");
}

// Every post to the old name is redirected until the new one can be read.
TEST_F(PosterTest, ANameThatCannotBeReadIsAskedForNowAndThen) {
  MakeGitHub({.tokens = {"acme-token"}});
  fake_->rules().AddRepository("acme/web", 1);
  fake_->rules().AddCommit("acme/web", kSha);
  fake_->rules().RenameRepository("acme/web", "acme/site");
  transport_->hook_reads = true;
  transport_->hook = [](const HttpRequest& request)
      -> std::optional<absl::StatusOr<HttpResponse>> {
    if (request.method != "GET") return std::nullopt;
    HttpResponse answer;
    answer.status = 404;
    return answer;
  };
  for (int attempt = 1; attempt <= 8; ++attempt) {
    Say(Ended("acme/web", attempt % 2 == 0 ? Result::kSuccess : Result::kError,
              attempt));
    RunFor(absl::Minutes(1));
  }
  EXPECT_EQ(transport_->sent.size(), 16u);  // Each with its redirect.
  EXPECT_EQ(transport_->reads, 2);
}

// The new owner's credential takes over what the old one's could not post.
TEST_F(PosterTest, ATransferredRepositoryPassesToAnotherCredential) {
  MakeGitHub({.tokens = {"acme-token", "other-token"}});
  fake_->rules().AddRepository("acme/web", 1);
  fake_->rules().AddCommit("acme/web", kSha);
  fake_->rules().RenameRepository("acme/web", "other/web");
  transport_->hook = [](const HttpRequest& request)
      -> std::optional<absl::StatusOr<HttpResponse>> {
    if (request.bearer.Reveal() == "acme-token" &&
        absl::StrContains(request.url, "/repositories/")) {
      HttpResponse answer;
      answer.status = 404;
      answer.body = R"({"message":"Not Found"})";
      return answer;
    }
    return std::nullopt;
  };
  Say(Ended("acme/web", Result::kSuccess));
  RunFor(absl::Minutes(1));
  EXPECT_EQ(ShownState("other/web"), "success");
  EXPECT_EQ(PostingOf("acme/web").state, PostingState::kPosted);
}

// The user behind a token is suspended for some time: nothing is lost.
TEST_F(PosterTest, ASuspendedAccountParksItsWork) {
  Unpace();
  bool suspended = true;
  transport_->hook_reads = true;
  transport_->hook = [&suspended](const HttpRequest& request)
      -> std::optional<absl::StatusOr<HttpResponse>> {
    if (!suspended || request.bearer.Reveal() != "acme-token") {
      return std::nullopt;
    }
    HttpResponse answer;
    answer.status = 403;
    answer.body = R"({"message":"Sorry. Your account was suspended."})";
    return answer;
  };
  for (int i = 0; i < 5; ++i) {
    KeyReport report = Ended("acme/web", Result::kSuccess);
    report.sha = ShaOf(i);
    Say(report);
  }
  Say(Ended("other/lib", Result::kSuccess));
  RunFor(absl::Minutes(10));
  EXPECT_EQ(transport_->sent.size(), 2u);
  EXPECT_EQ(ShownState("other/lib"), "success");
  EXPECT_EQ(poster_->StateOf("github.com/acme").reason, "ACCOUNT_SUSPENDED");
  RunFor(absl::Minutes(10));
  EXPECT_EQ(transport_->reads, 1);  // One probe in a quarter of an hour.
  suspended = false;
  RunFor(absl::Minutes(15));
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(ShownState("acme/web", ShaOf(i)), "success");
  }
}

// A token for a probe is handed out once in a quarter of an hour.
TEST_F(PosterTest, AProbeWaitsForAHostThatIsDown) {
  Unpace();
  bool suspended = true;
  bool down = true;
  transport_->hook_reads = true;
  transport_->hook = [&](const HttpRequest& request)
      -> std::optional<absl::StatusOr<HttpResponse>> {
    HttpResponse answer;
    answer.status = 403;
    answer.body = R"({"message":"Sorry. Your account was suspended."})";
    if (suspended && request.bearer.Reveal() == "acme-token") return answer;
    answer.status = 502;
    if (down && request.bearer.Reveal() == "other-token") return answer;
    return std::nullopt;
  };
  Say(Ended("acme/web", Result::kSuccess));
  RunFor(absl::Seconds(1));
  suspended = false;
  for (int i = 0; i < 20; ++i) {
    KeyReport report = Ended("other/lib", Result::kSuccess);
    report.context = absl::StrCat("ci/", i);
    Say(report);
  }
  RunFor(absl::Minutes(16));
  EXPECT_EQ(ShownState("acme/web"), "nothing");
  down = false;
  RunFor(absl::Minutes(6));
  EXPECT_EQ(ShownState("acme/web"), "success");
  EXPECT_EQ(ShownState("other/lib", *ParseSha(kSha), "ci/0"), "success");
}

}  // namespace
}  // namespace signalbox
