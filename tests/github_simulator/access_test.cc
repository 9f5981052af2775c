#include "tests/github_simulator/access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/github_simulator/apps_fixture.h"

namespace signalbox {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Json = nlohmann::json;

class AccessFixture : public AppsFixture {
 protected:
  AccessFixture() {
    StartWithApp(
        {.tokens = {"token", "other", "github_pat_fine", "ghs_static"}});
  }

  Json PermissionsOf(const std::string& token) {
    return BodyOf(Get("/repos/acme/widgets", token))["permissions"];
  }

  SimulatedResponse AskAbout(const std::string& login,
                             const std::string& token = "token") {
    return Get(absl::StrCat("/repos/acme/widgets/collaborators/", login,
                            "/permission"),
               token);
  }

  std::vector<std::string> Repositories(const std::string& token) {
    std::vector<std::string> names;
    const Json body = BodyOf(Get("/installation/repositories", token));
    for (const Json& item : body["repositories"]) {
      names.push_back(item["full_name"]);
    }
    return names;
  }
};

TEST_F(AccessFixture, RolesHaveGitHubsNames) {
  for (const char* const name :
       {"none", "read", "triage", "write", "maintain", "admin"}) {
    ASSERT_TRUE(RoleOf(name).has_value()) << name;
    EXPECT_EQ(RoleName(*RoleOf(name)), name);
  }
  for (const char* const name : {"", "Admin", "push", "owner"}) {
    EXPECT_FALSE(RoleOf(name).has_value()) << name;
  }
}

TEST_F(AccessFixture, TellsWhatACollaboratorMayDo) {
  const std::pair<std::string, std::string> kRoles[] = {
      {"admin", "admin"}, {"maintain", "write"}, {"write", "write"},
      {"triage", "read"}, {"read", "read"},      {"none", "none"}};
  for (const auto& [role, permission] : kRoles) {
    rules_->SetRole(kRepository, "Ann", role);
    const SimulatedResponse answer = AskAbout("ann");
    EXPECT_EQ(answer.status, 200);
    const Json body = BodyOf(answer);
    EXPECT_EQ(body["permission"], permission);
    EXPECT_EQ(body["role_name"], role);
    EXPECT_EQ(body["user"]["login"], "ann");
    EXPECT_EQ(body["user"]["permissions"]["push"],
              permission == "write" || permission == "admin");
  }
  // The repositories here are public.
  EXPECT_EQ(BodyOf(AskAbout("stranger"))["permission"], "read");
  EXPECT_EQ(BodyOf(AskAbout(rules_->LoginOf("other")))["permission"], "write");
  rules_->SetRole("acme", "boss", "admin");
  EXPECT_EQ(BodyOf(AskAbout("boss"))["permission"], "admin");
  EXPECT_EQ(AskAbout("no%20login").status, 404);
}

TEST_F(AccessFixture, OnlyWhoMayPushLearnsOfCollaborators) {
  rules_->SetRole(kRepository, rules_->LoginOf("other"), "triage");
  const SimulatedResponse refused = AskAbout("ann", "other");
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(MessageOf(refused),
            "Must have push access to view collaborator permission.");
  EXPECT_EQ(AskAbout("ann", Token()).status, 200);
  rules_->SetWritable(kRepository, false);
  EXPECT_EQ(AskAbout("ann").status, 403);
}

TEST_F(AccessFixture, ARepositoryTellsWhatTheCallerMayDo) {
  const auto permissions = [](bool admin, bool push) {
    return Json({{"admin", admin},
                 {"maintain", admin},
                 {"push", push},
                 {"triage", push},
                 {"pull", true}});
  };
  EXPECT_EQ(PermissionsOf("token"), permissions(false, true));
  rules_->SetAdmin("token", kRepository);
  EXPECT_EQ(PermissionsOf("token"), permissions(true, true));
  EXPECT_EQ(PermissionsOf("other"), permissions(false, true));
  rules_->SetRole(kRepository, rules_->LoginOf("other"), "read");
  EXPECT_EQ(PermissionsOf("other"), permissions(false, false));
  // Statuses do not count as contents.
  EXPECT_EQ(PermissionsOf(Token()), permissions(false, false));
  rules_->AddInstallation({.id = installation_,
                           .app_id = kAppId,
                           .account = "acme",
                           .permissions = {{"contents", "write"}}});
  EXPECT_EQ(PermissionsOf(Token()), permissions(false, true));
}

// As in nodejs/build#986: GitHub answers a reader 404.
TEST_F(AccessFixture, ReadersCreateNoStatus) {
  rules_->SetRole(kRepository, rules_->LoginOf("other"), "read");
  EXPECT_EQ(PostState("success", "ci", "other").status, 404);
  EXPECT_EQ(PostState("success", "ci", "token").status, 201);
  rules_->SetScopes("token", "read:org");
  EXPECT_EQ(PostState("success", "ci2", "token").status, 404);
  rules_->SetScopes("token", "read:org, repo:status");
  EXPECT_EQ(PostState("success", "ci2", "token").status, 201);
  rules_->SetRole(kRepository, rules_->LoginOf("github_pat_fine"), "read");
  EXPECT_EQ(MessageOf(PostState("success", "ci", "github_pat_fine")),
            "Resource not accessible by personal access token");
}

TEST_F(AccessFixture, ClassicTokensHaveScopes) {
  const std::string target = "/repos/acme/widgets";
  EXPECT_EQ(HeaderOf(Get(target), "x-oauth-scopes"), "repo");
  rules_->SetScopes("token", "repo:status, admin:repo_hook");
  EXPECT_EQ(HeaderOf(Get(target), "x-oauth-scopes"),
            "repo:status, admin:repo_hook");
  rules_->SetScopes("token", "");
  const SimulatedResponse none = Get(target);
  EXPECT_EQ(HeaderOf(none, "x-oauth-scopes"), "");
  EXPECT_THAT(none.headers,
              ::testing::Contains(::testing::Pair("x-oauth-scopes", "")));
  for (const std::string& token :
       {std::string("github_pat_fine"), std::string("ghs_static"), Token()}) {
    EXPECT_THAT(Get(target, token).headers,
                ::testing::Not(::testing::Contains(
                    ::testing::Pair("x-oauth-scopes", ::testing::_))))
        << token;
  }
}

TEST_F(AccessFixture, AnInstallationHasWhatItWasGranted) {
  rules_->AddInstallation({.id = installation_,
                           .app_id = kAppId,
                           .account = "acme",
                           .permissions = {{"statuses", "write"}}});
  const Json granted = {{"statuses", "write"}, {"metadata", "read"}};
  const Json answer = BodyOf(MakeToken(installation_));
  EXPECT_EQ(answer["permissions"], granted);
  EXPECT_EQ(BodyOf(Get(absl::StrCat("/app/installations/", installation_),
                       Jwt()))["permissions"],
            granted);
  const std::string token = answer["token"];
  EXPECT_EQ(PostState("success", "ci", token).status, 201);
  EXPECT_EQ(Get("/repos/acme/widgets/pulls", token).status, 403);
  // A token cannot ask for a permission that the installation lacks.
  EXPECT_EQ(
      MakeToken(installation_, R"({"permissions":{"pull_requests":"read"}})")
          .status,
      422);
}

TEST_F(AccessFixture, ReadingStatusesWantsAPermissionToo) {
  const std::string path =
      absl::StrCat("/repos/acme/widgets/commits/", kSha, "/status");
  EXPECT_EQ(Get(path, Token(R"({"permissions":{"statuses":"read"}})")).status,
            200);
  EXPECT_EQ(Get(path, Token(R"({"permissions":{"contents":"read"}})")).status,
            403);
}

TEST_F(AccessFixture, AnInstallationListsItsRepositories) {
  rules_->AddRepository("acme/gadgets", 7);
  rules_->AddRepository("ACME/things", 8);
  rules_->AddRepository("elsewhere/things", 9);
  const std::string token = Token();
  EXPECT_THAT(Repositories(token),
              ElementsAre("acme/gadgets", "ACME/things", kRepository));
  const Json all = BodyOf(Get("/installation/repositories", token));
  EXPECT_EQ(all["total_count"], 3);
  EXPECT_EQ(all["repository_selection"], "all");
  const std::string narrow = Token(R"({"repository_ids":[7]})");
  EXPECT_THAT(Repositories(narrow), ElementsAre("acme/gadgets"));
  EXPECT_EQ(
      BodyOf(Get("/installation/repositories", narrow))["repository_selection"],
      "selected");
  const SimulatedResponse page =
      Get("/installation/repositories?per_page=2&page=2", token);
  EXPECT_EQ(BodyOf(page)["total_count"], 3);
  EXPECT_EQ(BodyOf(page)["repositories"].size(), 1);
  EXPECT_THAT(HeaderOf(page, "link"),
              ::testing::HasSubstr("/installation/repositories?per_page=2&"));
  // A repository that moved to another owner is gone.
  ASSERT_TRUE(rules_->RenameRepository("acme/gadgets", "elsewhere/gadgets"));
  EXPECT_THAT(Repositories(narrow), IsEmpty());
  EXPECT_EQ(Get("/installation/repositories", "token").status, 403);
  EXPECT_EQ(Get("/installation/repositories", Jwt()).status, 401);
  EXPECT_EQ(Get("/installation/repositories", "wrong").status, 401);
}

}  // namespace
}  // namespace signalbox
