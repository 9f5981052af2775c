// How an App gets its tokens and replaces them in time.

#include "server/github/app_credentials.h"

#include <unistd.h>

#include <atomic>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "tests/server/github/app_credentials_fixture.h"

namespace signalbox {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class AppCredentialsTest : public AppCredentialsFixture {};

TEST_F(AppCredentialsTest, FindsTheInstallationAndGetsAToken) {
  Make({App({"acme"})});
  EXPECT_EQ(Ask(), kNotReady);
  EXPECT_EQ(Ask(), kNotReady);
  transport_.DeliverDue();
  const absl::StatusOr<Token> token = Get();
  ASSERT_TRUE(token.ok()) << token.status();
  EXPECT_TRUE(absl::StartsWith(token->value.Reveal(), "ghs_"));
  EXPECT_EQ(token->api_url, "https://api.github.com");
  EXPECT_EQ(token->issue_time, our_clock_.Now());
  EXPECT_FALSE(token->probe_only);
  EXPECT_GE(changes_, 1);

  for (const HttpRequest& request : transport_.requests) {
    EXPECT_EQ(request.headers,
              (std::vector<std::pair<std::string, std::string>>{
                  {"User-Agent", "signalbox/test"},
                  {"Accept", "application/vnd.github+json"},
                  {"X-GitHub-Api-Version", "2022-11-28"}}));
    EXPECT_EQ(request.timeout, kGitHubTimeout);
  }
  EXPECT_THAT(transport_.TakeLines(),
              ElementsAre("GET /orgs/acme/installation",
                          "POST /app/installations/77/access_tokens"));
  // From now on the account has its token.
  EXPECT_EQ(AskTwice(), token->value.Reveal());
  EXPECT_THAT(transport_.TakeLines(), IsEmpty());
}

TEST_F(AppCredentialsTest, AUserIsFoundAsWell) {
  github_.rules().AddInstallation(
      {.id = 78, .app_id = kAppId, .account = "solo", .account_type = "User"});
  Make({App({"Solo"})});
  EXPECT_TRUE(absl::StartsWith(AskTwice("github.com/solo"), "ghs_"));
  EXPECT_THAT(
      transport_.TakeLines(),
      ElementsAre("GET /orgs/solo/installation", "GET /users/solo/installation",
                  "POST /app/installations/78/access_tokens"));
}

TEST_F(AppCredentialsTest, TheAppsNumberServesAsWellAsItsClientId) {
  AppCredential app = App({"acme"});
  app.issuer = "12";
  Make({app});
  EXPECT_TRUE(absl::StartsWith(AskTwice(), "ghs_"));
}

TEST_F(AppCredentialsTest, EachAccountIsACredentialOfItsOwn) {
  Install(78, "Labs");
  Install(79, "other");
  AppCredential ghes = App({"*"});
  ghes.host = "ghes.example.com";
  Make({App({"ACME", "labs"}), App({"*", "acme"}), ghes});
  const auto find = [&](const std::string& host, const std::string& owner) {
    return credentials_->Find(Repository{host, owner, "web"});
  };
  EXPECT_EQ(find("github.com", "Acme"), "github.com/acme");
  EXPECT_EQ(find("github.com", "Labs"), "github.com/labs");
  EXPECT_EQ(find("github.com", "Other"), "github.com/other");
  EXPECT_EQ(find("ghes.example.com", "acme"), "ghes.example.com/acme");
  EXPECT_EQ(find("elsewhere.example.com", "acme"), "");
  const std::string acme = AskTwice();
  const std::string labs = AskTwice("github.com/labs");
  const std::string other = AskTwice("github.com/other");
  EXPECT_TRUE(absl::StartsWith(labs, "ghs_")) << labs;
  EXPECT_TRUE(absl::StartsWith(other, "ghs_")) << other;
  EXPECT_NE(acme, labs);
  EXPECT_NE(labs, other);
}

TEST_F(AppCredentialsTest, WhatIsNoCredentialHasNoToken) {
  Make({App({"acme"})});
  EXPECT_EQ(credentials_->Find(Repository{"github.com", "other", "web"}), "");
  for (const char* id : {"", "acme", "github.com/other", "github.com/*"}) {
    EXPECT_EQ(Get(id).status().code(), absl::StatusCode::kNotFound) << id;
  }
  credentials_->NoteRefused("github.com/other", Token(), "BAD_CREDENTIALS",
                            our_clock_.Now());
  credentials_->NoteAccepted("github.com/other", Token());
}

// An id is read back from disk. It must not become another URL.
TEST_F(AppCredentialsTest, WhatIsNoAccountIsNotAskedFor) {
  Make({App({"*"})});
  for (const char* id :
       {"github.com/*", "github.com/", "github.com", "github.com/a/b",
        "github.com/a?b", "github.com/..", "github.com/a b", "github.com/Acme",
        "github.com/a%2fb", "github.com/acme/installation"}) {
    EXPECT_EQ(Get(id).status().code(), absl::StatusCode::kNotFound) << id;
  }
  EXPECT_THAT(transport_.TakeLines(), IsEmpty());
}

TEST_F(AppCredentialsTest, ATokenIsReplacedBeforeItEndsWhileItStillWorks) {
  Make({App({"acme"})});
  const std::string first = AskTwice();
  transport_.TakeLines();
  clock_.Advance(absl::Hours(1) - kTokenRefreshAhead - absl::Seconds(2));
  EXPECT_EQ(AskTwice(), first);
  EXPECT_THAT(transport_.TakeLines(), IsEmpty());

  clock_.Advance(absl::Seconds(2));
  github_.SetDelay(absl::Seconds(10));
  // Ten calls cause one refresh.
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(AskTwice(), first);
    clock_.Advance(absl::Milliseconds(900));
  }
  EXPECT_THAT(transport_.TakeLines(),
              ElementsAre("POST /app/installations/77/access_tokens"));
  clock_.Advance(absl::Seconds(2));
  const std::string second = AskTwice();
  EXPECT_TRUE(absl::StartsWith(second, "ghs_"));
  EXPECT_NE(second, first);
  EXPECT_EQ(TokensMade(), 2);
}

TEST_F(AppCredentialsTest, ATokenIsNotUsedBeyondItsEnd) {
  Make({App({"acme"})});
  const std::string first = AskTwice();
  github_.SetReachable(false);
  clock_.Advance(absl::Hours(1) - absl::Seconds(2));
  EXPECT_EQ(AskTwice(), first);
  clock_.Advance(absl::Seconds(2));
  EXPECT_EQ(AskTwice(), kNotReady);
  github_.SetReachable(true);
  EXPECT_TRUE(absl::StartsWith(AskFor(kMaxRetry), "ghs_"));
}

// A token expires by GitHub's clock. Setting our wall clock meanwhile changes
// nothing.
TEST_F(AppCredentialsTest, OurWallClockHasNoPartInATokensLife) {
  for (const absl::Duration skew : {-absl::Hours(30), absl::Hours(30)}) {
    our_clock_.skew = skew;
    Make({App({"acme"})});
    const std::string first = AskTwice();
    ASSERT_TRUE(absl::StartsWith(first, "ghs_")) << first;
    our_clock_.skew = -skew;
    clock_.Advance(absl::Minutes(54));
    EXPECT_EQ(AskTwice(), first);
    clock_.Advance(absl::Minutes(2));
    transport_.requests.clear();
    EXPECT_NE(AskTwice(), first);
    // GitHub's time is known by now, so no request fails.
    EXPECT_EQ(transport_.requests.size(), 1u);
  }
}

TEST_F(AppCredentialsTest, AShortLifeIsNoReasonToAskAllTheTime) {
  github_.rules().AddInstallation({.id = kAcmeId,
                                   .app_id = kAppId,
                                   .account = "acme",
                                   .token_lifetime = absl::Seconds(60)});
  Make({App({"acme"})});
  for (int i = 0; i < 600; ++i) {
    ASSERT_TRUE(absl::StartsWith(AskTwice(), "ghs_")) << i;
    clock_.Advance(absl::Seconds(1));
  }
  EXPECT_LE(TokensMade(), 22);
}

TEST_F(AppCredentialsTest, BothFormsOfTokensWork) {
  for (const bool long_tokens : {false, true}) {
    github_.rules().AddInstallation({.id = kAcmeId,
                                     .app_id = kAppId,
                                     .account = "acme",
                                     .long_tokens = long_tokens});
    Make({App({"acme"})});
    const std::string token = AskTwice();
    EXPECT_EQ(token.size() > 100, long_tokens) << token.size();
  }
}

TEST_F(AppCredentialsTest, SeveralAppsServeSeveralAccounts) {
  github_.rules().AddApp({.id = 13,
                          .client_id = "Iv23other",
                          .slug = "other",
                          .public_key = Key(1).PublicPem()});
  github_.rules().AddInstallation({.id = 80, .app_id = 13, .account = "other"});
  AppCredential other = App({"other"});
  other.issuer = "Iv23other";
  other.private_key_file = dir_.Path("other.pem");
  std::ofstream(other.private_key_file) << Key(1).PrivatePem();
  Make({App({"acme"}), other});
  EXPECT_TRUE(absl::StartsWith(AskTwice(), "ghs_"));
  EXPECT_TRUE(absl::StartsWith(AskTwice("github.com/other"), "ghs_"));
}

TEST_F(AppCredentialsTest, StatesAreThoseOfWhatIsConfiguredOrWasAskedFor) {
  Install(78, "zoo");
  Make({App({"acme", "labs"}), App({"*"})});
  AskTwice("github.com/zoo");
  AskTwice("github.com/labs");
  const std::vector<CredentialState> states = credentials_->States();
  ASSERT_EQ(states.size(), 4u);  // With the App itself.
  EXPECT_EQ(states[0].id, "github.com/acme");
  EXPECT_EQ(states[0].stop_reason, "");
  EXPECT_EQ(states[0].stop_time, absl::InfinitePast());
  EXPECT_EQ(states[0].app, kSelf);
  EXPECT_EQ(states[1].id, "github.com/labs");
  EXPECT_EQ(states[1].stop_reason, "APP_NOT_INSTALLED");
  EXPECT_EQ(states[1].stop_time, our_clock_.Now());
  EXPECT_EQ(states[2].id, "github.com/zoo");
  EXPECT_EQ(states[2].stop_reason, "");
  EXPECT_EQ(states[3].id, kSelf);
  EXPECT_EQ(states[3].app, "");
}

// The poster asks for one account after the other. A token that is dropped
// before its account's next turn would never be used.
TEST_F(AppCredentialsTest, TokensSurviveUntilTheyAreUsed) {
  constexpr int kAccounts = 40;
  const auto name = [](int i) { return absl::StrCat("org", i); };
  for (int i = 0; i < kAccounts; ++i) Install(100 + i, name(i));
  AppCredentialsOptions options = Options();
  options.max_accounts = 10;
  auto made = MakeAppCredentials({App({"*"})}, options);
  ASSERT_TRUE(made.ok()) << made.status();
  credentials_ = *std::move(made);
  for (int turn = 0; turn < 120; ++turn) {
    for (int i = 0; i < kAccounts; ++i) {
      Ask(absl::StrCat("github.com/", name(i)));
    }
    // Another caller invents accounts.
    for (int i = 0; i < kAccounts; ++i) {
      Ask(absl::StrCat("github.com/made-up-", turn, "-", i));
    }
    transport_.DeliverDue();
    clock_.Advance(absl::Seconds(1));
  }
  for (int i = 0; i < kAccounts; ++i) {
    EXPECT_TRUE(
        absl::StartsWith(Ask(absl::StrCat("github.com/", name(i))), "ghs_"))
        << i;
    EXPECT_EQ(TokensMade(100 + i), 1) << i;
  }
  // Includes accounts that are being asked for, and the App itself.
  EXPECT_LE(credentials_->States().size(), kAccounts + 10u + 16u);
}

TEST_F(AppCredentialsTest, AStartAsksForTokensAlone) {
  Make({App({"acme", "*"})});
  credentials_->Recall(
      {{.id = kAcme, .app = kSelf, .installation_id = kAcmeId},
       {.id = "github.com/labs", .app = kSelf, .installation_id = 78},
       {.id = "github.com/moved",
        .app = "github.com/app:other",
        .installation_id = 79}});
  Install(78, "labs");
  Install(80, "moved");
  for (const char* id : {kAcme, "github.com/labs", "github.com/moved"}) {
    EXPECT_TRUE(absl::StartsWith(AskTwice(id), "ghs_")) << id;
  }
  EXPECT_THAT(transport_.TakeLines(),
              ElementsAre("POST /app/installations/77/access_tokens",
                          "POST /app/installations/78/access_tokens",
                          // The stored installation is another App's.
                          "GET /orgs/moved/installation",
                          "POST /app/installations/80/access_tokens"));
  for (const CredentialState& state : credentials_->States()) {
    if (state.id == kAcme) {
      EXPECT_EQ(state.installation_id, kAcmeId);
    }
  }
}

TEST_F(AppCredentialsTest, AnInstallationThatIsGoneSinceIsLookedForAgain) {
  Make({App({"acme"})});
  credentials_->Recall({{.id = kAcme, .app = kSelf, .installation_id = 555}});
  EXPECT_TRUE(absl::StartsWith(AskFor(absl::Seconds(2)), "ghs_"));
  EXPECT_EQ(TokensMade(), 1);
}

// Each token costs 5 of GitHub's points, and GitHub allows 900 a minute.
TEST_F(AppCredentialsTest, ManyFirstTokensComeAtTheAppsOwnPace) {
  Make({App({"*"})});
  constexpr int kAccounts = 400;
  std::vector<CredentialState> stored;
  for (int i = 0; i < kAccounts; ++i) {
    Install(1000 + i, absl::StrCat("org", i));
    stored.push_back({.id = absl::StrCat("github.com/org", i),
                      .app = kSelf,
                      .installation_id = 1000 + i});
  }
  credentials_->Recall(stored);
  const auto run = [&](absl::Duration time) {
    for (absl::Duration passed; passed < time; passed += absl::Seconds(1)) {
      for (const CredentialState& one : stored) Ask(one.id);
      transport_.DeliverDue();
      clock_.Advance(absl::Seconds(1));
    }
    return static_cast<int>(transport_.requests.size());
  };
  const int first = run(absl::Minutes(1));
  EXPECT_GE(first, 140);
  EXPECT_LE(first, 180);
  const int second = run(absl::Minutes(1)) - first;
  EXPECT_GE(second, 140);
  EXPECT_LE(second, 151);
}

TEST_F(AppCredentialsTest, StartsOnlyWithAKey) {
  const auto status = [&] {
    return MakeAppCredentials({App({"acme"})}, Options()).status();
  };
  EXPECT_TRUE(status().ok()) << status();
  WriteKey("canary");
  EXPECT_EQ(status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(absl::StrContains(status().message(), key_file_));
  EXPECT_FALSE(absl::StrContains(status().message(), "canary"));
  ASSERT_EQ(unlink(key_file_.c_str()), 0);
  EXPECT_EQ(status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(absl::StrContains(status().message(), key_file_));
}

// A transport that ends still answers. The credentials must be alive then, and
// must send nothing new.
TEST_F(AppCredentialsTest, TheTransportMayEndFirst) {
  Make({App({"acme"})});
  transport_.scripted.push_back(absl::UnavailableError("ended"));
  EXPECT_EQ(Ask(), kNotReady);
  transport_.DeliverDue();
  EXPECT_EQ(transport_.requests.size(), 1u);
}

TEST_F(AppCredentialsTest, IsSafeFromManyThreads) {
  const std::string ids[] = {"github.com/one", "github.com/two",
                             "github.com/three"};
  for (const char* name : {"one", "two", "three"}) Install(0, name);
  AppCredentialsOptions options = Options();
  options.transport = &github_;
  options.changed = nullptr;
  auto made = MakeAppCredentials({App({"*"})}, options);
  ASSERT_TRUE(made.ok()) << made.status();
  credentials_ = *std::move(made);
  std::atomic<bool> is_over = false;
  std::thread answers([&] {
    while (!is_over || github_.InFlight() > 0) github_.DeliverDue();
  });
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        const std::string& id = ids[(i + t) % 3];
        const absl::StatusOr<Token> token = credentials_->Get(id, clock_.Now());
        credentials_->States();
        if (!token.ok()) continue;
        if (i == 150) {
          credentials_->NoteRefused(id, *token, "BAD_CREDENTIALS",
                                    clock_.Now());
        } else {
          credentials_->NoteAccepted(id, *token);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  is_over = true;
  answers.join();
  clock_.Advance(absl::Minutes(1));
  for (const std::string& id : ids) {
    EXPECT_TRUE(absl::StartsWith(Ask(id), "ghs_")) << id;
  }
}

}  // namespace
}  // namespace signalbox
