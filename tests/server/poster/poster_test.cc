// What is posted, and whose turn it is.

#include "tests/server/poster/poster_fixture.h"
#include "tests/support/key_report.h"

namespace signalbox {
namespace {

using testing::ElementsAre;

TEST_F(PosterTest, MakesGitHubShowAResult) {
  KeyReport report = Ended("acme/web", Result::kFailure);
  report.description = "3 tests failed";
  report.target_url = "https://ci.example.com/1";
  Say(report);
  EXPECT_GT(poster_->RunOnce(), clock_.Now());
  EXPECT_EQ(poster_->InFlight(), 1);
  RunFor(absl::Seconds(1));
  EXPECT_EQ(poster_->InFlight(), 0);

  const auto row = fake_->rules().Shown("acme/web", kSha)["ci/build"];
  EXPECT_EQ(row.state, "failure");
  EXPECT_EQ(row.description, "3 tests failed");
  EXPECT_EQ(row.target_url, "https://ci.example.com/1");
  EXPECT_EQ(PostingOf("acme/web").state, PostingState::kPosted);
  const std::vector<Try> tries = Tries("acme/web");
  ASSERT_EQ(tries.size(), 1u);
  EXPECT_EQ(tries[0].http_status, 201);
  EXPECT_EQ(tries[0].reason, "POSTED");
  EXPECT_NE(tries[0].request_id, "");
  EXPECT_TRUE(absl::StrContains(metrics_.Text(),
                                "signalbox_posts_total{verdict=\"POSTED\"} 1"));
  EXPECT_TRUE(
      absl::StrContains(metrics_.Text(), "signalbox_posts_in_flight 0"));
}

// The outbox keeps what GitHub's first answer says, for the next process.
TEST_F(PosterTest, LearnsWhoSetsItsStatuses) {
  const std::string credential =
      credentials_->Find(*ParseRepository("acme/web"));
  EXPECT_EQ(poster_->CreatorOf(credential), std::nullopt);
  Say(Ended("acme/web", Result::kFailure));
  RunFor(absl::Seconds(1));
  const std::string login = fake_->rules().Rows("acme/web", kSha).at(0).creator;
  const std::optional<StatusCreator> creator = poster_->CreatorOf(credential);
  ASSERT_TRUE(creator.has_value());
  EXPECT_EQ(creator->login, login);
  EXPECT_NE(creator->type, "");
  const auto stored = outbox_->Creators();
  ASSERT_TRUE(stored.ok() && stored->size() == 1u) << stored.status();
  EXPECT_EQ(stored->front().credential, credential);
  EXPECT_EQ(stored->front().creator, *creator);
}

TEST_F(PosterTest, AsksToBeCalledWhenAPendingBecomesDue) {
  Say(Pending("acme/web"));
  EXPECT_EQ(poster_->RunOnce(), clock_.Now() + absl::Milliseconds(300));
  RunFor(absl::Seconds(1));
  EXPECT_EQ(ShownState("acme/web"), "pending");
  // There is nothing left to do.
  EXPECT_EQ(poster_->RunOnce(), absl::InfiniteFuture());
}

TEST_F(PosterTest, AFastResultSavesThePending) {
  Say(Pending("acme/web"));
  RunFor(absl::Milliseconds(100));
  Say(Ended("acme/web", Result::kSuccess));
  RunFor(absl::Seconds(10));
  EXPECT_THAT(States("acme/web"), ElementsAre("success"));
}

// Two shards of one build report one context with one number. In any order,
// with posts between them or not, a failure is shown in the end.
TEST_F(PosterTest, AFailedShardIsShownInAnyOrder) {
  const std::vector<std::vector<KeyReport>> orders = {
      {Pending("acme/web", 78), Pending("acme/web", 78),
       Ended("acme/web", Result::kSuccess, 78),
       Ended("acme/web", Result::kFailure, 78)},
      {Pending("acme/web", 78), Pending("acme/web", 78),
       Ended("acme/web", Result::kFailure, 78),
       Ended("acme/web", Result::kSuccess, 78)},
      {Pending("acme/web", 78), Ended("acme/web", Result::kFailure, 78),
       Pending("acme/web", 78), Ended("acme/web", Result::kSuccess, 78)},
      {Pending("acme/web", 78), Ended("acme/web", Result::kSuccess, 78),
       Pending("acme/web", 78), Ended("acme/web", Result::kFailure, 78)}};
  int number = 0;
  for (const absl::Duration pause : {absl::ZeroDuration(), absl::Seconds(2)}) {
    for (const std::vector<KeyReport>& order : orders) {
      const std::string context = absl::StrCat("ci/", ++number);
      for (KeyReport report : order) {
        report.context = context;
        Submission submission;
        SetReport(&submission, report);
        ASSERT_TRUE(outbox_->Accept({submission}, clock_.Now()).ok());
        RunFor(pause);
      }
      RunFor(absl::Minutes(1));
      EXPECT_EQ(fake_->rules().Shown("acme/web", kSha)[context].state,
                "failure")
          << context;
    }
  }
}

// A small number of another counter is not an old one.
TEST_F(PosterTest, AResultOfAnotherSeriesIsShown) {
  KeyReport app = Pending("acme/web", 300);
  app.series = "jenkins:https://ci.example.com/job/app";
  Say(app);
  RunFor(absl::Seconds(2));
  KeyReport nightly = Ended("acme/web", Result::kSuccess, 12);
  nightly.series = "jenkins:https://ci.example.com/job/nightly";
  Say(nightly);
  RunFor(absl::Seconds(2));
  EXPECT_EQ(ShownState("acme/web"), "success");
  app.result = Result::kFailure;
  Say(app);
  RunFor(absl::Seconds(2));
  EXPECT_THAT(States("acme/web"), ElementsAre("pending", "success", "failure"));
}

TEST_F(PosterTest, PostsOfOneKeyFollowEachOther) {
  Unpace(8);
  fake_->SetDelay(absl::Seconds(2));
  Say(Pending("acme/web"));
  RunFor(absl::Seconds(1));
  EXPECT_EQ(poster_->InFlight(), 1);
  Say(Ended("acme/web", Result::kSuccess));
  RunFor(absl::Milliseconds(100));
  EXPECT_EQ(poster_->InFlight(), 1);
  EXPECT_THAT(States("acme/web"), ElementsAre("pending"));
  RunFor(absl::Seconds(10));
  EXPECT_THAT(States("acme/web"), ElementsAre("pending", "success"));
  EXPECT_EQ(PostingOf("acme/web").state, PostingState::kPosted);
}

TEST_F(PosterTest, DoesNotPostWhatGitHubShows) {
  KeyReport result = Ended("acme/web", Result::kSuccess, /*attempt=*/0);
  result.description = "Line one\nline two \xF0\x9F\x8E\x89";
  Say(result);
  RunFor(absl::Seconds(1));
  Say(Pending("acme/web", 0));
  Say(result);
  RunFor(absl::Minutes(1));
  EXPECT_THAT(States("acme/web"), ElementsAre("success"));
  EXPECT_EQ(PostingOf("acme/web").state, PostingState::kPosted);
  EXPECT_EQ(Tries("acme/web").size(), 1u);
  EXPECT_TRUE(
      absl::StrContains(metrics_.Text(), "signalbox_posts_saved_total 1"));
}

// GitHub refuses long texts and emoji, and a text must not cost a result.
TEST_F(PosterTest, FitsDescriptions) {
  KeyReport report = Ended("acme/web", Result::kSuccess);
  report.description = absl::StrCat("\xF0\x9F\x8E\x89", std::string(300, 'x'));
  Say(report);
  RunFor(absl::Seconds(1));
  EXPECT_THAT(States("acme/web"), ElementsAre("success"));
  EXPECT_EQ(Tries("acme/web").size(), 1u);
}

TEST_F(PosterTest, ResultsComeBeforePendings) {
  Unpace();
  Say(Pending("acme/a"));
  Say(Pending("acme/b"));
  clock_.Advance(absl::Seconds(1));
  Say(Ended("acme/z", Result::kSuccess));
  RunFor(absl::Seconds(1));
  ASSERT_EQ(transport_->sent.size(), 3u);
  EXPECT_TRUE(absl::StrContains(transport_->sent[0], "success"));
}

TEST_F(PosterTest, RepositoriesTakeTurns) {
  Unpace();
  std::vector<std::string> order;
  transport_->hook = [&order](const HttpRequest& request) {
    order.push_back(request.url.substr(0, request.url.find("/statuses")));
    return std::nullopt;
  };
  for (int i = 0; i < 3; ++i) {
    for (const char* name : {"acme/busy", "acme/calm", "acme/quiet"}) {
      if (i > 0 && name != std::string("acme/busy")) continue;
      KeyReport report = Ended(name, Result::kSuccess);
      report.context = absl::StrCat("ci/", i);
      Say(report);
      clock_.Advance(absl::Milliseconds(1));
    }
  }
  RunFor(absl::Seconds(1));
  const std::string base = "https://api.github.com/repos/acme/";
  EXPECT_THAT(order, ElementsAre(base + "busy", base + "calm", base + "quiet",
                                 base + "busy", base + "busy"));
}

// Otherwise results could keep a pending waiting for ever.
TEST_F(PosterTest, OneSlotInTwentyGoesToAnOldPending) {
  Unpace();
  Say(Pending("acme/web"));
  Say(Pending("acme/app"));
  clock_.Advance(absl::Seconds(61));
  for (int i = 0; i < 45; ++i) {
    KeyReport report = Ended("acme/lib", Result::kSuccess);
    report.context = absl::StrCat("ci/", i);
    Say(report);
  }
  RunFor(absl::Seconds(1));
  std::vector<int> pendings;
  for (size_t i = 0; i < transport_->sent.size(); ++i) {
    if (absl::StrContains(transport_->sent[i], "pending")) {
      pendings.push_back(static_cast<int>(i));
    }
  }
  EXPECT_THAT(pendings, ElementsAre(19, 39));
}

TEST_F(PosterTest, AYoungPendingHasNoSlot) {
  Unpace();
  Say(Pending("acme/web"));
  clock_.Advance(absl::Seconds(59));
  for (int i = 0; i < 30; ++i) {
    KeyReport report = Ended("acme/lib", Result::kSuccess);
    report.context = absl::StrCat("ci/", i);
    Say(report);
  }
  RunFor(absl::Milliseconds(1));
  ASSERT_EQ(transport_->sent.size(), 31u);
  EXPECT_TRUE(absl::StrContains(transport_->sent[30], "pending"));
}

// A fork's commit appears in the base repository some seconds after the
// webhook. (home-assistant/service-hub#394)
TEST_F(PosterTest, WaitsForACommitToAppear) {
  MakeGitHub({.tokens = {"acme-token"}});
  fake_->rules().AddRepository("acme/web", 1);
  fake_->rules().AddCommit("acme/web", kSha, clock_.Now() + absl::Seconds(5));
  Say(Ended("acme/web", Result::kSuccess));
  RunFor(absl::Seconds(4));
  EXPECT_EQ(PostingOf("acme/web").state, PostingState::kWaiting);
  EXPECT_EQ(PostingOf("acme/web").reason, "NO_COMMIT_FOUND");
  RunFor(absl::Seconds(4));
  EXPECT_EQ(ShownState("acme/web"), "success");
  EXPECT_EQ(Tries("acme/web").size(), 4u);  // After 0, 1, 3 and 7 s.
}

TEST_F(PosterTest, ACommitThatNeverAppearsIsAbandoned) {
  MakeGitHub({.tokens = {"acme-token"}});
  fake_->rules().AddRepository("acme/web", 1);
  Say(Ended("acme/web", Result::kSuccess));
  RunFor(absl::Hours(1));
  EXPECT_EQ(PostingOf("acme/web").state, PostingState::kAbandoned);
  EXPECT_EQ(PostingOf("acme/web").reason, "NO_COMMIT_FOUND");
  EXPECT_EQ(Tries("acme/web").size(), 6u);
  // A newer report gets new tries.
  fake_->rules().AddCommit("acme/web", kSha);
  Say(Ended("acme/web", Result::kFailure, 2));
  RunFor(absl::Seconds(1));
  EXPECT_EQ(ShownState("acme/web"), "failure");
}

TEST_F(PosterTest, WhatIsRefusedForGoodIsAbandonedAtOnce) {
  Unpace();
  transport_->hook = [](const HttpRequest& request)
      -> std::optional<absl::StatusOr<HttpResponse>> {
    if (!absl::StrContains(request.url, "/web/")) return std::nullopt;
    return Refusal("state", "is not included in the list");
  };
  Say(Ended("acme/web", Result::kSuccess));
  Say(Ended("acme/app", Result::kSuccess));
  RunFor(absl::Hours(1));
  EXPECT_EQ(PostingOf("acme/web").state, PostingState::kAbandoned);
  EXPECT_EQ(PostingOf("acme/web").reason, "STATE_REFUSED");
  EXPECT_EQ(Tries("acme/web").size(), 1u);
  EXPECT_EQ(ShownState("acme/app"), "success");
}

TEST_F(PosterTest, ALinkIsNoReasonToLoseAResult) {
  Unpace();
  KeyReport report = Ended("acme/web", Result::kSuccess);
  report.description = "fine";
  report.target_url = "ftp://ci.example.com/1";
  Say(report);
  RunFor(absl::Minutes(1));
  const auto row = fake_->rules().Shown("acme/web", kSha)["ci/build"];
  EXPECT_EQ(row.state, "success");
  EXPECT_EQ(row.description, "fine");
  EXPECT_EQ(row.target_url, "");
  EXPECT_EQ(Tries("acme/web").size(), 2u);
}

TEST_F(PosterTest, ATextIsNoReasonToLoseAResult) {
  Unpace();
  // A GitHub that takes ASCII alone, then one that takes no text at all.
  const auto refuse_beyond_ascii = [](const HttpRequest& request) {
    const bool is_ascii = std::all_of(request.body.begin(), request.body.end(),
                                      [](unsigned char c) { return c < 0x80; });
    return is_ascii ? std::nullopt
                    : std::optional<absl::StatusOr<HttpResponse>>(
                          Refusal("description", "is invalid"));
  };
  const auto refuse_all = [](const HttpRequest& request) {
    return absl::StrContains(request.body, "description")
               ? std::optional<absl::StatusOr<HttpResponse>>(
                     Refusal("description", "is invalid"))
               : std::nullopt;
  };
  KeyReport report = Ended("acme/web", Result::kSuccess);
  report.description = "Grüße…";
  transport_->hook = refuse_beyond_ascii;
  Say(report);
  RunFor(absl::Minutes(1));
  EXPECT_EQ(fake_->rules().Shown("acme/web", kSha)["ci/build"].description,
            "Gr??e...");
  EXPECT_EQ(Tries("acme/web").size(), 2u);

  report.repository = Repo("acme/app");
  transport_->hook = refuse_all;
  Say(report);
  RunFor(absl::Minutes(1));
  EXPECT_EQ(ShownState("acme/app"), "success");
  EXPECT_EQ(fake_->rules().Shown("acme/app", kSha)["ci/build"].description, "");
  EXPECT_EQ(Tries("acme/app").size(), 3u);
  // The next report is posted with its own text again.
  transport_->hook = nullptr;
  report.result = Result::kFailure;
  report.attempt = 2;
  Say(report);
  RunFor(absl::Minutes(1));
  EXPECT_EQ(fake_->rules().Shown("acme/app", kSha)["ci/build"].description,
            "Grüße…");
}

TEST_F(PosterTest, RewordingEnds) {
  Unpace();
  int asked = 0;
  transport_->hook = [&asked](const HttpRequest&) {
    const bool url = asked++ % 2 == 0;
    return url ? Refusal("target_url", "is invalid")
               : Refusal("description", "is invalid");
  };
  KeyReport report = Ended("acme/web", Result::kSuccess);
  report.description = "é";
  report.target_url = "https://ci.example.com/1";
  Say(report);
  RunFor(absl::Hours(1));
  EXPECT_EQ(PostingOf("acme/web").state, PostingState::kAbandoned);
  EXPECT_LE(asked, 4);
}

TEST_F(PosterTest, WhatWasNotSaidCannotBeReworded) {
  Unpace();
  for (const char* field : {"target_url", "description"}) {
    transport_->sent.clear();
    transport_->hook = [field](const HttpRequest&) {
      return Refusal(field, "is invalid");
    };
    const std::string name = absl::StrCat("acme/", field);
    Say(Ended(name, Result::kSuccess));
    RunFor(absl::Hours(1));
    EXPECT_EQ(PostingOf(name).state, PostingState::kAbandoned);
    EXPECT_EQ(transport_->sent.size(), 1u);
  }
}

TEST_F(PosterTest, BeginsNothingOnceItIsClosed) {
  fake_->SetDelay(absl::Seconds(1));
  Say(Ended("acme/web", Result::kSuccess));
  RunFor(absl::Milliseconds(1));
  Say(Ended("acme/app", Result::kSuccess));
  poster_->Close();
  EXPECT_EQ(poster_->InFlight(), 1);
  RunFor(absl::Hours(1));
  EXPECT_EQ(poster_->InFlight(), 0);
  EXPECT_EQ(PostingOf("acme/web").state, PostingState::kPosted);
  EXPECT_EQ(ShownState("acme/app"), "nothing");
}

// One transaction ends a post and takes out the next entry, for all credentials
// together.
TEST_F(PosterTest, APostOfABacklogCostsOneTransaction) {
  constexpr int kPosts = 10;
  Unpace();
  for (int i = 0; i < kPosts; ++i) {
    for (const char* name : {"acme/app", "other/lib"}) {
      KeyReport report = Ended(name, Result::kSuccess);
      report.sha = ShaOf(i);
      Say(report);
    }
  }
  RunFor(absl::Minutes(1));
  for (int i = 0; i < kPosts; ++i) {
    EXPECT_EQ(ShownState("acme/app", ShaOf(i)), "success");
    EXPECT_EQ(ShownState("other/lib", ShaOf(i)), "success");
  }
  EXPECT_LE(outbox_->turns, kPosts + 1);
}

// As many as may be in flight are taken out together. The first eight begin
// before GitHub has accepted a post, and the batches then grow.
TEST_F(PosterTest, ABacklogIsTakenOutInBatches) {
  Unpace(/*max_in_flight=*/8);
  std::vector<std::string> names;
  for (int i = 0; i < 80; ++i) {
    names.push_back(absl::StrCat("acme/", i % 5));
    KeyReport report = Ended(names.back(), Result::kSuccess);
    report.sha = ShaOf(i);
    Say(report);
  }
  RunFor(absl::Minutes(1));
  for (int i = 0; i < 80; ++i) {
    EXPECT_EQ(ShownState(names[i], ShaOf(i)), "success");
  }
  EXPECT_LE(outbox_->turns, 8 + 72 / 8 + 8);
}

// The repositories take turns within a turn of the poster, too.
TEST_F(PosterTest, ABatchGoesRoundTheRepositories) {
  Unpace(/*max_in_flight=*/8);
  for (int i = 0; i < 40; ++i) {
    KeyReport report =
        Ended(i < 36 ? "acme/busy" : "acme/quiet", Result::kSuccess);
    report.sha = ShaOf(i);
    Say(report);
  }
  RunFor(absl::Milliseconds(1));
  std::vector<std::string> order;
  for (const auto& event : fake_->rules().EventsAfter(0, 100)) {
    order.push_back(event.full_name);
  }
  ASSERT_GE(order.size(), 8u);
  const auto quiet = std::count(order.begin(), order.begin() + 8, "acme/quiet");
  EXPECT_EQ(quiet, 4);
}

TEST_F(PosterTest, ALongBacklogDelaysNoOther) {
  for (int i = 0; i < 300; ++i) {
    KeyReport report = Ended("nobody/web", Result::kSuccess);
    report.sha = ShaOf(i);
    Say(report);
  }
  Say(Ended("other/lib", Result::kSuccess));
  EXPECT_EQ(poster_->RunOnce(), clock_.Now());
  transport_->DeliverDue();
  EXPECT_EQ(ShownState("other/lib"), "success");
  RunFor(absl::Seconds(1));
  EXPECT_EQ(poster_->RunOnce(), absl::InfiniteFuture());
}

}  // namespace
}  // namespace signalbox
