#include "tests/github_simulator/github_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"

namespace signalbox {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kRepository[] = "Acme/Widgets";
constexpr int64_t kId = 5'000'000'123;
constexpr char kSha[] = "1111111111111111111111111111111111111abc";
constexpr char kOtherSha[] = "2222222222222222222222222222222222222222";

std::string HeaderOf(const SimulatedResponse& response,
                     absl::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "";
}

int64_t NumberIn(const SimulatedResponse& response, absl::string_view header) {
  int64_t number = -1;
  return absl::SimpleAtoi(HeaderOf(response, header), &number) ? number : -1;
}

json BodyOf(const SimulatedResponse& response) {
  return json::parse(response.body, nullptr, false);
}

class GitHubRulesTest : public ::testing::Test {
 protected:
  GitHubRulesTest() { Restart({.tokens = {"token", "other"}}); }

  void Restart(GitHubRules::Options options) {
    rules_ = std::make_unique<GitHubRules>(std::move(options));
    rules_->AddRepository(kRepository, kId);
    rules_->AddCommit(kRepository, kSha);
  }

  SimulatedResponse Send(const std::string& method, const std::string& target,
                         const std::string& body = "",
                         const std::string& token = "token") {
    SimulatedRequest request = {
        .method = method,
        .target = target,
        .headers = {{"user-agent", "test"},
                    {"AUTHORIZATION", absl::StrCat("Bearer ", token)}},
        .body = body};
    return rules_->Handle(request, now_);
  }

  SimulatedResponse Get(const std::string& target) {
    return Send("GET", target);
  }

  // Creates a status of kSha.
  SimulatedResponse Post(const json& body, const std::string& token = "token") {
    return Send("POST", absl::StrCat("/repos/acme/widgets/statuses/", kSha),
                body.dump(), token);
  }

  SimulatedResponse PostState(const std::string& state,
                              const std::string& context = "ci/build") {
    return Post({{"state", state}, {"context", context}});
  }

  // The only error of a 422, as "field: message".
  std::string ErrorOf(const SimulatedResponse& response) {
    EXPECT_EQ(response.status, 422) << response.body;
    const json body = BodyOf(response);
    EXPECT_EQ(body.value("message", ""), "Validation Failed");
    EXPECT_EQ(body.value("status", ""), "422");
    EXPECT_THAT(body.value("documentation_url", ""),
                HasSubstr("#create-a-commit-status"));
    const json errors = body.value("errors", json::array());
    EXPECT_EQ(errors.size(), 1u) << response.body;
    if (errors.size() != 1) return "";
    EXPECT_EQ(errors[0].value("resource", ""), "Status");
    EXPECT_EQ(errors[0].value("code", ""), "custom");
    return absl::StrCat(errors[0].value("field", ""), ": ",
                        errors[0].value("message", ""));
  }

  std::vector<std::string> States() {
    std::vector<std::string> states;
    for (const auto& row : rules_->Rows(kRepository, kSha)) {
      states.push_back(row.state);
    }
    return states;
  }

  absl::Time now_ =
      absl::FromCivil(absl::CivilSecond(2026, 6, 1), absl::UTCTimeZone());
  std::unique_ptr<GitHubRules> rules_;
};

// ---- Creating

TEST_F(GitHubRulesTest, CreatesAStatus) {
  const SimulatedResponse response =
      Post({{"state", "failure"},
            {"context", "CI/Build"},
            {"description", "2 tests failed"},
            {"target_url", "https://ci.example.com/7"}});
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(
      HeaderOf(response, "location"),
      absl::StrCat("http://127.0.0.1:8180/repos/Acme/Widgets/statuses/", kSha));
  const json status = BodyOf(response);
  EXPECT_EQ(status["url"], HeaderOf(response, "location"));
  EXPECT_EQ(status["state"], "failure");
  EXPECT_EQ(status["context"], "CI/Build");
  EXPECT_EQ(status["description"], "2 tests failed");
  EXPECT_EQ(status["target_url"], "https://ci.example.com/7");
  EXPECT_EQ(status["created_at"], "2026-06-01T00:00:00Z");
  EXPECT_EQ(status["updated_at"], "2026-06-01T00:00:00Z");
  EXPECT_EQ(status["creator"]["login"], "user-1");
  EXPECT_EQ(status["creator"]["type"], "User");
  EXPECT_EQ(status["avatar_url"], status["creator"]["avatar_url"]);
  EXPECT_TRUE(status["node_id"].is_string());
  // What keeps an id in 32 bits shall break.
  EXPECT_GT(status["id"].get<int64_t>(), int64_t{1} << 32);
}

TEST_F(GitHubRulesTest, LeavesOutWhatIsNotGiven) {
  const json status = BodyOf(Post({{"state", "pending"}}));
  EXPECT_EQ(status["context"], "default");
  EXPECT_TRUE(status["description"].is_null());
  EXPECT_TRUE(status["target_url"].is_null());
  EXPECT_EQ(Post({{"state", "success"},
                  {"description", nullptr},
                  {"target_url", nullptr}})
                .status,
            201);
}

TEST_F(GitHubRulesTest, EveryPostMakesARowAndIdsRise) {
  const int64_t first = BodyOf(PostState("pending"))["id"];
  const int64_t second = BodyOf(PostState("pending"))["id"];
  EXPECT_LT(first, second);
  EXPECT_THAT(States(), ElementsAre("pending", "pending"));
}

TEST_F(GitHubRulesTest, KnowsFourStates) {
  for (const char* state : {"error", "failure", "pending", "success"}) {
    EXPECT_EQ(PostState(state).status, 201) << state;
  }
  for (const char* state :
       {"", "Success", "cancelled", "neutral", "success "}) {
    EXPECT_EQ(ErrorOf(PostState(state)),
              "state: state is not included in the list")
        << state;
  }
}

TEST_F(GitHubRulesTest, CountsCodePointsOfADescription) {
  const auto post = [this](const std::string& description) {
    return Post({{"state", "success"}, {"description", description}});
  };
  std::string text;
  for (int i = 0; i < 140; ++i) text += "ä";
  EXPECT_EQ(post(text).status, 201);
  EXPECT_EQ(ErrorOf(post(text + "x")),
            "description: description is too long (maximum is 140 "
            "characters)");
}

TEST_F(GitHubRulesTest, RefusesFourByteUnicodeInADescription) {
  const auto post = [this](const std::string& description) {
    return Post({{"state", "success"}, {"description", description}});
  };
  EXPECT_EQ(post("\xef\xbf\xbd").status, 201);  // U+FFFD: three bytes.
  EXPECT_EQ(ErrorOf(post("passed \xf0\x9f\x8e\x89")),
            "description: description doesn't accept 4-byte Unicode");
}

TEST_F(GitHubRulesTest, LimitsTheContext) {
  EXPECT_EQ(PostState("success", std::string(255, 'c')).status, 201);
  EXPECT_EQ(ErrorOf(PostState("success", std::string(256, 'c'))),
            "context: context is too long (maximum is 255 characters)");
  EXPECT_EQ(ErrorOf(PostState("success", "")),
            "context: context can't be blank");
}

TEST_F(GitHubRulesTest, WantsHttpUrls) {
  for (const char* url :
       {"http://a", "https://a/b?c=d", "HTTPS://EXAMPLE.COM"}) {
    EXPECT_EQ(Post({{"state", "success"}, {"target_url", url}}).status, 201)
        << url;
  }
  for (const char* url : {"", "ftp://a", "javascript:alert(1)", "ci.example",
                          "//ci.example", " https://a", "https:/a"}) {
    EXPECT_EQ(ErrorOf(Post({{"state", "success"}, {"target_url", url}})),
              "target_url: Target url must use http(s) scheme")
        << url;
  }
}

TEST_F(GitHubRulesTest, ListsAllThatIsWrongAtOnce) {
  const json body = BodyOf(Post({{"state", "maybe"},
                                 {"description", std::string(141, 'x')},
                                 {"target_url", "ftp://a"}}));
  EXPECT_THAT(body["errors"], SizeIs(3));
}

TEST_F(GitHubRulesTest, WantsAFullSha) {
  for (const std::string& sha :
       {std::string(39, 'a'), std::string(41, 'a'), std::string(64, 'a'),
        std::string(40, 'g'), std::string("main"), std::string("abc1234")}) {
    const SimulatedResponse response =
        Send("POST", absl::StrCat("/repos/acme/widgets/statuses/", sha),
             R"({"state":"success"})");
    EXPECT_EQ(ErrorOf(response), "sha: sha must be a 40 character SHA1") << sha;
  }
}

TEST_F(GitHubRulesTest, DoesNotFindAnUnknownCommit) {
  const SimulatedResponse response =
      Send("POST", absl::StrCat("/repos/acme/widgets/statuses/", kOtherSha),
           R"({"state":"success"})");
  EXPECT_EQ(response.status, 422);
  const json body = BodyOf(response);
  EXPECT_EQ(body["message"],
            absl::StrCat("No commit found for SHA: ", kOtherSha));
  EXPECT_FALSE(body.contains("errors"));
}

// A fork's commit is not there in the first seconds.
TEST_F(GitHubRulesTest, FindsACommitOnceItIsVisible) {
  rules_->AddCommit(kRepository, kOtherSha, now_ + absl::Seconds(5));
  const std::string target =
      absl::StrCat("/repos/acme/widgets/statuses/", kOtherSha);
  const std::string reading =
      absl::StrCat("/repos/acme/widgets/commits/", kOtherSha, "/status");
  now_ += absl::Seconds(5) - absl::Nanoseconds(1);
  EXPECT_EQ(Send("POST", target, R"({"state":"success"})").status, 422);
  EXPECT_EQ(Get(reading).status, 404);
  now_ += absl::Nanoseconds(1);
  EXPECT_EQ(Send("POST", target, R"({"state":"success"})").status, 201);
  EXPECT_EQ(Get(reading).status, 200);
}

TEST_F(GitHubRulesTest, TakesAThousandStatusesOfOneContext) {
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(PostState(i % 2 == 0 ? "pending" : "success",
                        i % 3 == 0 ? "CI/Build" : "ci/build")
                  .status,
              201)
        << i;
  }
  const SimulatedResponse refused = PostState("success", "ci/BUILD");
  EXPECT_EQ(ErrorOf(refused),
            ": This SHA and context has reached the maximum number of "
            "statuses.");
  EXPECT_FALSE(BodyOf(refused)["errors"][0].contains("field"));
  EXPECT_EQ(PostState("success", "ci/lint").status, 201);
  rules_->AddCommit(kRepository, kOtherSha);
  EXPECT_EQ(
      Send("POST", absl::StrCat("/repos/acme/widgets/statuses/", kOtherSha),
           R"({"state":"success","context":"ci/build"})")
          .status,
      201);
}

TEST_F(GitHubRulesTest, RefusesBodiesThatAreNoObjects) {
  const std::string target =
      absl::StrCat("/repos/acme/widgets/statuses/", kSha);
  for (const std::string& body :
       {std::string(), std::string("state=success"), std::string("{"),
        std::string("{\"state\":\"success\"} x"), std::string("\xff\xfe"),
        std::string("{\"state\":\"\xc3\"}"), std::string(100'000, '[')}) {
    const SimulatedResponse response = Send("POST", target, body);
    EXPECT_EQ(response.status, 400) << body.substr(0, 30);
    EXPECT_EQ(BodyOf(response)["message"], "Problems parsing JSON");
  }
  for (const char* body : {"[]", "null", "7", "\"state\"", "[{}]"}) {
    const SimulatedResponse response = Send("POST", target, body);
    EXPECT_EQ(response.status, 400) << body;
    EXPECT_EQ(BodyOf(response)["message"], "Body should be a JSON object");
  }
}

TEST_F(GitHubRulesTest, RefusesWrongTypes) {
  for (const json& body : std::vector<json>{
           json::object(),
           {{"state", nullptr}},
           {{"state", 7}},
           {{"state", {"success"}}},
           {{"state", "success"}, {"description", 7}},
           {{"state", "success"}, {"description", json::object()}},
           {{"state", "success"}, {"target_url", false}},
           {{"state", "success"}, {"context", nullptr}},
           {{"state", "success"}, {"context", 1.5}}}) {
    const SimulatedResponse response = Post(body);
    EXPECT_EQ(response.status, 422) << body.dump();
    EXPECT_THAT(BodyOf(response).value("message", ""),
                testing::StartsWith("Invalid request."))
        << body.dump();
  }
  EXPECT_THAT(States(), IsEmpty());
}

// ---- Reading

TEST_F(GitHubRulesTest, ListsTheNewestFirst) {
  PostState("pending");
  PostState("success");
  PostState("failure", "ci/lint");
  for (const std::string& target :
       {absl::StrCat("/repos/acme/widgets/commits/", kSha, "/statuses"),
        absl::StrCat("/repos/acme/widgets/statuses/", kSha),
        absl::StrCat("/repositories/", kId, "/commits/", kSha, "/statuses"),
        absl::StrCat("/repositories/", kId, "/statuses/", kSha),
        std::string("/repos/acme/widgets/commits/1111111/statuses")}) {
    const SimulatedResponse response = Get(target);
    EXPECT_EQ(response.status, 200) << target;
    std::vector<std::string> states;
    for (const json& status : BodyOf(response)) {
      states.push_back(status.value("state", ""));
      EXPECT_TRUE(status.contains("creator"));
    }
    EXPECT_THAT(states, ElementsAre("failure", "success", "pending"));
    EXPECT_EQ(HeaderOf(response, "link"), "");
  }
}

TEST_F(GitHubRulesTest, PagesHaveThirtyAndAtMostAHundred) {
  for (int i = 0; i < 205; ++i) PostState("pending", absl::StrCat("c", i));
  const std::string list =
      absl::StrCat("/repos/acme/widgets/commits/", kSha, "/statuses");
  EXPECT_THAT(BodyOf(Get(list)), SizeIs(30));
  EXPECT_THAT(BodyOf(Get(list + "?per_page=7")), SizeIs(7));
  EXPECT_THAT(BodyOf(Get(list + "?per_page=100")), SizeIs(100));
  EXPECT_THAT(BodyOf(Get(list + "?per_page=1000")), SizeIs(100));
  for (const char* bad : {"0", "-1", "x", "", "99999999999"}) {
    EXPECT_THAT(BodyOf(Get(absl::StrCat(list, "?per_page=", bad))), SizeIs(30))
        << bad;
    EXPECT_THAT(BodyOf(Get(absl::StrCat(list, "?page=", bad))), SizeIs(30));
  }
  EXPECT_THAT(BodyOf(Get(list + "?per_page=100&page=3")), SizeIs(5));
  EXPECT_THAT(BodyOf(Get(list + "?per_page=100&page=4")), SizeIs(0));
  EXPECT_THAT(BodyOf(Get(list + "?per_page=100&page=2147483647")), SizeIs(0));
}

TEST_F(GitHubRulesTest, LinksThePages) {
  for (int i = 0; i < 5; ++i) PostState("pending", absl::StrCat("c", i));
  const std::string list =
      absl::StrCat("/repos/acme/widgets/commits/", kSha, "/statuses");
  const std::string url =
      absl::StrCat("http://127.0.0.1:8180/repositories/", kId, "/commits/",
                   kSha, "/statuses?per_page=2&page=");
  EXPECT_EQ(
      HeaderOf(Get(list + "?per_page=2"), "link"),
      absl::StrCat("<", url, "2>; rel=\"next\", <", url, "3>; rel=\"last\""));
  EXPECT_EQ(
      HeaderOf(Get(list + "?per_page=2&page=2"), "link"),
      absl::StrCat("<", url, "1>; rel=\"prev\", <", url, "3>; rel=\"next\", <",
                   url, "3>; rel=\"last\", <", url, "1>; rel=\"first\""));
  EXPECT_EQ(
      HeaderOf(Get(list + "?per_page=2&page=3"), "link"),
      absl::StrCat("<", url, "2>; rel=\"prev\", <", url, "1>; rel=\"first\""));
  EXPECT_EQ(HeaderOf(Get(list + "?per_page=5"), "link"), "");
}

// The rule of the combined state, over all sets of states.
TEST_F(GitHubRulesTest, CombinesStates) {
  const std::vector<std::string> states = {"error", "failure", "pending",
                                           "success"};
  for (int set = 0; set < 16; ++set) {
    Restart({.tokens = {"token"}});
    const auto has = [set](int i) { return (set >> i & 1) != 0; };
    for (int i = 0; i < 4; ++i) {
      if (has(i)) PostState(states[i], states[i]);
    }
    std::string expected = "success";
    if (set == 0 || has(2)) expected = "pending";
    if (has(0) || has(1)) expected = "failure";
    const json combined = BodyOf(
        Get(absl::StrCat("/repos/acme/widgets/commits/", kSha, "/status")));
    EXPECT_EQ(combined["state"], expected) << set;
    EXPECT_EQ(rules_->CombinedState(kRepository, kSha), expected);
    EXPECT_EQ(combined["total_count"], __builtin_popcount(set));
    EXPECT_EQ(combined["statuses"].size(), combined["total_count"]);
  }
}

TEST_F(GitHubRulesTest, ShowsTheNewestRowOfAContextInAnyCase) {
  PostState("failure", "CI/Build");
  PostState("success", "ci/build");
  const json combined = BodyOf(
      Get(absl::StrCat("/repos/acme/widgets/commits/", kSha, "/status")));
  EXPECT_EQ(combined["state"], "success");
  EXPECT_EQ(combined["total_count"], 1);
  EXPECT_EQ(combined["statuses"][0]["context"], "ci/build");
  EXPECT_FALSE(combined["statuses"][0].contains("creator"));
  EXPECT_EQ(combined["sha"], kSha);
  EXPECT_EQ(combined["repository"]["id"], kId);
  EXPECT_EQ(combined["repository"]["full_name"], kRepository);
  const auto shown = rules_->Shown(kRepository, kSha);
  EXPECT_THAT(shown, SizeIs(1));
  EXPECT_EQ(shown.at("ci/build").state, "success");
}

TEST_F(GitHubRulesTest, PagesTheCombinedStatus) {
  for (int i = 0; i < 31; ++i) PostState("pending", absl::StrCat("c", i));
  const SimulatedResponse response =
      Get(absl::StrCat("/repos/acme/widgets/commits/", kSha, "/status"));
  EXPECT_EQ(BodyOf(response)["statuses"].size(), 30u);
  EXPECT_EQ(BodyOf(response)["total_count"], 31);
  EXPECT_THAT(HeaderOf(response, "link"), HasSubstr("rel=\"next\""));
}

TEST_F(GitHubRulesTest, FindsShortShasThatAreUnique) {
  rules_->AddCommit(kRepository, "1111111111111111111111111111111111111abd");
  const auto status = [this](const std::string& ref) {
    return Get(absl::StrCat("/repos/acme/widgets/commits/", ref, "/status"))
        .status;
  };
  EXPECT_EQ(status(kSha), 200);
  EXPECT_EQ(status("1111111111111111111111111111111111111ABC"), 200);
  EXPECT_EQ(status("1111111"), 404);  // Two commits.
  EXPECT_EQ(status("1111111111111111111111111111111111111abce"), 404);
  EXPECT_EQ(status("111111"), 404);
  EXPECT_EQ(status("main"), 404);
  EXPECT_EQ(status("heads%2Fmain"), 404);
}

TEST_F(GitHubRulesTest, DescribesTheRepository) {
  for (const std::string& target :
       {std::string("/repos/ACME/widgets"), absl::StrCat("/repositories/", kId),
        std::string("/repos/%61cme/w%69dgets")}) {
    const SimulatedResponse response = Get(target);
    EXPECT_EQ(response.status, 200) << target;
    EXPECT_EQ(BodyOf(response)["full_name"], kRepository);
    EXPECT_EQ(BodyOf(response)["id"], kId);
    EXPECT_EQ(BodyOf(response)["archived"], false);
  }
}

TEST_F(GitHubRulesTest, FindsNothingElsewhere) {
  for (const std::string& target :
       {std::string(""),
        std::string("/"),
        std::string("repos/acme/widgets"),
        std::string("/repos"),
        std::string("/repos/acme"),
        std::string("/repos/acme/widgets/"),
        std::string("/repos//widgets"),
        std::string("/repos/acme/gadgets"),
        std::string("/repos/acme/widgets.git"),
        std::string("/repos/acme%2Fwidgets"),
        std::string("/repositories/7"),
        std::string("/repositories/x"),
        std::string("/repositories/-1"),
        std::string("/repositories/99999999999999999999999"),
        std::string("/repos/acme/widgets/commits"),
        std::string("/repos/acme/%"),
        std::string("/repos/acme/%4"),
        std::string("/repos/acme/%zz"),
        std::string("/api/v3/repos/acme/widgets"),
        absl::StrCat("/repos/acme/widgets/commits/", kSha, "/status/"),
        absl::StrCat("/repos/acme/widgets/commits/", kSha, "/checks"),
        std::string(100'000, '/'),
        std::string("/\0/", 3)}) {
    const SimulatedResponse response = Get(target);
    EXPECT_EQ(response.status, 404) << target.substr(0, 60);
    EXPECT_EQ(BodyOf(response)["message"], "Not Found");
  }
  for (const char* method : {"PUT", "PATCH", "DELETE", "BREW", ""}) {
    EXPECT_EQ(Send(method, "/repos/acme/widgets").status, 404) << method;
  }
  // An empty sha leaves a trailing slash.
  EXPECT_EQ(
      Send("POST", "/repos/acme/widgets/statuses/", R"({"state":"success"})")
          .status,
      404);
}

TEST_F(GitHubRulesTest, AnswersHeadWithoutABody) {
  const SimulatedResponse response = Send("HEAD", "/repos/acme/widgets");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, IsEmpty());
}

TEST_F(GitHubRulesTest, ServesGhesUnderItsPrefix) {
  Restart({.tokens = {"token"},
           .api_prefix = "/api/v3",
           .rate_limits = false,
           .base_url = "https://ghes.example"});
  const SimulatedResponse response =
      Send("POST", absl::StrCat("/api/v3/repos/acme/widgets/statuses/", kSha),
           R"({"state":"success"})");
  EXPECT_EQ(response.status, 201);
  EXPECT_THAT(HeaderOf(response, "location"),
              testing::StartsWith("https://ghes.example/api/v3/repos/"));
  EXPECT_EQ(HeaderOf(response, "x-ratelimit-limit"), "");
  EXPECT_EQ(Get("/repos/acme/widgets").status, 404);
  EXPECT_EQ(Get("/api/v3/rate_limit").status, 404);
}

// ---- Who may

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
       {"Bearer token", "bearer token", "token token", "TOKEN other"}) {
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
  for (const char* value : {"", "Bearer", "Bearer ", "Bearer tokens",
                            "Basic token", "token", "Bearer Token"}) {
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

// An encoded segment must not turn into two on its way through a redirect.
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
  // What the test said of a commit goes before.
  rules_->AddCommit("o/r", kSha, now_ + absl::Seconds(1));
  EXPECT_EQ(Send("POST", absl::StrCat("/repos/o/r/statuses/", kSha),
                 R"({"state":"success"})")
                .status,
            422);
}

// ---- Rate limits and faults

TEST_F(GitHubRulesTest, EveryAnswerHasTheUsualHeaders) {
  for (const auto& response :
       {PostState("success"), PostState("maybe"), Get("/nowhere"),
        Send("GET", "/user", "", "wrong")}) {
    EXPECT_EQ(HeaderOf(response, "date"), "Mon, 01 Jun 2026 00:00:00 GMT");
    EXPECT_EQ(HeaderOf(response, "content-type"),
              "application/json; charset=utf-8");
    EXPECT_NE(HeaderOf(response, "x-github-request-id"), "");
    EXPECT_EQ(HeaderOf(response, "x-ratelimit-limit"), "5000");
    EXPECT_EQ(HeaderOf(response, "x-ratelimit-resource"), "core");
  }
  EXPECT_NE(HeaderOf(Get("/user"), "x-github-request-id"),
            HeaderOf(Get("/user"), "x-github-request-id"));
  EXPECT_EQ(rules_->request_count(), 6);
}

TEST_F(GitHubRulesTest, CountsTheBudgetOfEachToken) {
  Restart({.tokens = {"token", "other"}, .hourly_limit = 3});
  EXPECT_EQ(NumberIn(Get("/user"), "x-ratelimit-remaining"), 2);
  EXPECT_EQ(NumberIn(Get("/user"), "x-ratelimit-remaining"), 1);
  const SimulatedResponse last = Get("/user");
  EXPECT_EQ(last.status, 200);
  EXPECT_EQ(NumberIn(last, "x-ratelimit-remaining"), 0);
  EXPECT_EQ(NumberIn(last, "x-ratelimit-used"), 3);
  EXPECT_EQ(NumberIn(last, "x-ratelimit-reset"),
            absl::ToUnixSeconds(now_ + absl::Hours(1)));

  now_ += absl::Hours(1) - absl::Seconds(1);
  const SimulatedResponse refused = PostState("success");
  EXPECT_EQ(refused.status, 403);
  EXPECT_THAT(BodyOf(refused)["message"].get<std::string>(),
              HasSubstr("API rate limit exceeded for user ID "));
  EXPECT_EQ(NumberIn(refused, "x-ratelimit-remaining"), 0);
  EXPECT_EQ(rules_->misbehaviour().in_forbidden_window, 1);
  EXPECT_EQ(Send("GET", "/user", "", "other").status, 200);
  EXPECT_EQ(rules_->misbehaviour().in_forbidden_window, 1);

  now_ += absl::Seconds(1);
  EXPECT_EQ(PostState("success").status, 201);
}

TEST_F(GitHubRulesTest, ReadingTheRateLimitIsFree) {
  Restart({.tokens = {"token"}, .hourly_limit = 1});
  EXPECT_EQ(BodyOf(Get("/rate_limit"))["resources"]["core"]["remaining"], 1);
  Get("/user");
  const SimulatedResponse response = Get("/rate_limit");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(BodyOf(response)["resources"]["core"]["remaining"], 0);
  EXPECT_EQ(BodyOf(response)["rate"]["used"], 1);
  EXPECT_EQ(rules_->misbehaviour().in_forbidden_window, 0);
}

TEST_F(GitHubRulesTest, PrimaryLimitsSpendTheBudget) {
  for (const int status : {403, 429}) {
    Restart({.tokens = {"token"}});
    rules_->AddFault(
        {.name = absl::StrCat("primary_limit_", status), .seconds = 90});
    const SimulatedResponse first = PostState("success");
    EXPECT_EQ(first.status, status);
    EXPECT_EQ(NumberIn(first, "x-ratelimit-remaining"), 0);
    EXPECT_EQ(NumberIn(first, "x-ratelimit-reset"),
              absl::ToUnixSeconds(now_ + absl::Seconds(90)));
    EXPECT_EQ(HeaderOf(first, "retry-after"), "");
    EXPECT_EQ(rules_->misbehaviour().in_forbidden_window, 0);

    now_ += absl::Seconds(89);
    EXPECT_EQ(PostState("success").status, status);
    EXPECT_EQ(rules_->misbehaviour().in_forbidden_window, 1);
    now_ += absl::Seconds(1);
    const SimulatedResponse after = PostState("success");
    EXPECT_EQ(after.status, 201);
    EXPECT_EQ(NumberIn(after, "x-ratelimit-remaining"), 4999);
    EXPECT_THAT(States(), ElementsAre("success"));
  }
}

TEST_F(GitHubRulesTest, SecondaryLimitCountsDown) {
  rules_->AddFault({.name = "secondary_limit", .seconds = 30});
  const SimulatedResponse first = PostState("success");
  EXPECT_EQ(first.status, 403);
  EXPECT_EQ(HeaderOf(first, "retry-after"), "30");
  EXPECT_GT(NumberIn(first, "x-ratelimit-remaining"), 0);
  EXPECT_THAT(BodyOf(first)["message"].get<std::string>(),
              testing::StartsWith("You have exceeded a secondary rate limit."));
  now_ += absl::Milliseconds(10'500);
  EXPECT_EQ(HeaderOf(Get("/rate_limit"), "retry-after"), "20");
  EXPECT_EQ(rules_->misbehaviour().in_forbidden_window, 1);
  now_ += absl::Milliseconds(19'500);
  EXPECT_EQ(PostState("success").status, 201);
}

TEST_F(GitHubRulesTest, BareLimitsSayNoTime) {
  for (const std::string& name :
       std::vector<std::string>{"secondary_limit_bare", "abuse_limit"}) {
    Restart({.tokens = {"token"}});
    rules_->AddFault({.name = name});
    const SimulatedResponse response = PostState("success");
    EXPECT_EQ(response.status, 403);
    EXPECT_EQ(HeaderOf(response, "retry-after"), "");
    EXPECT_GT(NumberIn(response, "x-ratelimit-remaining"), 0);
    EXPECT_THAT(BodyOf(response)["message"].get<std::string>(),
                HasSubstr(name == "abuse_limit" ? "abuse detection mechanism"
                                                : "secondary rate limit"));
    now_ += absl::Seconds(59);
    EXPECT_EQ(PostState("success").status, 403);
    EXPECT_EQ(rules_->misbehaviour().in_forbidden_window, 1);
    now_ += absl::Seconds(1);
    EXPECT_EQ(PostState("success").status, 201);
  }
}

// Requests that were on their way when the limit began are nobody's fault.
TEST_F(GitHubRulesTest, ForgivesRequestsBeforeTheAnswerArrived) {
  rules_->AddFault({.name = "secondary_limit"});
  SimulatedRequest request = {
      .method = "GET",
      .target = "/user",
      .headers = {{"User-Agent", "t"}, {"Authorization", "Bearer token"}},
      .latency = absl::Seconds(1)};
  rules_->Handle(request, now_);
  EXPECT_EQ(rules_->Handle(request, now_).status, 403);
  EXPECT_EQ(rules_->misbehaviour().in_forbidden_window, 0);
  EXPECT_EQ(rules_->Handle(request, now_ + absl::Seconds(1)).status, 403);
  EXPECT_EQ(rules_->misbehaviour().in_forbidden_window, 1);
}

TEST_F(GitHubRulesTest, FaultsThatApply) {
  rules_->AddFault({.name = "slow"});
  rules_->AddFault({.name = "reset_after_apply"});
  const SimulatedResponse slow = PostState("pending");
  EXPECT_EQ(slow.status, 201);
  EXPECT_EQ(slow.delay, absl::Seconds(11));
  EXPECT_TRUE(PostState("success").reset_connection);
  EXPECT_THAT(States(), ElementsAre("pending", "success"));
}

TEST_F(GitHubRulesTest, FaultsThatDoNot) {
  const std::vector<std::pair<std::string, int>> faults = {
      {"server_error_html", 502}, {"server_error_json", 500},
      {"unauthorized", 401},      {"forbidden", 403},
      {"primary_limit_403", 403}, {"primary_limit_429", 429},
      {"secondary_limit", 403},   {"secondary_limit_bare", 403},
      {"abuse_limit", 403},
  };
  for (const auto& [name, status] : faults) {
    Restart({.tokens = {"token"}});
    EXPECT_TRUE(GitHubRules::IsFault(name));
    rules_->AddFault({.name = name});
    EXPECT_EQ(PostState("success").status, status) << name;
    EXPECT_THAT(States(), IsEmpty()) << name;
  }
  rules_->AddFault({.name = "reset_before_apply"});
  now_ += absl::Hours(1);
  EXPECT_TRUE(PostState("success").reset_connection);
  EXPECT_THAT(States(), IsEmpty());
  EXPECT_FALSE(GitHubRules::IsFault("nonsense"));
}

TEST_F(GitHubRulesTest, FaultsAreUsedUpInOrder) {
  rules_->AddFault({.name = "server_error_json", .count = 2});
  rules_->AddFault({.name = "unauthorized", .target_contains = "/statuses/"});
  EXPECT_EQ(Get("/user").status, 500);
  EXPECT_EQ(PostState("success").status, 500);
  EXPECT_EQ(Get("/user").status, 200);
  EXPECT_EQ(PostState("success").status, 401);
  EXPECT_EQ(PostState("success").status, 201);

  rules_->AddFault({.name = "forbidden", .count = -1});
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Get("/user").status, 403);
  rules_->ClearFaults();
  EXPECT_EQ(Get("/user").status, 200);
}

TEST_F(GitHubRulesTest, ClearingFaultsEndsTheirLimits) {
  for (const char* name : {"primary_limit_403", "secondary_limit"}) {
    rules_->AddFault({.name = name, .count = -1, .seconds = 86'400});
    EXPECT_EQ(Get("/user").status, 403) << name;
    rules_->ClearFaults();
    EXPECT_EQ(Get("/user").status, 200) << name;
  }
}

// ---- What it holds against clients

TEST_F(GitHubRulesTest, CountsIdenticalRepeats) {
  const json body = {
      {"state", "success"}, {"description", "d"}, {"target_url", "https://a"}};
  Post(body);
  EXPECT_EQ(rules_->misbehaviour().identical_repeats, 0);
  const json changes = {{"description", "e"},
                        {"target_url", "https://b"},
                        {"state", "failure"},
                        {"context", "c"}};
  for (const auto& [member, value] : changes.items()) {
    json changed = body;
    changed[member] = value;
    Post(changed);
    EXPECT_EQ(rules_->misbehaviour().identical_repeats, 0) << member;
    if (member != "context") Post(body);
  }
  json repeat = body;
  repeat["context"] = "DEFAULT";
  Post(repeat);
  EXPECT_EQ(rules_->misbehaviour().identical_repeats, 1);
  // What was refused or failed is no repeat.
  rules_->AddFault({.name = "server_error_json"});
  Post(body);
  EXPECT_EQ(rules_->misbehaviour().identical_repeats, 1);
}

TEST_F(GitHubRulesTest, CountsRegressions) {
  for (const char* result : {"success", "failure", "error"}) {
    Restart({.tokens = {"token"}});
    PostState("pending");
    PostState(result);
    EXPECT_EQ(rules_->misbehaviour().regressions, 0) << result;
    PostState("pending", "ci/other");
    EXPECT_EQ(rules_->misbehaviour().regressions, 0) << result;
    PostState("pending", "CI/Build");
    EXPECT_EQ(rules_->misbehaviour().regressions, 1) << result;
    PostState("pending");
    EXPECT_EQ(rules_->misbehaviour().regressions, 1) << result;
  }
}

TEST_F(GitHubRulesTest, ARerunThatWasAskedForIsNoRegression) {
  rules_->AllowRerun(kRepository, kSha, "CI/build");
  PostState("pending");  // Uses nothing up: there was no result.
  PostState("success");
  PostState("pending");
  EXPECT_EQ(rules_->misbehaviour().regressions, 0);
  PostState("success");
  PostState("pending");
  EXPECT_EQ(rules_->misbehaviour().regressions, 1);
  EXPECT_THAT(rules_->Shown(kRepository, kSha), SizeIs(1));
}

// An expected rerun alone shows nothing.
TEST_F(GitHubRulesTest, AllowingARerunMakesNoStatus) {
  rules_->AllowRerun(kRepository, kSha, "ci/build");
  EXPECT_THAT(rules_->Shown(kRepository, kSha), IsEmpty());
  EXPECT_EQ(rules_->CombinedState(kRepository, kSha), "pending");
}

TEST_F(GitHubRulesTest, NumbersItsEvents) {
  rules_->AddCommit(kRepository, kOtherSha);
  PostState("pending");
  Send("POST", absl::StrCat("/repos/acme/widgets/statuses/", kOtherSha),
       R"({"state":"success"})");
  PostState("success");
  const auto events = rules_->EventsAfter(0, 10);
  ASSERT_THAT(events, SizeIs(3));
  EXPECT_EQ(events[0].number, 1);
  EXPECT_EQ(events[0].row.state, "pending");
  EXPECT_EQ(events[1].sha, kOtherSha);
  EXPECT_EQ(events[2].number, 3);
  EXPECT_EQ(events[2].full_name, kRepository);
  EXPECT_THAT(rules_->EventsAfter(1, 1), SizeIs(1));
  EXPECT_THAT(rules_->EventsAfter(3, 10), IsEmpty());
  EXPECT_THAT(rules_->EventsAfter(99, 10), IsEmpty());
  EXPECT_THAT(rules_->EventsAfter(-5, 10), SizeIs(3));

  const auto commits = rules_->RecentCommits(10);
  ASSERT_THAT(commits, SizeIs(2));
  EXPECT_EQ(commits[0].sha, kSha);
  EXPECT_THAT(rules_->RecentCommits(1), SizeIs(1));
}

}  // namespace
}  // namespace signalbox
