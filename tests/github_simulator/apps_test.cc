// The installations of GitHub Apps, and their tokens.

#include "tests/github_simulator/apps.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/github_simulator/apps_fixture.h"

namespace signalbox {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class AppsTest : public AppsFixture {};

// ---- Installations

TEST_F(AppsTest, FindsInstallationsInEveryWay) {
  rules_->AddInstallation(
      {.id = 78, .app_id = kAppId, .account = "me", .account_type = "User"});
  rules_->AddRepository("me/mine", 0);
  for (const auto& [target, id] : std::map<std::string, int64_t>{
           {"/app/installations/77", 77},
           {"/orgs/ACME/installation", 77},
           {"/repos/acme/WIDGETS/installation", 77},
           {absl::StrCat("/repositories/", kId, "/installation"), 77},
           {"/app/installations/78", 78},
           {"/users/me/installation", 78},
           {"/repos/me/mine/installation", 78}}) {
    const SimulatedResponse response = Get(target, Jwt());
    EXPECT_EQ(response.status, 200) << target;
    const json installation = BodyOf(response);
    EXPECT_EQ(installation["id"], id) << target;
    EXPECT_EQ(installation["app_id"], kAppId);
    EXPECT_EQ(installation["app_slug"], "signalbox");
    EXPECT_EQ(installation["account"]["login"], id == 77 ? "acme" : "me");
    EXPECT_EQ(installation["target_type"], id == 77 ? "Organization" : "User");
    EXPECT_EQ(installation["account"]["type"], installation["target_type"]);
    EXPECT_EQ(installation["target_id"], installation["account"]["id"]);
    EXPECT_TRUE(installation["suspended_at"].is_null());
  }
  rules_->AddRepository("else/where", 0);
  for (const char* target :
       {"/app/installations/79", "/app/installations/x", "/app/nothing",
        "/app/installations/77/nothing", "/orgs/me/installation",
        "/users/acme/installation", "/orgs/else/installation",
        "/repos/else/where/installation", "/repos/no/no/installation",
        "/repositories/7/installation"}) {
    EXPECT_EQ(Get(target, Jwt()).status, 404) << target;
  }
  EXPECT_EQ(Send("DELETE", "/app/installations/77", "", Jwt()).status, 404);
}

TEST_F(AppsTest, AnotherAppsInstallationsAreNotThere) {
  rules_->AddApp({.id = 9,
                  .client_id = "Iv9",
                  .slug = "rival",
                  .public_key = OtherKey().PublicPem()});
  const std::string rival = OtherKey().Jwt("Iv9", now_);
  EXPECT_EQ(Get("/app/installations/77", rival).status, 404);
  EXPECT_EQ(Get("/repos/acme/widgets/installation", rival).status, 404);
  EXPECT_EQ(
      Send("POST", "/app/installations/77/access_tokens", "", rival).status,
      404);
  EXPECT_THAT(BodyOf(Get("/app/installations", rival)), IsEmpty());
  EXPECT_EQ(BodyOf(GetApp(rival))["slug"], "rival");
  // Another App's key does not fit.
  EXPECT_EQ(GetApp(OtherKey().Jwt(kClientId, now_)).status, 401);
}

TEST_F(AppsTest, ListsInstallationsPageByPage) {
  for (int i = 0; i < 34; ++i) {
    rules_->AddInstallation(
        {.app_id = kAppId, .account = absl::StrCat("org-", i)});
  }
  EXPECT_THAT(BodyOf(Get("/app/installations", Jwt())), SizeIs(30));
  const SimulatedResponse page =
      Get("/app/installations?per_page=10&page=2", Jwt());
  EXPECT_THAT(BodyOf(page), SizeIs(10));
  EXPECT_THAT(HeaderOf(page, "link"),
              HasSubstr("<http://127.0.0.1:8180/app/installations?per_page=10&"
                        "page=3>; rel=\"next\""));
  const SimulatedResponse all = Get("/app/installations?per_page=100", Jwt());
  EXPECT_THAT(BodyOf(all), SizeIs(35));
  EXPECT_EQ(HeaderOf(all, "link"), "");
  EXPECT_GT(BodyOf(all)[34]["id"].get<int64_t>(), int64_t{1} << 32);
}

TEST_F(AppsTest, ARenamedRepositoryRedirectsToItsInstallation) {
  rules_->RenameRepository(kRepository, "acme/gadgets");
  const SimulatedResponse response =
      Get("/repos/acme/widgets/installation", Jwt());
  EXPECT_EQ(response.status, 301);
  const std::string target =
      absl::StrCat("/repositories/", kId, "/installation");
  EXPECT_EQ(HeaderOf(response, "location"), "http://127.0.0.1:8180" + target);
  EXPECT_EQ(BodyOf(Get(target, Jwt()))["id"], 77);
}

// ---- Tokens

TEST_F(AppsTest, ATokenPostsAsTheBot) {
  const SimulatedResponse made = MakeToken(installation_);
  EXPECT_EQ(made.status, 201);
  const json body = BodyOf(made);
  EXPECT_EQ(body["expires_at"], "2026-06-01T01:00:00Z");
  EXPECT_EQ(body["permissions"]["statuses"], "write");
  EXPECT_EQ(body["repository_selection"], "all");
  EXPECT_FALSE(body.contains("repositories"));
  EXPECT_EQ(rules_->apps().TokensMade(installation_), 1);

  const SimulatedResponse status = PostState("success", "c", body["token"]);
  EXPECT_EQ(status.status, 201);
  EXPECT_EQ(BodyOf(status)["creator"]["login"], "signalbox[bot]");
  EXPECT_EQ(BodyOf(status)["creator"]["type"], "Bot");
  EXPECT_EQ(BodyOf(status)["creator"]["url"],
            "http://127.0.0.1:8180/users/signalbox%5Bbot%5D");
  EXPECT_EQ(BodyOf(status)["creator"]["html_url"],
            "https://github.com/apps/signalbox");
  EXPECT_EQ(rules_->Rows(kRepository, kSha).at(0).creator, "signalbox[bot]");
  EXPECT_EQ(Get("/repos/acme/widgets", body["token"]).status, 200);
  EXPECT_EQ(Get("/rate_limit", body["token"]).status, 200);
  // An installation is no user.
  EXPECT_EQ(Get("/user", body["token"]).status, 403);
}

TEST_F(AppsTest, TokensComeInTwoForms) {
  const auto token = [this](const std::string& form) {
    SimulatedRequest request =
        Request("POST", "/app/installations/77/access_tokens", "", Jwt());
    if (!form.empty()) {
      request.headers.emplace_back("x-github-STATELESS-s2s-token", form);
    }
    return BodyOf(rules_->Handle(request, now_)).value("token", "");
  };
  for (const bool is_long : {true, false}) {
    rules_->AddInstallation({.id = 77,
                             .app_id = kAppId,
                             .account = "acme",
                             .long_tokens = is_long});
    for (const std::string form : {"enabled", "disabled", "whatever", ""}) {
      const std::string text = token(form);
      EXPECT_TRUE(absl::StartsWith(text, "ghs_"));
      if (form == "enabled" || (form != "disabled" && is_long)) {
        EXPECT_GT(text.size(), 480u);
        EXPECT_LT(text.size(), 560u);
        EXPECT_EQ(std::count(text.begin(), text.end(), '.'), 2);
        EXPECT_TRUE(absl::StartsWith(text, absl::StrCat("ghs_", kAppId, "_")));
        EXPECT_THAT(text.substr(text.rfind('.')), HasSubstr("-"));
        EXPECT_THAT(text.substr(text.rfind('.')), HasSubstr("_"));
      } else {
        EXPECT_EQ(text.size(), 40u);
        EXPECT_EQ(text.find_first_of("._-", 4), std::string::npos);
      }
      EXPECT_EQ(Get("/repos/acme/widgets", text).status, 200);
    }
  }
  EXPECT_EQ(rules_->apps().TokensMade(77), 8);
}

TEST_F(AppsTest, EveryTokenIsNew) {
  const std::string first = Token();
  EXPECT_NE(first, Token());
  EXPECT_EQ(Get("/repos/acme/widgets", first).status, 200);
  // Another simulator at another time makes other tokens, too.
  StartWithApp({.tokens = {"token"}});
  now_ += absl::Nanoseconds(1);
  EXPECT_NE(first, Token());
}

TEST_F(AppsTest, ATokenExpires) {
  rules_->AddInstallation({.id = 77,
                           .app_id = kAppId,
                           .account = "acme",
                           .token_lifetime = absl::Seconds(90)});
  now_ += absl::Milliseconds(700);
  const json made = BodyOf(MakeToken(77));
  EXPECT_EQ(made["expires_at"], "2026-06-01T00:01:30Z");
  now_ += absl::Milliseconds(89'299);
  EXPECT_EQ(Get("/repos/acme/widgets", made["token"]).status, 200);
  now_ += absl::Milliseconds(1);
  const SimulatedResponse late = Get("/repos/acme/widgets", made["token"]);
  EXPECT_EQ(late.status, 401);
  EXPECT_EQ(MessageOf(late), "Bad credentials");
}

TEST_F(AppsTest, AYoungTokenMayBeRefused) {
  for (const auto& [status, message] : std::map<int, std::string>{
           {401, "Bad credentials"},
           {403, "Resource not accessible by integration"},
           {404, "Not Found"}}) {
    rules_->AddInstallation({.id = 77,
                             .app_id = kAppId,
                             .account = "acme",
                             .young_for = absl::Seconds(5),
                             .young_status = status});
    const std::string token = Token();
    const SimulatedResponse young = PostState("success", "c", token);
    EXPECT_EQ(young.status, status);
    EXPECT_EQ(MessageOf(young), message);
    now_ += absl::Seconds(5) - absl::Nanoseconds(1);
    EXPECT_EQ(PostState("success", "c", token).status, status);
    now_ += absl::Nanoseconds(1);
    EXPECT_EQ(PostState("success", "c", token).status, 201);
  }
}

TEST_F(AppsTest, ASuspendedInstallationHasNoAccess) {
  const std::string token = Token();
  GitHubRules::Installation installation = {
      .id = 77, .app_id = kAppId, .account = "acme", .suspended = true};
  rules_->AddInstallation(installation);
  for (const SimulatedResponse& response :
       {MakeToken(77), PostState("success", "c", token),
        Get("/rate_limit", token)}) {
    EXPECT_EQ(response.status, 403);
    EXPECT_EQ(MessageOf(response), "This installation has been suspended");
  }
  EXPECT_FALSE(
      BodyOf(Get("/app/installations/77", Jwt()))["suspended_at"].is_null());
  installation.suspended = false;
  rules_->AddInstallation(installation);
  EXPECT_EQ(PostState("success", "c", token).status, 201);
}

TEST_F(AppsTest, RemovingOrRevokingEndsTokens) {
  const std::string revoked = Token();
  rules_->apps().RevokeTokens(77);
  EXPECT_EQ(Get("/repos/acme/widgets", revoked).status, 401);
  EXPECT_EQ(MessageOf(Get("/repos/acme/widgets", revoked)), "Bad credentials");
  const std::string token = Token();
  EXPECT_EQ(Get("/repos/acme/widgets", token).status, 200);

  rules_->apps().RemoveInstallation(77);
  EXPECT_EQ(Get("/repos/acme/widgets", token).status, 401);
  EXPECT_EQ(MakeToken(77).status, 404);
  EXPECT_EQ(Get("/repos/acme/widgets/installation", Jwt()).status, 404);
  rules_->AddInstallation({.id = 77, .app_id = kAppId, .account = "acme"});
  EXPECT_EQ(Get("/repos/acme/widgets", token).status, 401);
  EXPECT_EQ(rules_->apps().TokensMade(77), 2);
  EXPECT_EQ(rules_->apps().TokensMade(4711), 0);
}

TEST_F(AppsTest, ATokenSeesItsAccountAlone) {
  rules_->AddRepository("else/where", 4711);
  rules_->AddCommit("else/where", kSha);
  const std::string token = Token();
  for (const char* target :
       {"/repos/else/where", "/repositories/4711", "/repos/no/no"}) {
    EXPECT_EQ(Get(target, token).status, 404) << target;
    EXPECT_EQ(MessageOf(Get(target, token)), "Not Found");
  }
  EXPECT_EQ(Send("POST", absl::StrCat("/repos/else/where/statuses/", kSha),
                 R"({"state":"success"})", token)
                .status,
            404);
  EXPECT_EQ(Get("/repos/else/where").status, 200);
}

// A transfer moves a repository from one installation to another.
TEST_F(AppsTest, ATransferChangesWhoMaySee) {
  rules_->AddInstallation({.id = 78, .app_id = kAppId, .account = "new-owner"});
  const std::string old_token = Token();
  const std::string new_token = BodyOf(MakeToken(78)).value("token", "");
  const std::string by_id = absl::StrCat("/repositories/", kId);
  EXPECT_EQ(Get(by_id, new_token).status, 404);
  ASSERT_TRUE(rules_->RenameRepository(kRepository, "new-owner/widgets"));
  EXPECT_EQ(Get(by_id, old_token).status, 404);
  EXPECT_EQ(PostState("success", "c", old_token).status, 404);
  EXPECT_EQ(PostState("success", "c", new_token).status, 307);
  EXPECT_EQ(BodyOf(Get(by_id, new_token))["full_name"], "new-owner/widgets");
  EXPECT_EQ(BodyOf(Get(by_id, new_token))["owner"]["login"], "new-owner");
  EXPECT_EQ(Send("POST", absl::StrCat(by_id, "/statuses/", kSha),
                 R"({"state":"success"})", new_token)
                .status,
            201);
  EXPECT_EQ(Get("/repos/acme/widgets/installation", Jwt()).status, 301);
  EXPECT_EQ(BodyOf(Get(absl::StrCat(by_id, "/installation"), Jwt()))["id"], 78);
}

TEST_F(AppsTest, AnInstallationInventsOnlyItsOwnRepositories) {
  StartWithApp({.tokens = {"token"}, .any_repository = true});
  const std::string token = Token();
  EXPECT_EQ(Get("/repos/acme/anything", token).status, 200);
  EXPECT_EQ(Get("/repos/else/anything", token).status, 404);
  EXPECT_FALSE(rules_->HasRepository("else/anything"));
}

TEST_F(AppsTest, OnceThereIsAnAppItsTokensAreNotAny) {
  Restart({});
  EXPECT_EQ(Get("/user", "ghs_anything").status, 200);
  StartWithApp({});
  EXPECT_EQ(Get("/user", "ghs_anything").status, 401);
  EXPECT_EQ(Get("/user", "anything").status, 200);
  EXPECT_EQ(Get("/repos/acme/widgets", Token()).status, 200);
  StartWithApp({.tokens = {"ghs_listed"}});
  EXPECT_EQ(Get("/user", "ghs_listed").status, 200);
}

TEST_F(AppsTest, TokensCanBeNarrowed) {
  rules_->AddRepository("acme/gadgets", 4711);
  rules_->AddRepository("else/where", 4712);
  for (const std::string& body :
       {std::string(R"({"repositories":["gadgets"]})"),
        std::string(R"({"repository_ids":[4711]})")}) {
    const json made = BodyOf(MakeToken(77, body));
    EXPECT_EQ(made["repository_selection"], "selected");
    ASSERT_THAT(made["repositories"], SizeIs(1));
    EXPECT_EQ(made["repositories"][0]["full_name"], "acme/gadgets");
    EXPECT_EQ(Get("/repos/acme/gadgets", made["token"]).status, 200);
    EXPECT_EQ(Get("/repos/acme/widgets", made["token"]).status, 404);
  }
  const std::string reader = Token(R"({"permissions":{"statuses":"read"}})");
  EXPECT_EQ(Get("/repos/acme/widgets", reader).status, 200);
  const SimulatedResponse refused = PostState("success", "c", reader);
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(MessageOf(refused), "Resource not accessible by integration");
  EXPECT_EQ(HeaderOf(refused, "x-accepted-github-permissions"),
            "statuses=write");

  for (const char* wrong :
       {R"({"repositories":["where"]})", R"({"repositories":["no"]})",
        R"({"repositories":"gadgets"})", R"({"repositories":[7.5]})",
        R"({"repository_ids":[4712]})", R"({"permissions":[]})",
        R"({"permissions":{"administration":"write"}})",
        R"({"permissions":{"contents":"write"}})",
        R"({"permissions":{"statuses":7}})"}) {
    EXPECT_EQ(MakeToken(77, wrong).status, 422) << wrong;
  }
  for (const char* wrong : {"{", "[]", "\xff", "null"}) {
    EXPECT_EQ(MakeToken(77, wrong).status, 400) << wrong;
  }
  EXPECT_EQ(MakeToken(77, "{}").status, 201);
}

// ---- Budgets

TEST_F(AppsTest, TheBudgetIsTheInstallations) {
  rules_->AddInstallation({.id = 78, .app_id = kAppId, .account = "else"});
  const std::string first = Token();
  const std::string second = Token();
  const std::string elsewhere = BodyOf(MakeToken(78)).value("token", "");
  EXPECT_EQ(
      NumberIn(Get("/repos/acme/widgets", first), "x-ratelimit-remaining"),
      4999);
  EXPECT_EQ(
      NumberIn(Get("/repos/acme/widgets", second), "x-ratelimit-remaining"),
      4998);
  rules_->AddFault({.name = "primary_limit_403", .seconds = 60});
  const SimulatedResponse limited = PostState("success", "c", first);
  EXPECT_EQ(limited.status, 403);
  EXPECT_EQ(MessageOf(limited),
            "API rate limit exceeded for installation ID 77.");
  // A new token does not lift the limit.
  EXPECT_EQ(PostState("success", "c", Token()).status, 403);
  EXPECT_EQ(rules_->misbehaviour().in_forbidden_window, 1);
  EXPECT_EQ(Get("/repos/else/x", elsewhere).status, 404);
  EXPECT_EQ(GetApp(Jwt()).status, 200);
  EXPECT_EQ(rules_->misbehaviour().in_forbidden_window, 1);
}

TEST_F(AppsTest, JwtsHaveTheAppsBudget) {
  StartWithApp({.tokens = {"token"}, .hourly_limit = 3});
  EXPECT_EQ(NumberIn(GetApp(Jwt()), "x-ratelimit-remaining"), 2);
  const std::string token = Token();
  EXPECT_EQ(NumberIn(GetApp(Key().Jwt(std::to_string(kAppId), now_)),
                     "x-ratelimit-remaining"),
            0);
  EXPECT_EQ(MakeToken(77).status, 403);
  EXPECT_EQ(PostState("success", "c", token).status, 201);
}

}  // namespace
}  // namespace signalbox
