// What an App does when GitHub sends an event: an installation came, went or
// changed.

#include <string>
#include <vector>

#include "tests/github_simulator/apps.h"
#include "tests/server/github/app_credentials_fixture.h"

namespace signalbox {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

constexpr char kLookLabs[] = "github.com/labs";
constexpr char kFind[] = "GET /orgs/acme/installation";
constexpr char kLookMint[] = "POST /app/installations/77/access_tokens";

class AppLookTest : public AppCredentialsFixture {
 protected:
  void Look(const std::string& account = "acme",
            const std::string& host = "github.com") {
    credentials_->LookAgain(host, account, our_clock_.Now());
  }

  // An App that has a token. Clears the recorded requests.
  std::string MakeReady() {
    Make({App({"acme"})});
    const std::string token = AskTwice();
    transport_.requests.clear();
    return token;
  }

  std::vector<std::string> Permissions() {
    for (const CredentialState& state : credentials_->States()) {
      if (state.id == kAcme) return state.permissions;
    }
    return {"not there"};
  }
};

TEST_F(AppLookTest, WhoWasNotInstalledIsAskedForAtOnce) {
  Make({App({"labs"})});
  ASSERT_EQ(AskTwice(kLookLabs), "APP_NOT_INSTALLED");
  Install(78, "labs");
  clock_.Advance(absl::Seconds(1));
  Look("LABS", "GitHub.com");
  EXPECT_THAT(AskTwice(kLookLabs), StartsWith("ghs_"));
  EXPECT_EQ(StopReason(kLookLabs), "");
}

TEST_F(AppLookTest, WhoIsNotSuspendedAnyMoreIsAskedForAtOnce) {
  Install(kAcmeId, "acme", /*suspended=*/true);
  Make({App({"acme"})});
  ASSERT_EQ(AskTwice(), "INSTALLATION_SUSPENDED");
  Install(kAcmeId, "acme", /*suspended=*/false);
  Look();
  EXPECT_THAT(AskTwice(), StartsWith("ghs_"));
}

TEST_F(AppLookTest, ATroubleIsNotWaitedFor) {
  Make({App({"acme"})});
  github_.SetReachable(false);
  AskFor(absl::Minutes(10));
  github_.SetReachable(true);
  Look();
  EXPECT_THAT(AskTwice(), StartsWith("ghs_"));
}

TEST_F(AppLookTest, AStoppedOneIsProbedAtOnce) {
  Make({App({"acme"})});
  for (int i = 0; i < 2; ++i) Refuse(GetOld());
  ASSERT_EQ(AskTwice(), "CREDENTIAL_REFUSED");
  Look();
  Ask();
  transport_.DeliverDue();
  const Token probe = MustGet();
  EXPECT_TRUE(probe.probe_only);
  EXPECT_EQ(TokensMade(), 3);
  credentials_->NoteAccepted(kAcme, probe);
  EXPECT_EQ(Ask(), probe.value.Reveal());
}

// Nothing is posted with a token that may no longer exist.
TEST_F(AppLookTest, TheTokenIsNotUsedUntilGitHubHasAnswered) {
  const std::string token = MakeReady();
  Look();
  EXPECT_EQ(Ask(), kNotReady);
  EXPECT_EQ(Ask(), kNotReady);
  EXPECT_EQ(Get().status().code(), absl::StatusCode::kUnavailable);
  transport_.DeliverDue();
  // Nothing has changed, so the token is used again.
  EXPECT_EQ(Ask(), token);
  EXPECT_THAT(transport_.TakeLines(), ElementsAre(kFind));
  EXPECT_EQ(TokensMade(), 1);
}

TEST_F(AppLookTest, WhoIsGoneIsNotInstalled) {
  MakeReady();
  github_.rules().apps().RemoveInstallation(kAcmeId);
  Look();
  EXPECT_EQ(AskTwice(), "APP_NOT_INSTALLED");
  EXPECT_EQ(StopReason(), "APP_NOT_INSTALLED");
  EXPECT_THAT(Permissions(), IsEmpty());
}

TEST_F(AppLookTest, WhoIsSuspendedStops) {
  MakeReady();
  Install(kAcmeId, "acme", /*suspended=*/true);
  Look();
  EXPECT_EQ(AskTwice(), "INSTALLATION_SUSPENDED");
}

TEST_F(AppLookTest, AnotherInstallationGetsAnotherToken) {
  const std::string first = MakeReady();
  github_.rules().apps().RemoveInstallation(kAcmeId);
  Install(90, "acme");
  Look();
  const std::string second = AskTwice();
  EXPECT_THAT(second, StartsWith("ghs_"));
  EXPECT_NE(second, first);
  EXPECT_THAT(transport_.TakeLines(),
              ElementsAre(kFind, "POST /app/installations/90/access_tokens"));
}

// A token has the rights that the installation had when it was made.
TEST_F(AppLookTest, OtherRightsGetAnotherToken) {
  const std::string first = MakeReady();
  transport_.scripted = {
      Answer(200, R"({"id":77,"permissions":{"statuses":"write"}})"),
      Answer(201, R"({"token":"second","expires_at":"2036-06-01T00:00:00Z",)"
                  R"("permissions":{"statuses":"write"}})")};
  Look();
  EXPECT_EQ(AskTwice(), "second");
  EXPECT_THAT(transport_.TakeLines(), ElementsAre(kFind, kLookMint));
  EXPECT_THAT(Permissions(), ElementsAre("statuses=write"));
}

TEST_F(AppLookTest, ThePermissionsAreThoseOfTheToken) {
  Make({App({"acme"})});
  EXPECT_THAT(Permissions(), IsEmpty());
  const std::string time = R"("expires_at":"2026-06-01T01:00:00Z")";
  transport_.scripted = {
      Answer(200, R"({"id":77,"permissions":{"checks":"write"}})"),
      Answer(201,
             R"({"token":"one",)" + time +
                 R"(,"permissions":{"statuses":"write","checks":"read"}})")};
  AskTwice();
  EXPECT_THAT(Permissions(), ElementsAre("checks=read", "statuses=write"));
  clock_.Advance(absl::Hours(1));
  transport_.scripted = {
      Answer(201, R"({"token":"two","expires_at":"2036-06-01T00:00:00Z"})")};
  EXPECT_EQ(AskTwice(), "two");
  EXPECT_THAT(Permissions(), IsEmpty());
}

TEST_F(AppLookTest, AUserIsLookedForAsAUser) {
  github_.rules().AddInstallation(
      {.id = 78, .app_id = kAppId, .account = "solo", .account_type = "User"});
  Make({App({"solo"})});
  AskTwice("github.com/solo");
  transport_.requests.clear();
  Look("solo");
  EXPECT_THAT(AskTwice("github.com/solo"), StartsWith("ghs_"));
  EXPECT_THAT(transport_.TakeLines(),
              ElementsAre("GET /users/solo/installation"));
}

TEST_F(AppLookTest, OneRequestIsUnderWayAtATime) {
  Make({App({"acme"})});
  github_.SetDelay(absl::Seconds(1));
  Ask();
  Look();
  Look();
  for (int i = 0; i < 20; ++i) {
    Ask();
    EXPECT_LE(github_.InFlight(), 1);
    clock_.Advance(absl::Milliseconds(300));
    transport_.DeliverDue();
  }
  EXPECT_THAT(Ask(), StartsWith("ghs_"));
  // The first question was sent before the event, so it is repeated.
  EXPECT_THAT(transport_.TakeLines(), ElementsAre(kFind, kFind, kLookMint));
}

// A request that was under way may answer with the state before the event.
TEST_F(AppLookTest, ATokenThatWasUnderWayIsNotUsedEither) {
  MakeReady();
  clock_.Advance(absl::Minutes(56));
  github_.SetDelay(absl::Seconds(1));
  Ask();
  github_.rules().apps().RemoveInstallation(kAcmeId);
  Look();
  EXPECT_EQ(Ask(), kNotReady);
  for (int i = 0; i < 4; ++i) {
    clock_.Advance(absl::Seconds(1));
    transport_.DeliverDue();
    EXPECT_THAT(Ask(), testing::AnyOf(kNotReady, "APP_NOT_INSTALLED"));
  }
  EXPECT_EQ(Ask(), "APP_NOT_INSTALLED");
}

TEST_F(AppLookTest, StrangersAreNotLookedFor) {
  Make({App({"acme"})});
  AskTwice();
  transport_.requests.clear();
  for (const char* account :
       {"", "*", "other", "acme/x", "app:Iv23abc", "..", "a b"}) {
    Look(account);
  }
  Look("acme", "ghes.example.com");
  EXPECT_THAT(Ask(), StartsWith("ghs_"));
  EXPECT_THAT(transport_.TakeLines(), IsEmpty());
  EXPECT_EQ(credentials_->States().size(), 2u);
}

TEST_F(AppLookTest, WhoFallsToTheStarIsLookedForToo) {
  Make({App({"*"})});
  Look("labs");
  EXPECT_EQ(credentials_->States().size(), 1u);
  ASSERT_EQ(AskTwice(kLookLabs), "APP_NOT_INSTALLED");
  Install(78, "labs");
  Look("labs");
  EXPECT_THAT(AskTwice(kLookLabs), StartsWith("ghs_"));
}

// A sender of forged events must not be able to spend the App's budget or stop
// its posts.
TEST_F(AppLookTest, AFloodCostsARequestInTenSeconds) {
  const std::string token = MakeReady();
  int unusable = 0;
  for (int i = 0; i < 600; ++i) {
    Look();
    if (AskTwice() != token) ++unusable;
    clock_.Advance(absl::Milliseconds(100));
  }
  EXPECT_GE(transport_.requests.size(), 5u);
  EXPECT_LE(transport_.requests.size(), 7u);
  EXPECT_EQ(unusable, 0);
  EXPECT_EQ(TokensMade(), 1);
}

TEST_F(AppLookTest, AFloodForWhoIsNotInstalledCostsNoMore) {
  Make({App({"labs"})});
  AskTwice(kLookLabs);
  transport_.requests.clear();
  for (int i = 0; i < 1200; ++i) {
    Look("labs");
    EXPECT_EQ(AskTwice(kLookLabs), "APP_NOT_INSTALLED");
    clock_.Advance(absl::Milliseconds(100));
  }
  EXPECT_GE(transport_.requests.size(), 10u);
  EXPECT_LE(transport_.requests.size(), 14u);
}

TEST_F(AppLookTest, AFloodWhileGitHubIsDownCostsNoMore) {
  MakeReady();
  github_.SetReachable(false);
  for (int i = 0; i < 600; ++i) {
    Look();
    AskTwice();
    clock_.Advance(absl::Seconds(1));
  }
  EXPECT_LE(transport_.requests.size(), 64u);
  github_.SetReachable(true);
  EXPECT_THAT(AskFor(kMaxRetry), StartsWith("ghs_"));
}

// The last event of a flood is not lost.
TEST_F(AppLookTest, NewsThatComeTooSoonAreLookedAfterLater) {
  const std::string token = MakeReady();
  Look();
  ASSERT_EQ(AskTwice(), token);
  github_.rules().apps().RemoveInstallation(kAcmeId);
  clock_.Advance(absl::Seconds(1));
  Look();
  EXPECT_EQ(AskTwice(), token);
  clock_.Advance(kBetweenLooks - absl::Seconds(1));
  EXPECT_EQ(AskTwice(), "APP_NOT_INSTALLED");
}

TEST_F(AppLookTest, ItIsNotUsedWhileGitHubCannotBeAsked) {
  MakeReady();
  github_.rules().AddFault({.name = "server_error_html", .count = 3});
  Look();
  EXPECT_EQ(AskTwice(), kNotReady);
  EXPECT_EQ(AskFor(absl::Seconds(2)), kNotReady);
  EXPECT_THAT(AskFor(absl::Seconds(10)), StartsWith("ghs_"));
  EXPECT_EQ(TokensMade(), 1);
}

TEST_F(AppLookTest, ALimitIsObeyed) {
  MakeReady();
  github_.rules().AddFault({.name = "secondary_limit", .seconds = 60});
  for (int i = 0; i < 60; ++i) {
    Look();
    EXPECT_EQ(AskTwice(), kNotReady);
    clock_.Advance(absl::Seconds(1));
  }
  EXPECT_EQ(transport_.requests.size(), 1u);
  EXPECT_THAT(AskFor(absl::Seconds(5)), StartsWith("ghs_"));
}

}  // namespace
}  // namespace signalbox
