// What an App does when GitHub refuses it, or does not answer.

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/github_simulator/apps.h"
#include "tests/server/github/app_credentials_fixture.h"

namespace signalbox {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

constexpr char kTroubleLabs[] = "github.com/labs";
constexpr char kTroubleMint[] = "POST /app/installations/77/access_tokens";

class AppTroubleTest : public AppCredentialsFixture {
 protected:
  // An App whose tokens were refused twice.
  void MakeStopped() {
    Make({App({"acme"})});
    for (int i = 0; i < 2; ++i) Refuse(GetOld());
    ASSERT_EQ(Ask(), "CREDENTIAL_REFUSED");
    transport_.requests.clear();
  }
};

// Installing and suspending.

TEST_F(AppTroubleTest, NotInstalledIsSaidAndAskedAgainNowAndThen) {
  Make({App({"labs"})});
  EXPECT_EQ(AskTwice(kTroubleLabs), "APP_NOT_INSTALLED");
  EXPECT_EQ(Get(kTroubleLabs).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(transport_.requests.size(), 2u);
  EXPECT_EQ(RequestsDuring(kMissingInstallationRetry - absl::Seconds(1),
                           kTroubleLabs),
            0u);
  EXPECT_EQ(RequestsDuring(absl::Seconds(2), kTroubleLabs), 2u);
  Install(78, "labs");
  EXPECT_THAT(AskFor(2 * kMissingInstallationRetry, kTroubleLabs),
              StartsWith("ghs_"));
  EXPECT_EQ(StopReason(kTroubleLabs), "");
}

// Requests name accounts. 200 accounts that never install the App must not use
// up its budget.
TEST_F(AppTroubleTest, WhoNeverInstallsTheAppIsAskedForOnceAnHour) {
  Make({App({"labs"})});
  // After 0, 5, 15, 35 and 75 minutes, and then every hour; two requests each.
  AskFor(absl::Hours(24), kTroubleLabs, absl::Seconds(10));
  EXPECT_LE(transport_.requests.size(), 2u * (5 + 23));
  EXPECT_GE(transport_.requests.size(), 2u * (5 + 21));
  // An event ends the wait.
  Install(78, "labs");
  credentials_->LookAgain("github.com", "labs", our_clock_.Now());
  EXPECT_THAT(AskTwice(kTroubleLabs), StartsWith("ghs_"));
}

TEST_F(AppTroubleTest, ASuspendedInstallationResumesByItself) {
  Install(kAcmeId, "acme", /*suspended=*/true);
  Make({App({"acme"})});
  EXPECT_EQ(AskTwice(), "INSTALLATION_SUSPENDED");
  EXPECT_EQ(RequestsDuring(kMissingInstallationRetry - absl::Seconds(1)), 0u);
  EXPECT_EQ(RequestsDuring(absl::Seconds(2)), 1u);
  EXPECT_EQ(Ask(), "INSTALLATION_SUSPENDED");
  Install(kAcmeId, "acme", /*suspended=*/false);
  EXPECT_THAT(AskFor(2 * kMissingInstallationRetry), StartsWith("ghs_"));
}

// A post's 403 reports it first. Nothing more is sent with that token.
TEST_F(AppTroubleTest, AReportedSuspensionStopsAtOnce) {
  Make({App({"acme"})});
  AskTwice();
  Install(kAcmeId, "acme", /*suspended=*/true);
  Refuse(MustGet(), "INSTALLATION_SUSPENDED");
  EXPECT_EQ(Ask(), "INSTALLATION_SUSPENDED");
  EXPECT_EQ(StopReason(), "INSTALLATION_SUSPENDED");
  EXPECT_EQ(RequestsDuring(kMissingInstallationRetry + absl::Seconds(1)), 1u);
  EXPECT_EQ(Ask(), "INSTALLATION_SUSPENDED");
  Install(kAcmeId, "acme", /*suspended=*/false);
  EXPECT_THAT(AskFor(2 * kMissingInstallationRetry), StartsWith("ghs_"));
}

TEST_F(AppTroubleTest, ARefreshThatFindsItSuspendedDropsTheToken) {
  Make({App({"acme"})});
  AskTwice();
  Install(kAcmeId, "acme", /*suspended=*/true);
  clock_.Advance(absl::Minutes(56));
  EXPECT_EQ(AskTwice(), "INSTALLATION_SUSPENDED");
}

TEST_F(AppTroubleTest, AnInstallationMadeAnewIsFoundAgain) {
  Make({App({"acme"})});
  AskTwice();
  github_.rules().apps().RemoveInstallation(kAcmeId);
  Install(90, "acme");
  clock_.Advance(absl::Minutes(56));
  transport_.requests.clear();
  EXPECT_THAT(AskTwice(), StartsWith("ghs_"));
  EXPECT_THAT(transport_.TakeLines(),
              ElementsAre(kTroubleMint, "GET /orgs/acme/installation",
                          "POST /app/installations/90/access_tokens"));
  EXPECT_EQ(TokensMade(90), 1);
}

TEST_F(AppTroubleTest, AnUninstalledAppIsNotInstalled) {
  Make({App({"acme"})});
  AskTwice();
  github_.rules().apps().RemoveInstallation(kAcmeId);
  Refuse(GetOld());
  EXPECT_EQ(AskTwice(), "APP_NOT_INSTALLED");
}

// GitHub says both that the installation exists and that it does not. Asking
// faster does not help.
TEST_F(AppTroubleTest, AnInstallationThatIsFoundAndNotFoundIsNotAskedForHotly) {
  Make({App({"acme"})});
  for (int i = 0; i < 60; ++i) {
    transport_.scripted.push_back(Answer(200, R"({"id":5})"));
    transport_.scripted.push_back(Answer(404, R"({"message":"Not Found"})"));
  }
  EXPECT_EQ(AskTwice(), kNotReady);
  EXPECT_EQ(transport_.requests.size(), 4u);
  EXPECT_LE(RequestsDuring(absl::Minutes(1)), 14u);
}

// Tokens that GitHub refuses.

// GitHub spreads a new token with a delay, so early refusals do not end it.
TEST_F(AppTroubleTest, AYoungTokenRestsThreeTimes) {
  Make({App({"acme"})});
  const std::string first = AskTwice();
  for (const absl::Duration wait : kYoungTokenWaits) {
    Refuse(MustGet());
    EXPECT_EQ(Ask(), kNotReady);
    clock_.Advance(wait - absl::Milliseconds(1));
    EXPECT_EQ(AskTwice(), kNotReady);
    clock_.Advance(absl::Milliseconds(1));
    EXPECT_EQ(AskTwice(), first);
  }
  EXPECT_EQ(TokensMade(), 1);
  Refuse(MustGet());
  const std::string second = AskTwice();
  EXPECT_THAT(second, StartsWith("ghs_"));
  EXPECT_NE(second, first);
  EXPECT_EQ(TokensMade(), 2);
}

// Posts that were under way together are refused together.
TEST_F(AppTroubleTest, RefusalsDuringARestAreOne) {
  Make({App({"acme"})});
  const std::string first = AskTwice();
  const Token token = MustGet();
  for (int i = 0; i < 8; ++i) Refuse(token);
  clock_.Advance(kYoungTokenWaits[0]);
  EXPECT_EQ(AskTwice(), first);
}

TEST_F(AppTroubleTest, AnOldTokenIsReplacedOnceThenItStops) {
  Make({App({"acme"})});
  const Token first = GetOld();
  Refuse(first);
  const std::string second = AskTwice();
  EXPECT_THAT(second, StartsWith("ghs_"));
  EXPECT_NE(second, first.value.Reveal());
  // Late answers about the first token change nothing.
  Refuse(first);
  credentials_->NoteAccepted(kAcme, first);
  EXPECT_EQ(Ask(), second);
  clock_.Advance(kYoungToken);
  Refuse(MustGet());
  EXPECT_EQ(AskTwice(), "CREDENTIAL_REFUSED");
  EXPECT_EQ(StopReason(), "CREDENTIAL_REFUSED");
  EXPECT_EQ(TokensMade(), 2);
}

TEST_F(AppTroubleTest, AnAcceptedTokenMakesItAsGoodAsNew) {
  Make({App({"acme"})});
  for (int i = 0; i < 5; ++i) {
    Refuse(GetOld());
    EXPECT_THAT(AskTwice(), StartsWith("ghs_")) << i;
    credentials_->NoteAccepted(kAcme, MustGet());
  }
}

TEST_F(AppTroubleTest, AStoppedOneIsProbedWithANewToken) {
  MakeStopped();
  EXPECT_EQ(RequestsDuring(kStoppedCredentialProbe - absl::Seconds(1)), 0u);
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(AskTwice(), StartsWith("probe ghs_"));
  EXPECT_THAT(transport_.TakeLines(), ElementsAre(kTroubleMint));
  // One probe at a time, even if nobody reports how it ended.
  EXPECT_EQ(Ask(), "CREDENTIAL_REFUSED");
  EXPECT_EQ(RequestsDuring(kStoppedCredentialProbe - absl::Seconds(1)), 0u);
  clock_.Advance(absl::Seconds(1));
  Ask();
  transport_.DeliverDue();
  const Token probe = MustGet();
  EXPECT_TRUE(probe.probe_only);
  EXPECT_EQ(TokensMade(), 4);
  EXPECT_EQ(StopReason(), "CREDENTIAL_REFUSED");
  credentials_->NoteAccepted(kAcme, probe);
  EXPECT_EQ(Ask(), probe.value.Reveal());
  EXPECT_EQ(StopReason(), "");
}

// A new token that GitHub does not know everywhere yet must not keep the
// credential stopped for ever.
TEST_F(AppTroubleTest, AYoungProbeThatIsRefusedRestsToo) {
  MakeStopped();
  clock_.Advance(kStoppedCredentialProbe);
  Ask();
  transport_.DeliverDue();
  const Token probe = MustGet();
  ASSERT_TRUE(probe.probe_only);
  for (const absl::Duration wait : kYoungTokenWaits) {
    Refuse(probe);
    EXPECT_EQ(Ask(), "CREDENTIAL_REFUSED");
    clock_.Advance(wait);
    EXPECT_EQ(Ask(), "probe " + probe.value.Reveal());
  }
  Refuse(probe);
  transport_.requests.clear();
  EXPECT_EQ(RequestsDuring(kStoppedCredentialProbe - absl::Seconds(1)), 0u);
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(AskTwice(), StartsWith("probe ghs_"));
}

TEST_F(AppTroubleTest, ASuspendedAccountIsProbedToo) {
  Make({App({"acme"})});
  AskTwice();
  Refuse(MustGet(), "ACCOUNT_SUSPENDED");
  EXPECT_EQ(AskTwice(), "ACCOUNT_SUSPENDED");
  clock_.Advance(kStoppedCredentialProbe);
  EXPECT_THAT(AskTwice(), StartsWith("probe ghs_"));
}

// Limits.

TEST_F(AppTroubleTest, NothingIsSentInALimitsWindow) {
  Install(78, "labs");
  Make({App({"acme", "labs"})});
  github_.rules().AddFault({.name = "secondary_limit", .seconds = 120});
  EXPECT_EQ(AskTwice(), kNotReady);
  // The limit is the App's, not the account's.
  EXPECT_EQ(AskTwice(kTroubleLabs), kNotReady);
  EXPECT_EQ(transport_.requests.size(), 1u);
  EXPECT_EQ(RequestsDuring(absl::Seconds(119)), 0u);
  EXPECT_THAT(AskFor(absl::Seconds(5)), StartsWith("ghs_"));
  EXPECT_THAT(AskTwice(kTroubleLabs), StartsWith("ghs_"));
}

TEST_F(AppTroubleTest, EveryKindOfLimitIsObeyed) {
  for (const char* fault :
       {"primary_limit_403", "primary_limit_429", "secondary_limit",
        "secondary_limit_bare", "abuse_limit"}) {
    our_clock_.skew += absl::Minutes(1);
    Make({App({"acme"})});
    github_.rules().AddFault({.name = fault, .count = 2, .seconds = 60});
    EXPECT_THAT(AskFor(absl::Minutes(6)), StartsWith("ghs_")) << fault;
    clock_.Advance(absl::Hours(2));
  }
}

// An App does not wait for another App's limit.
TEST_F(AppTroubleTest, ALimitOfOneAppIsNotAnothers) {
  github_.rules().AddApp({.id = 13,
                          .client_id = "Iv23other",
                          .slug = "other",
                          .public_key = Key(0).PublicPem()});
  github_.rules().AddInstallation({.id = 80, .app_id = 13, .account = "labs"});
  AppCredential other = App({"labs"});
  other.issuer = "Iv23other";
  Make({App({"acme"}), other});
  github_.rules().AddFault({.name = "secondary_limit", .seconds = 60});
  EXPECT_EQ(AskTwice(), kNotReady);
  EXPECT_THAT(AskTwice(kTroubleLabs), StartsWith("ghs_"));
}

// Two items of the configuration may be one App.
TEST_F(AppTroubleTest, ALimitHoldsForAllThatIsTheSameApp) {
  Install(78, "labs");
  Make({App({"acme"}), App({"labs"})});
  github_.rules().AddFault({.name = "secondary_limit", .seconds = 60});
  EXPECT_EQ(AskTwice(), kNotReady);
  EXPECT_EQ(AskTwice(kTroubleLabs), kNotReady);
  EXPECT_EQ(transport_.requests.size(), 1u);
}

// Troubles that pass.

TEST_F(AppTroubleTest, OneAccountsTroubleDelaysNoOther) {
  Install(78, "labs");
  Make({App({"labs", "acme"})});
  github_.rules().AddFault(
      {.name = "server_error_html", .count = -1, .target_contains = "labs"});
  EXPECT_EQ(AskTwice(kTroubleLabs), kNotReady);
  EXPECT_THAT(AskTwice(), StartsWith("ghs_"));
}

TEST_F(AppTroubleTest, AnAnswerThatDoesNotComeDelaysNoOther) {
  Install(78, "labs");
  Make({App({"labs", "acme"})});
  github_.rules().AddFault(
      {.name = "slow", .count = -1, .target_contains = "labs"});
  EXPECT_EQ(Ask(kTroubleLabs), kNotReady);
  EXPECT_THAT(AskTwice(), StartsWith("ghs_"));
}

TEST_F(AppTroubleTest, WaitsLongerAndLongerAndNeverGivesUp) {
  Make({App({"acme"})});
  github_.SetReachable(false);
  // At 0, 1, 3, 7, 15, 31 s, and so on.
  EXPECT_EQ(AskTwice(), kNotReady);
  EXPECT_EQ(transport_.requests.size(), 1u);
  EXPECT_EQ(RequestsDuring(absl::Seconds(32)), 5u);
  const size_t hourly = RequestsDuring(absl::Hours(1));
  EXPECT_GE(hourly, 11u);
  EXPECT_LE(hourly, 16u);
  github_.SetReachable(true);
  EXPECT_THAT(AskFor(kMaxRetry), StartsWith("ghs_"));
}

TEST_F(AppTroubleTest, AnAnswerThatMakesNoSenseIsATrouble) {
  const HttpResponse found = Answer(200, R"({"id":77,"suspended_at":null})");
  const std::string good_time = R"("expires_at":"2036-06-01T00:00:00Z")";
  for (const HttpResponse& bad :
       {Answer(201, ""), Answer(201, "<html>"), Answer(201, "{}"),
        Answer(201, R"({"token":"t"})"), Answer(201, "{" + good_time + "}"),
        Answer(201, R"({"token":"t","expires_at":"2016-06-01T00:00:00Z"})"),
        Answer(201, absl::StrCat(R"({"token":")", std::string(9000, 'x'), "\",",
                                 good_time, "}")),
        Answer(201, R"({"token":"a\r\nb",)" + good_time + "}"),
        Answer(302, "{}"), Answer(307, R"({"url":"https://evil/x"})"),
        Answer(418, "teapot")}) {
    Make({App({"acme"})});
    transport_.requests.clear();
    transport_.scripted = {found, bad};
    EXPECT_EQ(AskTwice(), kNotReady) << bad.body;
    EXPECT_EQ(transport_.requests.size(), 2u) << bad.body;
    for (const HttpRequest& request : transport_.requests) {
      EXPECT_TRUE(absl::StartsWith(request.url, "https://api.github.com/"));
    }
    clock_.Advance(kFirstRetry);
    EXPECT_THAT(AskTwice(), StartsWith("ghs_")) << bad.body;
  }
  for (const HttpResponse& bad :
       {Answer(200, "[]"), Answer(200, R"({"id":"77"})"), Answer(204, "")}) {
    Make({App({"acme"})});
    transport_.scripted = {bad};
    EXPECT_EQ(AskTwice(), kNotReady) << bad.body;
    clock_.Advance(kFirstRetry);
    EXPECT_THAT(AskTwice(), StartsWith("ghs_")) << bad.body;
  }
}

// Only a person can change such a setting at GitHub, so the reason names it.
TEST_F(AppTroubleTest, ADefiniteRefusalStopsWithGitHubsReason) {
  Make({App({"acme"})});
  transport_.scripted = {Answer(
      403, R"({"message":"Although you appear to have the correct )"
           R"(authorization credentials, the `acme` organization has an IP )"
           R"(allow list enabled"})")};
  EXPECT_EQ(AskTwice(), "IP_NOT_ALLOWED");
  EXPECT_EQ(RequestsDuring(kMissingInstallationRetry - absl::Seconds(1)), 0u);
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(AskTwice(), StartsWith("ghs_"));
  // A token that works stays in use in spite of such an answer.
  const std::string token = Ask();
  clock_.Advance(absl::Minutes(56));
  transport_.scripted = {Answer(422, R"({"message":"Validation Failed"})")};
  EXPECT_EQ(AskTwice(), token);
}

}  // namespace
}  // namespace signalbox
