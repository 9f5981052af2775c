// Trouble of the network, GitHub, the store and the machine.

#include "tests/server/poster/poster_fixture.h"
#include "tests/support/key_report.h"

namespace signalbox {
namespace {

using testing::ElementsAre;

class PosterTroubleTest : public PosterTest,
                          public testing::WithParamInterface<const char*> {};

TEST_P(PosterTroubleTest, PassesAndIsNeverGivenUp) {
  Fail(GetParam(), 12);
  Say(Ended("acme/web", Result::kSuccess));
  RunFor(absl::Minutes(4));
  EXPECT_EQ(ShownState("acme/web"), "nothing");
  EXPECT_EQ(PostingOf("acme/web").state, PostingState::kWaiting);
  RunFor(absl::Hours(1));
  EXPECT_EQ(ShownState("acme/web"), "success");
  // One ambiguous post, reads until one was answered, one post.
  const std::vector<Try> tries = Tries("acme/web");
  ASSERT_EQ(tries.size(), 14u);
  EXPECT_EQ(tries[12].reason, "READ");
  EXPECT_EQ(tries[12].message, "GitHub shows nothing");
  EXPECT_EQ(tries[13].reason, "POSTED");
  EXPECT_EQ(transport_->sent.size(), 2u);
}

INSTANTIATE_TEST_SUITE_P(Troubles, PosterTroubleTest,
                         testing::Values("server_error_html",
                                         "server_error_json",
                                         "reset_before_apply"));

TEST_F(PosterTest, WhatWasNeverSentIsSentOnceGitHubIsBack) {
  fake_->SetReachable(false);
  Say(Ended("acme/web", Result::kSuccess));
  RunFor(absl::Hours(24));
  EXPECT_EQ(PostingOf("acme/web").reason, "NOT_SENT");
  fake_->SetReachable(true);
  RunFor(absl::Minutes(5));
  EXPECT_EQ(ShownState("acme/web"), "success");
}

TEST_F(PosterTest, ASlowAnswerIsAnAnswer) {
  Fail("slow");
  Say(Ended("acme/web", Result::kSuccess));
  RunFor(absl::Minutes(1));
  EXPECT_THAT(States("acme/web"), ElementsAre("success"));
}

TEST_F(PosterTest, ALostAnswerIsReadBackAndNotRepeated) {
  Fail("reset_after_apply");
  Say(Ended("acme/web", Result::kSuccess));
  RunFor(absl::Seconds(11));
  EXPECT_EQ(transport_->reads, 0);
  RunFor(absl::Seconds(2));
  EXPECT_EQ(transport_->reads, 1);
  EXPECT_THAT(States("acme/web"), ElementsAre("success"));
  EXPECT_EQ(PostingOf("acme/web").state, PostingState::kPosted);
  EXPECT_EQ(Tries("acme/web").back().message, "GitHub shows success");
}

// A proxy that welcomes everybody is not GitHub.
TEST_F(PosterTest, APageInsteadOfA201IsReadBack) {
  Unpace();
  int pages = 0;
  transport_->hook =
      [&](const HttpRequest&) -> std::optional<absl::StatusOr<HttpResponse>> {
    if (pages++ > 0) return std::nullopt;
    HttpResponse answer;
    answer.status = 200;
    answer.body = "<html>Welcome!</html>";
    return answer;
  };
  Say(Ended("acme/web", Result::kSuccess));
  RunFor(absl::Seconds(1));
  EXPECT_EQ(PostingOf("acme/web").state, PostingState::kWaiting);
  EXPECT_EQ(PostingOf("acme/web").reason, "UNEXPECTED_ANSWER");
  RunFor(absl::Minutes(1));
  EXPECT_EQ(ShownState("acme/web"), "success");
  EXPECT_EQ(transport_->reads, 1);
  EXPECT_EQ(transport_->sent.size(), 2u);
}

// The read does not show GitHub's status, so a post now could be a repeat.
TEST_F(PosterTest, AReadThatTellsNothingIsRepeated) {
  Fail("reset_after_apply");
  Fault elsewhere;
  elsewhere.name = "redirect_elsewhere";
  elsewhere.location = "https://elsewhere.example";
  fake_->rules().AddFault(elsewhere);
  Say(Ended("acme/web", Result::kSuccess));
  RunFor(absl::Minutes(1));
  EXPECT_EQ(transport_->reads, 2);
  EXPECT_THAT(States("acme/web"), ElementsAre("success"));
  EXPECT_EQ(PostingOf("acme/web").state, PostingState::kPosted);
}

// A redirected request can take effect later than the first request.
TEST_F(PosterTest, ADoubtIsAsOldAsTheLastRequest) {
  fake_->SetDelay(absl::Seconds(2));
  fake_->rules().RenameRepository("acme/web", "acme/site");
  Fail("server_error_html", 1, 60, "/repositories/");
  Say(Ended("acme/web", Result::kSuccess));
  // The server only asks for the new name while the second post is in doubt.
  RunFor(absl::Milliseconds(13'900));
  EXPECT_EQ(transport_->reads, 1);
  RunFor(absl::Minutes(1));
  EXPECT_EQ(transport_->reads, 2);
  EXPECT_EQ(ShownState("acme/site"), "success");
}

// GitHub acknowledged the first pending, and shows the failure whose answer was
// lost. "Shown already" would be wrong.
TEST_F(PosterTest, AfterALostAnswerNothingCountsAsShown) {
  Say(Pending("acme/web", 1));
  RunFor(absl::Seconds(1));
  Fail("reset_after_apply");
  Say(Ended("acme/web", Result::kFailure, 1));
  RunFor(absl::Milliseconds(10));
  EXPECT_EQ(ShownState("acme/web"), "failure");
  Say(Pending("acme/web", 2));
  fake_->rules().AllowRerun("acme/web", kSha, "ci/build");
  RunFor(absl::Minutes(1));
  EXPECT_EQ(ShownState("acme/web"), "pending");
}

// A request can take effect after its try ended, and would hide what was posted
// meanwhile.
TEST_F(PosterTest, NothingIsPostedWhileALostRequestCanTakeEffect) {
  Unpace(8);
  fake_->SetApplyDelay(absl::Seconds(9));
  transport_->hook = [this](const HttpRequest& request) {
    fake_->Send(request, [](auto) {});  // Applied late; the answer is lost.
    return std::optional<absl::StatusOr<HttpResponse>>(
        absl::UnavailableError("connection reset"));
  };
  Say(Pending("acme/web", 1));
  RunFor(absl::Seconds(1));
  transport_->hook = nullptr;
  fake_->SetApplyDelay(absl::ZeroDuration());
  Say(Ended("acme/web", Result::kSuccess, 1));
  RunFor(absl::Minutes(1));
  EXPECT_THAT(States("acme/web"), ElementsAre("pending", "success"));
}

// A credential that may not read must not wait for ever.
TEST_F(PosterTest, WhoMayNotReadPostsAgain) {
  transport_->hook_reads = true;
  bool lost = false;
  transport_->hook = [&lost](const HttpRequest& request)
      -> std::optional<absl::StatusOr<HttpResponse>> {
    if (request.method == "GET") {
      HttpResponse answer;
      answer.status = 403;
      answer.body = R"({"message":"Resource not accessible by integration"})";
      return answer;
    }
    if (lost) return std::nullopt;
    lost = true;
    return absl::UnavailableError("connection reset");
  };
  Say(Ended("acme/web", Result::kSuccess));
  RunFor(absl::Minutes(1));
  EXPECT_EQ(ShownState("acme/web"), "success");
  EXPECT_EQ(PostingOf("acme/web").state, PostingState::kPosted);
}

// Sending everything to a dead host proves nothing, and every try would have to
// be read back.
TEST_F(PosterTest, AHostThatIsDownGetsOneRequestAtATime) {
  Unpace(8);
  Fail("server_error_html", -1);
  for (int i = 0; i < 300; ++i) {
    KeyReport report = Ended("acme/web", Result::kSuccess);
    report.sha = ShaOf(i);
    Say(report);
  }
  RunFor(absl::Hours(1));
  // Eight at once, then doubling up to five minutes.
  EXPECT_LE(transport_->sent.size() + transport_->reads, 8u + 20u);
  EXPECT_GE(transport_->sent.size() + transport_->reads, 8u + 12u);
  EXPECT_EQ(poster_->StateOf("github.com/acme").reason, "HOST_DOWN");
  const int reads = transport_->reads;
  const auto sent = static_cast<int>(transport_->sent.size());

  fake_->rules().ClearFaults();
  RunFor(absl::Minutes(6));
  for (int i = 0; i < 300; ++i) {
    ASSERT_EQ(ShownState("acme/web", ShaOf(i)), "success") << i;
  }
  EXPECT_EQ(poster_->StateOf("github.com/acme").reason, "");
  // Only requests that were sent are read back.
  EXPECT_LE(transport_->reads - reads, sent);
}

TEST_F(PosterTest, WhatTheStoreDidNotTakeIsSettledLater) {
  Unpace();
  Say(Ended("acme/web", Result::kSuccess));
  Say(Ended("acme/app", Result::kSuccess));
  for (const absl::Status& failure :
       {absl::UnavailableError("busy"), absl::ResourceExhaustedError("full"),
        absl::InternalError("damaged")}) {
    outbox_->settle = failure;
    RunFor(absl::Seconds(3));
    EXPECT_EQ(poster_->InFlight(), 1);
    EXPECT_EQ(transport_->sent.size(), 1u);
  }
  outbox_->settle = absl::OkStatus();
  RunFor(absl::Seconds(2));
  EXPECT_EQ(poster_->InFlight(), 0);
  EXPECT_THAT(States("acme/web"), ElementsAre("success"));
  EXPECT_THAT(States("acme/app"), ElementsAre("success"));
}

// The next try comes as long after the end of the last one as always.
TEST_F(PosterTest, AWaitGoesOnWhileTheStoreFails) {
  MakeGitHub({.tokens = {"acme-token"}});
  fake_->rules().AddRepository("acme/web", 1);
  const absl::Time begin = clock_.Now();
  Say(Ended("acme/web", Result::kSuccess));
  RunFor(absl::Seconds(6));
  outbox_->settle = absl::UnavailableError("busy");
  // GitHub does not find the commit at the fourth try either, after 7 s.
  RunFor(absl::Seconds(4));
  EXPECT_EQ(poster_->InFlight(), 1);
  outbox_->settle = absl::OkStatus();
  RunFor(absl::Seconds(2));
  const Posting posting = PostingOf("acme/web");
  EXPECT_EQ(posting.try_count, 4);
  EXPECT_GE(posting.next_try_time, begin + absl::Seconds(15));
  EXPECT_LE(posting.next_try_time, begin + absl::Seconds(16));
}

TEST_F(PosterTest, AStoreThatCannotBeReadIsAskedAgain) {
  Say(Ended("acme/web", Result::kSuccess));
  const auto run_without = [this](absl::Status FailingOutbox::*method) {
    (*outbox_).*method = absl::UnavailableError("busy");
    EXPECT_EQ(poster_->RunOnce(), clock_.Now() + absl::Seconds(1));
    (*outbox_).*method = absl::OkStatus();
  };
  run_without(&FailingOutbox::find_due_work);
  run_without(&FailingOutbox::take_due);
  EXPECT_EQ(transport_->sent.size(), 0u);
  // After the entry was taken out, only the last look fails.
  outbox_->good_looks = 1;
  run_without(&FailingOutbox::find_due_work);
  RunFor(absl::Seconds(2));
  EXPECT_EQ(ShownState("acme/web"), "success");
}

// The machine slept: the lease is over, but the answer is still to come.
TEST_F(PosterTest, AnOverdueAnswerIsWaitedFor) {
  Unpace(8);
  fake_->SetDelay(absl::Seconds(5));
  Say(Ended("acme/web", Result::kSuccess));
  RunFor(absl::Seconds(1));
  clock_.Advance(absl::Hours(1));
  poster_->RunOnce();
  EXPECT_EQ(poster_->InFlight(), 1);
  EXPECT_EQ(transport_->sent.size(), 1u);
  RunFor(absl::Minutes(1));
  EXPECT_EQ(ShownState("acme/web"), "success");
  EXPECT_EQ(poster_->InFlight(), 0);
  EXPECT_EQ(PostingOf("acme/web").state, PostingState::kPosted);
}

}  // namespace
}  // namespace signalbox
