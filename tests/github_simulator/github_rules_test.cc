// Who may do what, and where names lead.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/github_simulator/github_rules_fixture.h"

namespace signalbox {
namespace {

using nlohmann::json;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class GitHubRulesTest : public GitHubRulesFixture {};

TEST_F(GitHubRulesTest, WantsAUserAgent) {
  for (const auto& headers :
       std::vector<std::vector<std::pair<std::string, std::string>>>{
           {{"Authorization", "Bearer token"}},
           {{"Authorization", "Bearer token"}, {"User-Agent", ""}}}) {
    const SimulatedResponse response = rules_->Handle(
        {.method = "GET", .target = "/rate_limit", .headers = headers}, now_);
    EXPECT_EQ(response.status, 403);
    EXPECT_THAT(HeaderOf(response, "content-type"),
                testing::StartsWith("text/html"));
  }
  EXPECT_EQ(rules_->misbehaviour().without_user_agent, 2);
}

TEST_F(GitHubRulesTest, WantsAKnownToken) {
  for (const char* value :
       {"Bearer token", "bearer token", "token token", "TOKEN other",
        // user:token, token:x-oauth-basic and token:
        "Basic dXNlcjp0b2tlbg==", "basic dG9rZW46eC1vYXV0aC1iYXNpYw==",
        "Basic dG9rZW46"}) {
    EXPECT_EQ(rules_
                  ->Handle({.method = "GET",
                            .target = "/user",
                            .headers = {{"User-Agent", "t"},
                                        {"Authorization", value}}},
                           now_)
                  .status,
              200)
        << value;
  }
  for (const char* value :
       {"", "Bearer", "Bearer ", "Bearer tokens", "Basic token", "token",
        "Bearer Token",
        // token, and user:tokens.
        "Basic dG9rZW4=", "Basic dXNlcjp0b2tlbnM=", "Basic "}) {
    const SimulatedResponse response = rules_->Handle(
        {.method = "GET",
         .target = "/user",
         .headers = {{"User-Agent", "t"}, {"Authorization", value}}},
        now_);
    EXPECT_EQ(response.status, 401) << value;
    EXPECT_EQ(BodyOf(response)["message"], "Bad credentials");
  }
}

TEST_F(GitHubRulesTest, WithoutTokensAnyTokenWillDoButNotNone) {
  Restart({});
  EXPECT_EQ(Send("GET", "/user", "", "whatever").status, 200);
  EXPECT_EQ(rules_
                ->Handle({.method = "GET",
                          .target = "/user",
                          .headers = {{"User-Agent", "t"}}},
                         now_)
                .status,
            401);
}

TEST_F(GitHubRulesTest, AnAppsTokenIsItsBots) {
  Restart({});
  const json creator =
      BodyOf(Post({{"state", "success"}}, "ghs_token"))["creator"];
  EXPECT_EQ(creator["type"], "Bot");
  EXPECT_THAT(creator["login"].get<std::string>(), testing::EndsWith("[bot]"));
  EXPECT_NE(BodyOf(Post({{"state", "success"}}, "a"))["creator"]["login"],
            BodyOf(Post({{"state", "success"}}, "b"))["creator"]["login"]);
}

TEST_F(GitHubRulesTest, RefusesAnUnknownApiVersion) {
  const auto status = [this](const std::string& version) {
    return rules_
        ->Handle({.method = "GET",
                  .target = "/repos/acme/widgets",
                  .headers = {{"User-Agent", "t"},
                              {"Authorization", "Bearer token"},
                              {"X-GitHub-Api-Version", version}}},
                 now_)
        .status;
  };
  EXPECT_EQ(status("2022-11-28"), 200);
  EXPECT_EQ(status("2026-03-10"), 200);
  EXPECT_EQ(status("2022-11-27"), 400);
  EXPECT_EQ(status(""), 400);
  EXPECT_EQ(BodyOf(Get("/versions")), json({"2026-03-10", "2022-11-28"}));
}

// Tools ask for these before they have a token, to see whether the address is
// GitHub's.
TEST_F(GitHubRulesTest, TellsAnybodyWhatItIs) {
  const auto get = [this](const std::string& target,
                          const std::string& authorization) {
    SimulatedRequest request = {
        .method = "GET", .target = target, .headers = {{"User-Agent", "t"}}};
    if (!authorization.empty()) {
      request.headers.emplace_back("Authorization", authorization);
    }
    return rules_->Handle(request, now_);
  };
  for (const std::string authorization : {"", "Bearer token"}) {
    EXPECT_EQ(BodyOf(get("/", authorization))["rate_limit_url"],
              "http://127.0.0.1:8180/rate_limit");
    EXPECT_EQ(BodyOf(get("/meta", authorization)),
              json({{"verifiable_password_authentication", false}}));
  }
  EXPECT_EQ(get("/", "Bearer wrong").status, 401);
  EXPECT_EQ(get("/meta", "Bearer wrong").status, 401);
  Restart({.api_prefix = "/api/v3",
           .base_url = "https://ghes.example",
           .enterprise_host = "ghes.example"});
  for (const char* const target : {"/api/v3", "/api/v3/"}) {
    EXPECT_EQ(BodyOf(get(target, ""))["current_user_url"],
              "https://ghes.example/api/v3/user");
  }
  EXPECT_EQ(BodyOf(get("/api/v3/meta", ""))["installed_version"], "3.19.0");
  EXPECT_EQ(rules_->misbehaviour().unknown_requests, 0);
}

TEST_F(GitHubRulesTest, DescribesUsers) {
  const json user = BodyOf(Get("/users/octocat"));
  EXPECT_EQ(user["login"], "octocat");
  EXPECT_EQ(user["type"], "User");
  EXPECT_EQ(user["url"], "http://127.0.0.1:8180/users/octocat");
  EXPECT_EQ(BodyOf(Get("/users/ci%5Bbot%5D"))["type"], "Bot");
  EXPECT_EQ(BodyOf(Get("/users/acme"))["type"], "Organization");
  EXPECT_EQ(Get("/users/a.b").status, 404);
  EXPECT_EQ(Get("/users/octocat", "wrong").status, 401);
}

TEST_F(GitHubRulesTest, HidesWhatOneMayNotWrite) {
  rules_->SetWritable(kRepository, false);
  EXPECT_EQ(PostState("success").status, 404);
  EXPECT_EQ(Get("/repos/acme/widgets").status, 200);
  rules_->SetWritable(kRepository, true);
  EXPECT_EQ(PostState("success").status, 201);
}

TEST_F(GitHubRulesTest, AnArchivedRepositoryIsReadOnly) {
  rules_->SetArchived("acme/WIDGETS", true);
  const SimulatedResponse response = PostState("success");
  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(BodyOf(response)["message"],
            "Repository was archived so is read-only.");
  EXPECT_EQ(Get("/repos/acme/widgets").status, 200);
  rules_->SetArchived(kRepository, false);
  EXPECT_EQ(PostState("success").status, 201);
}

// ---- Renames

TEST_F(GitHubRulesTest, RedirectsFromAnOldName) {
  ASSERT_TRUE(rules_->RenameRepository(kRepository, "acme/gadgets"));
  const std::string target =
      absl::StrCat("/repositories/", kId, "/statuses/", kSha);
  const SimulatedResponse post = PostState("success");
  EXPECT_EQ(post.status, 307);
  EXPECT_EQ(HeaderOf(post, "location"), "http://127.0.0.1:8180" + target);
  EXPECT_EQ(BodyOf(post)["message"], "Moved Permanently");
  EXPECT_EQ(BodyOf(post)["url"], "http://127.0.0.1:8180" + target);
  EXPECT_THAT(States(), IsEmpty());
  EXPECT_EQ(Send("POST", target, R"({"state":"success"})").status, 201);
  EXPECT_THAT(rules_->Rows("acme/gadgets", kSha), SizeIs(1));

  const SimulatedResponse get = Get(absl::StrCat(
      "/repos/acme/widgets/commits/", kSha, "/statuses?per_page=1&page=2"));
  EXPECT_EQ(get.status, 301);
  EXPECT_EQ(HeaderOf(get, "location"),
            absl::StrCat("http://127.0.0.1:8180/repositories/", kId,
                         "/commits/", kSha, "/statuses?per_page=1&page=2"));
  EXPECT_EQ(HeaderOf(Get("/repos/acme/widgets"), "location"),
            absl::StrCat("http://127.0.0.1:8180/repositories/", kId));
  EXPECT_EQ(BodyOf(Get("/repos/acme/gadgets"))["id"], kId);
}

// An encoded slash must stay encoded in a redirect.
TEST_F(GitHubRulesTest, RedirectsKeepTheirEncoding) {
  rules_->RenameRepository(kRepository, "acme/gadgets");
  EXPECT_EQ(HeaderOf(Get("/repos/acme/widgets/commits/heads%2Fmain/status"),
                     "location"),
            absl::StrCat("http://127.0.0.1:8180/repositories/", kId,
                         "/commits/heads%2Fmain/status"));
}

TEST_F(GitHubRulesTest, ANewRepositoryTakesAnOldNameOver) {
  rules_->RenameRepository(kRepository, "acme/gadgets");
  rules_->RenameRepository("acme/gadgets", "acme/things");
  EXPECT_EQ(Get("/repos/acme/widgets").status, 301);
  EXPECT_EQ(Get("/repos/acme/gadgets").status, 301);
  rules_->AddRepository("acme/widgets", 77);
  EXPECT_EQ(BodyOf(Get("/repos/acme/widgets"))["id"], 77);
  EXPECT_EQ(Get("/repos/acme/gadgets").status, 301);
  EXPECT_EQ(rules_->CurrentName("acme/gadgets"), "acme/things");
}

TEST_F(GitHubRulesTest, RenamesOnlyWhatIsThereToWhatIsFree) {
  rules_->AddRepository("acme/gadgets", 77);
  EXPECT_FALSE(rules_->RenameRepository("acme/nothing", "acme/x"));
  EXPECT_FALSE(rules_->RenameRepository(kRepository, "ACME/gadgets"));
  EXPECT_EQ(Get("/repos/acme/widgets").status, 200);
  EXPECT_TRUE(rules_->RenameRepository(kRepository, "ACME/WIDGETS"));
  EXPECT_EQ(BodyOf(Get("/repos/acme/widgets"))["full_name"], "ACME/WIDGETS");
  EXPECT_TRUE(rules_->RenameRepository("acme/widgets", "acme/tools"));
  EXPECT_TRUE(rules_->RenameRepository("acme/tools", "acme/widgets"));
  EXPECT_EQ(Get("/repos/acme/widgets").status, 200);
}

TEST_F(GitHubRulesTest, AnyRepositoryIsInvented) {
  Restart({.tokens = {"token"}, .any_repository = true});
  const std::string target = absl::StrCat("/repos/o/r.x/statuses/", kOtherSha);
  EXPECT_EQ(Send("POST", target, R"({"state":"success"})").status, 201);
  EXPECT_EQ(BodyOf(Get("/repos/O/R.X"))["full_name"], "o/r.x");
  EXPECT_GT(rules_->RepositoryId("o/r.x"), int64_t{1} << 32);
  for (const char* name : {"o/..", "o/.", "o/r.git", "o_o/r%20r", "o.o/r"}) {
    EXPECT_EQ(Get(absl::StrCat("/repos/", name)).status, 404) << name;
  }
  // A commit that the test added keeps its time.
  rules_->AddCommit("o/r", kSha, now_ + absl::Seconds(1));
  EXPECT_EQ(Send("POST", absl::StrCat("/repos/o/r/statuses/", kSha),
                 R"({"state":"success"})")
                .status,
            422);
}

}  // namespace
}  // namespace signalbox
