// The token by which an App speaks for itself: GitHub's clock, keys that
// change, and what must never be seen.

#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "common/log.h"
#include "tests/github_simulator/apps.h"
#include "tests/server/github/app_credentials_fixture.h"
#include "tests/support/unseen_file.h"

namespace signalbox {
namespace {

using testing::ElementsAre;
using testing::StartsWith;

constexpr char kLabs[] = "github.com/labs";
constexpr char kMint[] = "POST /app/installations/77/access_tokens";

class AppKeyTest : public AppCredentialsFixture {};

TEST_F(AppKeyTest, AWrongClockCostsOneRequest) {
  for (const absl::Duration skew : {absl::Minutes(10), absl::Hours(48),
                                    -absl::Minutes(20), -absl::Hours(48)}) {
    our_clock_.skew = skew;
    Make({App({"acme"})});
    transport_.requests.clear();
    EXPECT_THAT(AskTwice(), StartsWith("ghs_")) << skew;
    EXPECT_THAT(transport_.TakeLines(),
                ElementsAre("GET /orgs/acme/installation",
                            "GET /orgs/acme/installation", kMint));
    EXPECT_EQ(StopReason(), "");
  }
}

TEST_F(AppKeyTest, AClockThatGitHubNeverTakesStopsTheApp) {
  Make({App({"acme"})});
  const HttpResponse refusal = Answer(
      401, R"({"message":"'Issued at' claim ('iat') must be an Integer"})");
  transport_.scripted.assign(2, refusal);
  EXPECT_EQ(AskTwice(), "APP_REFUSED");
  EXPECT_EQ(Get().status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(transport_.requests.size(), 2u);
  EXPECT_EQ(StopReason(), "APP_REFUSED");
  EXPECT_EQ(RequestsDuring(kRefusedAppRetry - absl::Seconds(1)), 0u);
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(AskTwice(), StartsWith("ghs_"));
  EXPECT_EQ(StopReason(), "");
}

TEST_F(AppKeyTest, ARefusedKeyStopsTheAppUntilItsFileChanges) {
  Make({App({"acme", "labs"})});
  github_.rules().apps().SetAppKeys(kAppId, {Key(1).PublicPem()});
  EXPECT_EQ(AskTwice(), "APP_REFUSED");
  EXPECT_EQ(transport_.requests.size(), 1u);
  // Many 401s lock the App out, so its other accounts are not asked for.
  EXPECT_EQ(AskTwice(kLabs), "APP_REFUSED");
  EXPECT_EQ(RequestsDuring(absl::Minutes(10)), 0u);
  WriteKey(Key(1).PrivatePem());
  EXPECT_THAT(AskTwice(), StartsWith("ghs_"));
  EXPECT_EQ(AskTwice(kLabs), "APP_NOT_INSTALLED");
}

TEST_F(AppKeyTest, ARefusedKeyIsTriedAgainByOneRequest) {
  Make({App({"acme", "labs"})});
  github_.rules().apps().SetAppKeys(kAppId, {Key(1).PublicPem()});
  AskTwice();
  clock_.Advance(kRefusedAppRetry);
  transport_.requests.clear();
  Ask();
  Ask(kLabs);
  EXPECT_EQ(transport_.requests.size(), 1u);
  transport_.DeliverDue();
  EXPECT_EQ(Ask(), "APP_REFUSED");
  EXPECT_EQ(RequestsDuring(kRefusedAppRetry - absl::Seconds(1)), 0u);
  github_.rules().apps().SetAppKeys(kAppId, {Key(0).PublicPem()});
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(AskTwice(), StartsWith("ghs_"));
}

TEST_F(AppKeyTest, ATokenThatWorksIsUsedWhileTheKeyIsRefused) {
  Make({App({"acme"})});
  const std::string token = AskTwice();
  github_.rules().apps().SetAppKeys(kAppId, {Key(1).PublicPem()});
  clock_.Advance(absl::Minutes(56));
  EXPECT_EQ(AskTwice(), token);
  EXPECT_EQ(StopReason(), "");
  clock_.Advance(absl::Minutes(4));
  EXPECT_EQ(AskTwice(), "APP_REFUSED");
  EXPECT_EQ(StopReason(), "APP_REFUSED");
}

TEST_F(AppKeyTest, KeysRotateWithoutAFailedRequest) {
  Make({App({"acme"})});
  AskTwice();
  github_.rules().apps().SetAppKeys(kAppId,
                                    {Key(0).PublicPem(), Key(1).PublicPem()});
  WriteKey(Key(1).PrivatePem());
  clock_.Advance(absl::Minutes(30));
  github_.rules().apps().SetAppKeys(kAppId, {Key(1).PublicPem()});
  clock_.Advance(absl::Minutes(26));
  transport_.requests.clear();
  EXPECT_THAT(AskTwice(), StartsWith("ghs_"));
  EXPECT_EQ(TokensMade(), 2);
  EXPECT_THAT(transport_.TakeLines(), ElementsAre(kMint));
}

// A key file can change without a new stamp. GitHub's refusal reveals it.
TEST_F(AppKeyTest, ARefusedKeyIsReadAgainAtOnce) {
  UnseenFile unseen(Key(0).PrivatePem());
  ASSERT_EQ(unlink(key_file_.c_str()), 0);
  ASSERT_EQ(symlink(unseen.path().c_str(), key_file_.c_str()), 0);
  Make({App({"acme"})});
  AskTwice();
  clock_.Advance(absl::Minutes(56));
  AskTwice();
  unseen.Write(Key(1).PrivatePem());
  github_.rules().apps().SetAppKeys(kAppId, {Key(1).PublicPem()});
  clock_.Advance(absl::Minutes(56));
  transport_.requests.clear();
  EXPECT_THAT(AskTwice(), StartsWith("ghs_"));
  EXPECT_THAT(transport_.TakeLines(), ElementsAre(kMint, kMint));
  EXPECT_EQ(TokensMade(), 3);
}

// Each refusal reads the key file again. A key found that way must be tried.
TEST_F(AppKeyTest, AKeyThatCameMeanwhileIsTried) {
  Make({App({"acme"})});
  github_.rules().apps().SetAppKeys(kAppId, {Key(2).PublicPem()});
  github_.SetDelay(absl::Seconds(1));
  Ask();
  WriteKey(Key(1).PrivatePem());
  clock_.Advance(absl::Seconds(1));
  transport_.DeliverDue();
  EXPECT_EQ(transport_.requests.size(), 2u);
  WriteKey(Key(2).PrivatePem());
  clock_.Advance(absl::Seconds(1));
  transport_.DeliverDue();
  EXPECT_THAT(AskFor(absl::Seconds(3)), StartsWith("ghs_"));
}

TEST_F(AppKeyTest, ABrokenNewKeyLeavesTheOldOneInUse) {
  Make({App({"acme"})});
  const std::string first = AskTwice();
  for (const std::string& text : {std::string("no key"), std::string()}) {
    WriteKey(text);
    clock_.Advance(absl::Minutes(56));
    EXPECT_NE(AskTwice(), first);
    EXPECT_THAT(Ask(), StartsWith("ghs_"));
  }
  EXPECT_EQ(TokensMade(), 3);
}

TEST_F(AppKeyTest, NothingSecretIsLoggedOrSaid) {
  StartLogging(LogFormat::kJson);
  testing::internal::CaptureStderr();
  std::string said;
  const auto ask = [&] {
    AskTwice();
    absl::StrAppend(&said, Get().status().ToString(), "\n");
  };
  Make({App({"acme"})});
  our_clock_.skew = absl::Hours(1);
  ask();
  const Token token = MustGet();
  Refuse(token);
  clock_.Advance(kYoungToken);
  for (int i = 0; i < 2; ++i) Refuse(GetOld());
  ask();
  WriteKey("canary-key");
  github_.rules().apps().SetAppKeys(kAppId, {Key(1).PublicPem()});
  clock_.Advance(absl::Hours(1));
  ask();
  github_.rules().apps().SetAppKeys(kAppId, {Key(0).PublicPem()});
  clock_.Advance(absl::Hours(1));
  transport_.scripted = {
      Answer(201, R"({"token":"canary token","expires_at":"canary"})"),
      Answer(201, "canary"), Answer(500, "{\"token\":\"canary\"}")};
  for (int i = 0; i < 10; ++i) {
    clock_.Advance(absl::Minutes(5));
    ask();
  }
  for (const CredentialState& state : credentials_->States()) {
    absl::StrAppend(&said, state.id, state.stop_reason);
  }
  said += testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("has stopped using a credential"), std::string::npos)
      << said;
  EXPECT_NE(said.find("GitHub's answer is not a token"), std::string::npos)
      << said;
  for (const char* secret : {"canary", "ghs_", "eyJ", "PRIVATE KEY"}) {
    EXPECT_EQ(said.find(secret), std::string::npos) << said;
  }
  const std::string pem = Key(0).PrivatePem();
  EXPECT_EQ(said.find(pem.substr(100, 40)), std::string::npos) << said;
  for (const HttpRequest& request : transport_.requests) {
    EXPECT_EQ(said.find(request.bearer.Reveal()), std::string::npos);
    // The parts of a request that could be logged do not hold it either.
    EXPECT_EQ(request.url.find("eyJ"), std::string::npos);
    EXPECT_TRUE(request.body.empty());
  }
}

}  // namespace
}  // namespace signalbox
