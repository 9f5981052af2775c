// Apps as themselves: the credentials for the routes under /app.

#include <atomic>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/github_simulator/apps.h"
#include "tests/server/github/app_credentials_fixture.h"

namespace signalbox {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

class AppSelfTest : public AppCredentialsFixture {
 protected:
  // What GitHub says to `GET /app` with this token.
  int StatusWith(const Token& token) {
    HttpRequest request;
    request.method = "GET";
    request.url = token.api_url + "/app";
    request.headers = {{"User-Agent", "signalbox/test"}};
    request.bearer = token.value;
    int status = 0;
    github_.Send(std::move(request), [&](absl::StatusOr<HttpResponse> answer) {
      if (answer.ok()) status = answer->status;
    });
    github_.DeliverDue();
    return status;
  }

  // The JWT's claims, encoded: they hold its begin and end in seconds.
  static std::string ClaimsOf(const Token& token) {
    const std::string& jwt = token.value.Reveal();
    const size_t dot = jwt.find('.');
    return jwt.substr(dot, jwt.rfind('.') - dot);
  }
};

TEST_F(AppSelfTest, SpeaksForItselfAtOnce) {
  Make({App({"acme"})});
  EXPECT_THAT(credentials_->Apps(), ElementsAre(kSelf));
  const Token token = MustGet(kSelf);
  EXPECT_THAT(token.value.Reveal(), StartsWith("eyJ"));
  EXPECT_EQ(token.api_url, "https://api.github.com");
  EXPECT_FALSE(token.probe_only);
  // A refusal is never excused by a young token.
  EXPECT_EQ(token.issue_time, absl::InfinitePast());
  EXPECT_EQ(StatusWith(token), 200);
  EXPECT_THAT(transport_.TakeLines(), IsEmpty());
}

TEST_F(AppSelfTest, IsNobodysPoster) {
  AppCredential numbered = App({"*"});
  numbered.issuer = "12";
  Make({App({"acme"}), numbered});
  EXPECT_THAT(credentials_->Apps(),
              ElementsAre("github.com/app:12", "github.com/app:Iv23abc"));
  for (const char* owner : {"app:12", "app:Iv23abc", "app:iv23abc", "app:"}) {
    EXPECT_EQ(credentials_->Find(Repository{"github.com", owner, "web"}), "");
  }
  for (const char* id :
       {"github.com/app:", "github.com/app:13", "github.com/app:iv23abc",
        "GitHub.com/app:12", "ghes.example.com/app:12", "app:12"}) {
    EXPECT_EQ(Get(id).status().code(), absl::StatusCode::kNotFound) << id;
    credentials_->NoteRefused(id, Token(), "BAD_CREDENTIALS", clock_.Now());
    credentials_->NoteAccepted(id, Token());
    credentials_->NoteAnswer(id, clock_.Now(), absl::Hours(1));
  }
  EXPECT_THAT(AskTwice(kSelf), StartsWith("eyJ"));
}

TEST_F(AppSelfTest, AnIssuerOnTwoHostsIsTwoApps) {
  AppCredential ghes = App({"*"});
  ghes.host = "GHES.example.com";
  ghes.api_url = "https://ghes.example.com/api/v3";
  ghes.private_key_file = dir_.Path("ghes.pem");
  std::ofstream(ghes.private_key_file) << Key(1).PrivatePem();
  // A second item of the same App adds no App.
  Make({App({"acme"}), ghes, App({"labs"})});
  const std::string ghes_id = "ghes.example.com/app:Iv23abc";
  EXPECT_THAT(credentials_->Apps(), ElementsAre(ghes_id, kSelf));
  const Token here = MustGet(kSelf);
  const Token there = MustGet(ghes_id);
  EXPECT_EQ(there.api_url, "https://ghes.example.com/api/v3");
  EXPECT_EQ(here.api_url, "https://api.github.com");
  EXPECT_NE(here.value.Reveal(), there.value.Reveal());
  EXPECT_EQ(StatusWith(here), 200);
  // A refusal of one App does not stop the other.
  Refuse(there, "BAD_CREDENTIALS", ghes_id);
  EXPECT_EQ(Ask(ghes_id), "APP_REFUSED");
  EXPECT_EQ(StopReason(ghes_id), "APP_REFUSED");
  EXPECT_THAT(Ask(kSelf), StartsWith("eyJ"));
  EXPECT_EQ(StopReason(kSelf), "");
}

// A caller may use its token a little later.
TEST_F(AppSelfTest, ATokenIsMadeAnewLongBeforeItEnds) {
  Make({App({"acme"})});
  const Token first = MustGet(kSelf);
  clock_.Advance(absl::Minutes(3));
  EXPECT_EQ(Ask(kSelf), first.value.Reveal());
  clock_.Advance(absl::Minutes(1));
  const Token second = MustGet(kSelf);
  EXPECT_NE(ClaimsOf(second), ClaimsOf(first));
  EXPECT_EQ(StatusWith(first), 200);
  clock_.Advance(absl::Minutes(4) - absl::Seconds(1));
  EXPECT_EQ(Ask(kSelf), second.value.Reveal());
  EXPECT_EQ(StatusWith(second), 200);
}

TEST_F(AppSelfTest, GoesByGitHubsClockOnceItIsKnown) {
  for (const absl::Duration skew : {absl::Hours(2), -absl::Hours(2)}) {
    our_clock_.skew = skew;
    Make({App({"acme"})});
    const Token wrong = MustGet(kSelf);
    EXPECT_EQ(StatusWith(wrong), 401) << skew;
    // As RequestGate reports it.
    credentials_->NoteAnswer(kSelf, clock_.Now(), absl::ZeroDuration());
    Refuse(wrong, "CLOCK_SKEW", kSelf);
    EXPECT_EQ(StatusWith(MustGet(kSelf)), 200) << skew;
    EXPECT_EQ(StopReason(kSelf), "");

    // An account's answer teaches GitHub's clock too, and drops older tokens.
    Make({App({"acme"})});
    MustGet(kSelf);
    AskTwice();
    EXPECT_EQ(StatusWith(MustGet(kSelf)), 200) << skew;
  }
}

// GitHub accepts such a token, but it expires before it would be replaced.
TEST_F(AppSelfTest, AClockThatIsALittleBehindShortensNoLife) {
  our_clock_.skew = -absl::Minutes(8);
  Make({App({"acme"})});
  const Token first = MustGet(kSelf);
  ASSERT_EQ(StatusWith(first), 200);
  credentials_->NoteAccepted(kSelf, first);
  credentials_->NoteAnswer(kSelf, clock_.Now(), absl::ZeroDuration());
  clock_.Advance(absl::Minutes(3));
  EXPECT_EQ(StatusWith(MustGet(kSelf)), 200);
}

TEST_F(AppSelfTest, AClockThatIsNeverTakenStopsItAtTheSecondRefusal) {
  Make({App({"acme"})});
  for (int i = 0; i < 2; ++i) {
    const Token token = MustGet(kSelf);
    credentials_->NoteAnswer(kSelf, clock_.Now(), absl::ZeroDuration());
    Refuse(token, "CLOCK_SKEW", kSelf);
  }
  EXPECT_EQ(Ask(kSelf), "APP_REFUSED");
}

TEST_F(AppSelfTest, ARefusalStopsItUntilItsFileChanges) {
  Make({App({"acme"})});
  const Token token = MustGet(kSelf);
  const absl::Time refusal = our_clock_.Now();
  Refuse(token, "BAD_CREDENTIALS", kSelf);
  EXPECT_EQ(Get(kSelf).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(AskFor(absl::Minutes(10), kSelf), "APP_REFUSED");
  EXPECT_EQ(StopReason(kSelf), "APP_REFUSED");
  for (const CredentialState& state : credentials_->States()) {
    EXPECT_EQ(state.stop_time, refusal) << state.id;
  }
  // The App's accounts send no requests either.
  EXPECT_EQ(AskTwice(), "APP_REFUSED");
  EXPECT_THAT(transport_.TakeLines(), IsEmpty());

  github_.rules().apps().SetAppKeys(kAppId, {Key(1).PublicPem()});
  WriteKey(Key(1).PrivatePem());
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(StatusWith(MustGet(kSelf)), 200);
  EXPECT_EQ(StopReason(kSelf), "");
}

TEST_F(AppSelfTest, AKeyThatCameMeanwhileIsTriedOnce) {
  Make({App({"acme"})});
  const Token token = MustGet(kSelf);
  WriteKey(Key(1).PrivatePem());
  Refuse(token, "JWT_REFUSED", kSelf);
  const Token next = MustGet(kSelf);
  EXPECT_NE(next.value.Reveal(), token.value.Reveal());
  WriteKey(Key(2).PrivatePem());
  Refuse(next, "JWT_REFUSED", kSelf);
  EXPECT_EQ(StopReason(kSelf), "APP_REFUSED");
}

TEST_F(AppSelfTest, AnAcceptedTokenMakesItAsGoodAsNew) {
  Make({App({"acme"})});
  for (int i = 0; i < 3; ++i) {
    const Token token = MustGet(kSelf);
    credentials_->NoteAnswer(kSelf, clock_.Now(), absl::ZeroDuration());
    Refuse(token, "CLOCK_SKEW", kSelf);
    credentials_->NoteAccepted(kSelf, MustGet(kSelf));
  }
  EXPECT_THAT(Ask(kSelf), StartsWith("eyJ"));
}

// Several requests that were under way are refused together; only the first
// says something new.
TEST_F(AppSelfTest, WhatIsSaidOfAnOlderTokenIsOldNews) {
  Make({App({"acme"})});
  const Token token = MustGet(kSelf);
  for (int i = 0; i < 5; ++i) Refuse(token, "CLOCK_SKEW", kSelf);
  clock_.Advance(absl::Seconds(1));
  const Token next = MustGet(kSelf);
  EXPECT_NE(next.value.Reveal(), token.value.Reveal());
  Refuse(token, "BAD_CREDENTIALS", kSelf);
  EXPECT_EQ(Ask(kSelf), next.value.Reveal());

  Refuse(next, "BAD_CREDENTIALS", kSelf);
  ASSERT_EQ(Ask(kSelf), "APP_REFUSED");
  credentials_->NoteAccepted(kSelf, next);
  credentials_->NoteAccepted(kSelf, token);
  EXPECT_EQ(Ask(kSelf), "APP_REFUSED");
}

TEST_F(AppSelfTest, AfterTheWaitOneRequestTries) {
  Make({App({"acme"})});
  Refuse(MustGet(kSelf), "BAD_CREDENTIALS", kSelf);
  clock_.Advance(kRefusedAppRetry - absl::Seconds(1));
  EXPECT_EQ(AskTwice(kSelf), "APP_REFUSED");
  EXPECT_EQ(AskTwice(), "APP_REFUSED");
  clock_.Advance(absl::Seconds(1));
  const Token trial = MustGet(kSelf);
  EXPECT_EQ(Ask(kSelf), "APP_REFUSED");
  EXPECT_EQ(Ask(), "APP_REFUSED");
  Refuse(trial, "BAD_CREDENTIALS", kSelf);
  EXPECT_THAT(transport_.TakeLines(), IsEmpty());
  clock_.Advance(kRefusedAppRetry - absl::Seconds(1));
  EXPECT_EQ(Ask(kSelf), "APP_REFUSED");

  clock_.Advance(absl::Seconds(1));
  credentials_->NoteAccepted(kSelf, MustGet(kSelf));
  EXPECT_THAT(Ask(kSelf), StartsWith("eyJ"));
  EXPECT_EQ(StopReason(kSelf), "");
  EXPECT_THAT(AskTwice(), StartsWith("ghs_"));
}

// The caller that got the probe may have been unable to send it.
TEST_F(AppSelfTest, AProbeThatWasNeverMadeIsMadeLater) {
  Make({App({"acme"})});
  Refuse(MustGet(kSelf), "BAD_CREDENTIALS", kSelf);
  clock_.Advance(kRefusedAppRetry);
  MustGet(kSelf);
  clock_.Advance(2 * kGitHubTimeout - absl::Seconds(1));
  EXPECT_EQ(Ask(kSelf), "APP_REFUSED");
  clock_.Advance(absl::Seconds(1));
  MustGet(kSelf);
}

// An account's request may be the probe. Its end counts for the App too.
TEST_F(AppSelfTest, StandsAndFallsWithItsAccounts) {
  Make({App({"acme"})});
  github_.rules().apps().SetAppKeys(kAppId, {Key(1).PublicPem()});
  ASSERT_EQ(AskTwice(), "APP_REFUSED");
  EXPECT_EQ(Ask(kSelf), "APP_REFUSED");
  github_.rules().apps().SetAppKeys(kAppId, {Key(0).PublicPem()});
  clock_.Advance(kRefusedAppRetry);
  Ask();
  EXPECT_EQ(Ask(kSelf), "APP_REFUSED");
  transport_.DeliverDue();
  EXPECT_THAT(Ask(kSelf), StartsWith("eyJ"));
}

TEST_F(AppSelfTest, ALimitThatAnAccountMetIsItsOwnToo) {
  Make({App({"acme"})});
  github_.rules().AddFault({.name = "secondary_limit", .seconds = 120});
  AskTwice();
  EXPECT_EQ(Get(kSelf).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Ask(kSelf), kNotReady);
  clock_.Advance(absl::Seconds(119));
  EXPECT_EQ(Ask(kSelf), kNotReady);
  clock_.Advance(absl::Seconds(2));
  EXPECT_EQ(StatusWith(MustGet(kSelf)), 200);
}

// The limit is the App's, whichever request met it.
TEST_F(AppSelfTest, ALimitThatOthersMetHoldsItsAccounts) {
  Make({App({"acme", "labs"})});
  credentials_->NoteAnswer(kSelf, clock_.Now(), absl::Seconds(60));
  EXPECT_EQ(Ask(kSelf), kNotReady);
  EXPECT_EQ(RequestsDuring(absl::Seconds(59)), 0u);
  EXPECT_THAT(AskFor(absl::Seconds(3)), StartsWith("ghs_"));
  // A limit of one installation does not hold the App itself.
  credentials_->NoteAnswer(kAcme, clock_.Now(), absl::Seconds(60));
  EXPECT_THAT(Ask(kSelf), StartsWith("eyJ"));
}

TEST_F(AppSelfTest, IsSafeFromManyThreads) {
  AppCredentialsOptions options = Options();
  options.transport = &github_;
  options.changed = nullptr;
  auto made = MakeAppCredentials({App({"acme"})}, options);
  ASSERT_TRUE(made.ok()) << made.status();
  credentials_ = *std::move(made);
  std::atomic<bool> is_over = false;
  std::thread answers([&] {
    while (!is_over || github_.InFlight() > 0) github_.DeliverDue();
  });
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i) {
        const absl::StatusOr<Token> token =
            credentials_->Get(t == 0 ? kAcme : kSelf, clock_.Now());
        credentials_->LookAgain("github.com", "acme", clock_.Now());
        credentials_->NoteAnswer(kSelf, clock_.Now(), absl::ZeroDuration());
        credentials_->States();
        if (token.ok() && i % 10 == 0) {
          credentials_->NoteRefused(kSelf, *token, "CLOCK_SKEW", clock_.Now());
        } else if (token.ok()) {
          credentials_->NoteAccepted(kSelf, *token);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  is_over = true;
  answers.join();
  clock_.Advance(kRefusedAppRetry);
  EXPECT_THAT(AskFor(absl::Minutes(1)), StartsWith("ghs_"));
  EXPECT_THAT(Ask(kSelf), StartsWith("eyJ"));
}

}  // namespace
}  // namespace signalbox
