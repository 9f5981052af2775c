// Creating and reading commit statuses.

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
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class StatusApiTest : public GitHubRulesFixture {
 protected:
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
};

TEST_F(StatusApiTest, CreatesAStatus) {
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
  // Code that stores an id in 32 bits must break.
  EXPECT_GT(status["id"].get<int64_t>(), int64_t{1} << 32);
}

TEST_F(StatusApiTest, LeavesOutWhatIsNotGiven) {
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

TEST_F(StatusApiTest, EveryPostMakesARowAndIdsRise) {
  const int64_t first = BodyOf(PostState("pending"))["id"];
  const int64_t second = BodyOf(PostState("pending"))["id"];
  EXPECT_LT(first, second);
  EXPECT_THAT(States(), ElementsAre("pending", "pending"));
}

TEST_F(StatusApiTest, KnowsFourStates) {
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

TEST_F(StatusApiTest, CountsCodePointsOfADescription) {
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

TEST_F(StatusApiTest, RefusesFourByteUnicodeInADescription) {
  const auto post = [this](const std::string& description) {
    return Post({{"state", "success"}, {"description", description}});
  };
  EXPECT_EQ(post("\xef\xbf\xbd").status, 201);  // U+FFFD: three bytes.
  EXPECT_EQ(ErrorOf(post("passed \xf0\x9f\x8e\x89")),
            "description: description doesn't accept 4-byte Unicode");
}

TEST_F(StatusApiTest, LimitsTheContext) {
  EXPECT_EQ(PostState("success", std::string(255, 'c')).status, 201);
  EXPECT_EQ(ErrorOf(PostState("success", std::string(256, 'c'))),
            "context: context is too long (maximum is 255 characters)");
  EXPECT_EQ(ErrorOf(PostState("success", "")),
            "context: context can't be blank");
  std::string wide;
  for (int i = 0; i < 255; ++i) wide += "\u20ac";
  EXPECT_EQ(PostState("success", wide).status, 201);
  EXPECT_EQ(ErrorOf(PostState("success", wide + "c")),
            "context: context is too long (maximum is 255 characters)");
  EXPECT_EQ(PostState("success", "Tests \u00bb \u00a0\uffff").status, 201);
  EXPECT_EQ(ErrorOf(PostState("success", "\U0001f389")),
            "context: context doesn't accept 4-byte Unicode");
  for (const char* const text : {"a\nb", "\x7f", "\u0080", "\u009f"}) {
    EXPECT_EQ(ErrorOf(PostState("success", text)),
              "context: context doesn't accept control characters");
  }
}

TEST_F(StatusApiTest, WantsHttpUrls) {
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

TEST_F(StatusApiTest, ListsAllThatIsWrongAtOnce) {
  const json body = BodyOf(Post({{"state", "maybe"},
                                 {"description", std::string(141, 'x')},
                                 {"target_url", "ftp://a"}}));
  EXPECT_THAT(body["errors"], SizeIs(3));
}

TEST_F(StatusApiTest, WantsAFullSha) {
  for (const std::string& sha :
       {std::string(39, 'a'), std::string(41, 'a'), std::string(64, 'a'),
        std::string(40, 'g'), std::string("main"), std::string("abc1234")}) {
    const SimulatedResponse response =
        Send("POST", absl::StrCat("/repos/acme/widgets/statuses/", sha),
             R"({"state":"success"})");
    EXPECT_EQ(ErrorOf(response), "sha: sha must be a 40 character SHA1") << sha;
  }
}

TEST_F(StatusApiTest, DoesNotFindAnUnknownCommit) {
  const SimulatedResponse response =
      Send("POST", absl::StrCat("/repos/acme/widgets/statuses/", kOtherSha),
           R"({"state":"success"})");
  EXPECT_EQ(response.status, 422);
  const json body = BodyOf(response);
  EXPECT_EQ(body["message"],
            absl::StrCat("No commit found for SHA: ", kOtherSha));
  EXPECT_FALSE(body.contains("errors"));
}

// GitHub does not see a fork's commit in the first seconds.
TEST_F(StatusApiTest, FindsACommitOnceItIsVisible) {
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

TEST_F(StatusApiTest, TakesAThousandStatusesOfOneContext) {
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

TEST_F(StatusApiTest, RefusesBodiesThatAreNoObjects) {
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

TEST_F(StatusApiTest, RefusesWrongTypes) {
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

TEST_F(StatusApiTest, ListsTheNewestFirst) {
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

TEST_F(StatusApiTest, PagesHaveThirtyAndAtMostAHundred) {
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

TEST_F(StatusApiTest, LinksThePages) {
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

// Checks the rule of the combined state for all sets of states.
TEST_F(StatusApiTest, CombinesStates) {
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

TEST_F(StatusApiTest, ShowsTheNewestRowOfAContextInAnyCase) {
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

TEST_F(StatusApiTest, PagesTheCombinedStatus) {
  for (int i = 0; i < 31; ++i) PostState("pending", absl::StrCat("c", i));
  const SimulatedResponse response =
      Get(absl::StrCat("/repos/acme/widgets/commits/", kSha, "/status"));
  EXPECT_EQ(BodyOf(response)["statuses"].size(), 30u);
  EXPECT_EQ(BodyOf(response)["total_count"], 31);
  EXPECT_THAT(HeaderOf(response, "link"), HasSubstr("rel=\"next\""));
}

TEST_F(StatusApiTest, FindsShortShasThatAreUnique) {
  rules_->AddCommit(kRepository, "1111111111111111111111111111111111111abd");
  const auto status = [this](const std::string& ref) {
    return Get(absl::StrCat("/repos/acme/widgets/commits/", ref, "/status"))
        .status;
  };
  EXPECT_EQ(status(kSha), 200);
  EXPECT_EQ(status("1111111111111111111111111111111111111ABC"), 200);
  EXPECT_EQ(status("1111111"), 404);  // Two commits fit.
  EXPECT_EQ(status("1111111111111111111111111111111111111abce"), 404);
  EXPECT_EQ(status("111111"), 404);
  EXPECT_EQ(status("main"), 404);
  EXPECT_EQ(status("heads%2Fmain"), 404);
}

TEST_F(StatusApiTest, DescribesTheCommit) {
  for (const std::string& ref : {std::string(kSha), std::string("1111111")}) {
    const auto commit =
        BodyOf(Get(absl::StrCat("/repos/acme/widgets/commits/", ref)));
    EXPECT_EQ(commit["sha"], kSha);
    // PyGithub makes the address of a status from this.
    EXPECT_EQ(commit["url"],
              absl::StrCat("http://127.0.0.1:8180/repos/Acme/Widgets/commits/",
                           kSha));
    EXPECT_EQ(commit["commit"]["message"], "Say hello");
  }
  const SimulatedResponse missing =
      Get(absl::StrCat("/repos/acme/widgets/commits/", kOtherSha));
  EXPECT_EQ(missing.status, 422);
  EXPECT_EQ(MessageOf(missing),
            absl::StrCat("No commit found for SHA: ", kOtherSha));
  EXPECT_EQ(rules_->misbehaviour().unknown_requests, 0);
}

TEST_F(StatusApiTest, DescribesTheRepository) {
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

TEST_F(StatusApiTest, FindsNothingElsewhere) {
  for (const std::string& target :
       {std::string(""),
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

TEST_F(StatusApiTest, AnswersHeadWithoutABody) {
  const SimulatedResponse response = Send("HEAD", "/repos/acme/widgets");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, IsEmpty());
}

TEST_F(StatusApiTest, ServesGhesUnderItsPrefix) {
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
  // Links for people lead to its pages, links for programs to its API.
  const json repository = BodyOf(Get("/api/v3/repos/acme/widgets"));
  EXPECT_EQ(repository["html_url"], "https://ghes.example/Acme/Widgets");
  EXPECT_EQ(repository["clone_url"], "https://ghes.example/Acme/Widgets.git");
  EXPECT_EQ(repository["url"],
            "https://ghes.example/api/v3/repos/Acme/Widgets");
  rules_->RenameRepository(kRepository, "acme/gadgets");
  EXPECT_EQ(HeaderOf(Get("/api/v3/repos/acme/widgets"), "location"),
            absl::StrCat("https://ghes.example/api/v3/repositories/", kId));
  EXPECT_EQ(Get("/repos/acme/widgets").status, 404);
  EXPECT_EQ(Get("/api/v3/rate_limit").status, 404);
}

// After a rename, the repository's id leads to its new name.
TEST_F(StatusApiTest, AnIdLeadsToTheNewName) {
  rules_->RenameRepository(kRepository, "new-owner/gadgets");
  const json repository = BodyOf(Get(absl::StrCat("/repositories/", kId)));
  EXPECT_EQ(repository["id"], kId);
  EXPECT_EQ(repository["full_name"], "new-owner/gadgets");
  EXPECT_EQ(repository["name"], "gadgets");
  EXPECT_EQ(repository["owner"]["login"], "new-owner");
  for (int i = 0; i < 101; ++i) {
    Send(
        "POST", absl::StrCat("/repositories/", kId, "/statuses/", kSha),
        json({{"state", "success"}, {"context", absl::StrCat("c", i)}}).dump());
  }
  for (const char* what : {"status", "statuses"}) {
    const std::string target =
        absl::StrCat("/repositories/", kId, "/commits/", kSha, "/", what);
    const SimulatedResponse page = Get(target + "?per_page=100");
    const json rows =
        std::string(what) == "status" ? BodyOf(page)["statuses"] : BodyOf(page);
    EXPECT_THAT(rows, SizeIs(100)) << what;
    EXPECT_EQ(HeaderOf(page, "link"),
              absl::StrCat("<http://127.0.0.1:8180", target,
                           "?per_page=100&page=2>; rel=\"next\", "
                           "<http://127.0.0.1:8180",
                           target, "?per_page=100&page=2>; rel=\"last\""));
  }
}

// A read right after a post may miss the new status.
TEST_F(StatusApiTest, ReadsMayLagBehind) {
  rules_->SetReadLag(absl::Seconds(10));
  const auto read = [this](const std::string& what) {
    return BodyOf(
        Get(absl::StrCat("/repos/acme/widgets/commits/", kSha, "/", what)));
  };
  PostState("pending");
  now_ += absl::Seconds(5);
  EXPECT_EQ(PostState("success").status, 201);
  EXPECT_EQ(read("status")["total_count"], 0);
  EXPECT_THAT(read("statuses"), IsEmpty());
  now_ += absl::Seconds(5);
  EXPECT_EQ(read("status")["statuses"][0]["state"], "pending");
  EXPECT_THAT(read("statuses"), SizeIs(1));
  now_ += absl::Seconds(5) - absl::Nanoseconds(1);
  EXPECT_EQ(read("status")["state"], "pending");
  now_ += absl::Nanoseconds(1);
  EXPECT_EQ(read("status")["state"], "success");
  EXPECT_THAT(read("statuses"), SizeIs(2));
  // `Shown` does not lag. Without a lag, reads show everything.
  PostState("failure");
  EXPECT_EQ(rules_->Shown(kRepository, kSha).at("ci/build").state, "failure");
  rules_->SetReadLag(absl::ZeroDuration());
  now_ -= absl::Hours(1);
  EXPECT_EQ(read("status")["state"], "failure");
}

}  // namespace
}  // namespace signalbox
