#include "rest/bodies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace signalbox {
namespace {

using Json = nlohmann::json;

constexpr char kSha[] = "0123456789abcdef0123456789abcdef01234567";

RestPlace Place() {
  return {"http://127.0.0.1:8090/api/v3", "github.com", "acme", "app", 7};
}

RestStatus Status() {
  return {IdOfReport(5),
          "success",
          "ci/build",
          "done",
          "https://ci.example/1",
          absl::FromUnixSeconds(1700000000),
          ""};
}

// Every text in the JSON, with the path of its member.
void Walk(const Json& json, const std::string& path,
          std::vector<std::pair<std::string, std::string>>* texts) {
  if (json.is_string()) texts->emplace_back(path, json.get<std::string>());
  if (!json.is_structured()) return;
  for (const auto& item : json.items()) {
    Walk(item.value(), absl::StrCat(path, "/", item.key()), texts);
  }
}

// A client calls these addresses with its token.
TEST(BodiesTest, AllAddressesOfTheApiAreOurs) {
  for (const std::string& body :
       {StatusBody(Status(), Place(), kSha),
        StatusesBody({Status()}, Place(), kSha),
        CombinedBody("success", {Status()}, 1, Place(), kSha),
        RepositoryBody(Place(), true), CommitBody(Place(), kSha),
        UserBody("octocat", Place()), RootBody(Place().base)}) {
    std::vector<std::pair<std::string, std::string>> texts;
    Walk(Json::parse(body), "", &texts);
    for (const auto& [path, text] : texts) {
      EXPECT_FALSE(absl::StrContains(text, "api.github.com")) << path;
      const bool is_of_the_api =
          (absl::EndsWith(path, "/url") || absl::EndsWith(path, "_url")) &&
          !absl::EndsWith(path, "/html_url") &&
          !absl::EndsWith(path, "/avatar_url") &&
          !absl::EndsWith(path, "/target_url") &&
          !absl::EndsWith(path, "/clone_url") &&
          !absl::EndsWith(path, "/git_url") &&
          !absl::EndsWith(path, "/ssh_url") &&
          !absl::EndsWith(path, "/svn_url");
      if (is_of_the_api) {
        EXPECT_TRUE(absl::StartsWith(text, Place().base)) << path << text;
      }
    }
  }
}

TEST(BodiesTest, AStatusHasGitHubsMembers) {
  const Json status = Json::parse(StatusBody(Status(), Place(), kSha));
  EXPECT_EQ(status["id"], 4503599627370501);
  EXPECT_EQ(status["state"], "success");
  EXPECT_EQ(status["context"], "ci/build");
  EXPECT_EQ(status["description"], "done");
  EXPECT_EQ(status["target_url"], "https://ci.example/1");
  EXPECT_EQ(status["created_at"], "2023-11-14T22:13:20Z");
  EXPECT_EQ(status["updated_at"], "2023-11-14T22:13:20Z");
  EXPECT_EQ(status["url"],
            absl::StrCat(
                "http://127.0.0.1:8090/api/v3/repos/acme/app/statuses/", kSha));
  EXPECT_EQ(status["creator"]["login"], "signalbox");
  EXPECT_EQ(status["creator"]["type"], "Bot");
  EXPECT_EQ(status["creator"].size(), 18u);
  EXPECT_TRUE(status["avatar_url"].is_string());

  RestStatus bare = Status();
  bare.description.clear();
  bare.target_url.clear();
  bare.creator = "octocat";
  const Json other = Json::parse(StatusBody(bare, Place(), kSha));
  EXPECT_TRUE(other["description"].is_null());
  EXPECT_TRUE(other["target_url"].is_null());
  EXPECT_EQ(other["creator"]["login"], "octocat");
  EXPECT_EQ(other["creator"]["type"], "User");
}

// JavaScript and jq read numbers as doubles.
TEST(BodiesTest, IdsAreExactInADouble) {
  const int64_t id = IdOfReport((int64_t{1} << 52) - 1);
  EXPECT_EQ(static_cast<int64_t>(static_cast<double>(id)), id);
  EXPECT_GT(IdOfReport(1), int64_t{1} << 40);
}

TEST(BodiesTest, ACommitHasATextAsMessage) {
  const Json commit = Json::parse(CommitBody(Place(), kSha));
  EXPECT_EQ(commit["sha"], kSha);
  EXPECT_EQ(commit["commit"]["message"], "");
  EXPECT_TRUE(commit["parents"].empty());
}

// github3.py stops without them.
TEST(BodiesTest, ACommitHasFilesAndStats) {
  const Json commit = Json::parse(CommitBody(Place(), kSha));
  EXPECT_EQ(commit.value("files", Json()), Json::array());
  EXPECT_EQ(commit.value("stats", Json()),
            Json::parse(R"({"additions": 0, "deletions": 0, "total": 0})"));
}

TEST(BodiesTest, ARepositoryShowsWhatTheCallerMay) {
  const Json may = Json::parse(RepositoryBody(Place(), true));
  EXPECT_EQ(may["permissions"]["push"], true);
  EXPECT_EQ(may["permissions"]["admin"], false);
  EXPECT_EQ(may["full_name"], "acme/app");
  EXPECT_EQ(may["owner"]["login"], "acme");
  EXPECT_EQ(may["id"], 7);
  EXPECT_EQ(may["html_url"], "https://github.com/acme/app");
  EXPECT_EQ(may["clone_url"], "https://github.com/acme/app.git");
  const Json may_not = Json::parse(RepositoryBody(Place(), false));
  EXPECT_EQ(may_not["permissions"]["push"], false);
}

TEST(BodiesTest, TheRateLimitIsFarAway) {
  const Json limits =
      Json::parse(RateLimitBody(absl::FromUnixSeconds(1700000000)));
  for (const char* const name :
       {"core", "search", "graphql", "integration_manifest"}) {
    EXPECT_EQ(limits["resources"][name]["remaining"], 1000000) << name;
    EXPECT_EQ(limits["resources"][name]["reset"], 1700003600) << name;
  }
  EXPECT_EQ(limits["rate"]["limit"], 1000000);
}

TEST(BodiesTest, RefusalsHaveGitHubsShape) {
  const Json plain = Json::parse(RefusalBody(NotFoundRefusal()));
  EXPECT_EQ(plain["message"], "Not Found");
  EXPECT_EQ(plain["status"], "404");
  EXPECT_TRUE(plain["documentation_url"].is_string());
  EXPECT_FALSE(plain.contains("errors"));
  const Json invalid = Json::parse(
      RefusalBody(InvalidFieldRefusal("state", "custom", "not in the list")));
  EXPECT_EQ(invalid["status"], "422");
  EXPECT_EQ(invalid["errors"],
            Json::parse(R"([{"resource": "Status", "code": "custom",
                             "field": "state", "message": "not in the list"}])"));
  const Json missing = Json::parse(
      RefusalBody(InvalidFieldRefusal("state", "missing_field", "")));
  EXPECT_FALSE(missing["errors"][0].contains("message"));
}

TEST(BodiesTest, BytesThatAreNotUtf8DoNotBreakAnAnswer) {
  RestStatus status = Status();
  status.description = "\xff";
  EXPECT_EQ(Json::parse(StatusBody(status, Place(), kSha))["description"],
            "\xEF\xBF\xBD");
}

TEST(BodiesTest, PathsAreEncoded) {
  EXPECT_EQ(PercentEncodedPath("heads/a b?c=%\"<"),
            "heads/a%20b%3Fc%3D%25%22%3C");
}

// As GitHub describes it; tests/conformance/rest checks every member.
TEST(BodiesTest, TheRootSaysWhatIsServed) {
  const Json root = Json::parse(RootBody("http://h/api/v3"));
  EXPECT_EQ(root["rate_limit_url"], "http://h/api/v3/rate_limit");
  EXPECT_EQ(root["repository_url"], "http://h/api/v3/repos/{owner}/{repo}");
  EXPECT_EQ(root["emojis_url"], "http://h/api/v3/emojis");
  EXPECT_THAT(root["served"], ::testing::Not(::testing::IsEmpty()));
  EXPECT_THAT(RootText("http://h"), ::testing::HasSubstr("/statuses/{sha}"));
  EXPECT_THAT(RootText("http://h"), ::testing::HasSubstr("GraphQL"));
}

}  // namespace
}  // namespace signalbox
