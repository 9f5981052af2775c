// Rate limits and ordered faults.

#include "tests/github_simulator/faults.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/github_simulator/github_rules_fixture.h"

namespace signalbox {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class FaultsTest : public GitHubRulesFixture {};

TEST_F(FaultsTest, EveryAnswerHasTheUsualHeaders) {
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

TEST_F(FaultsTest, CountsTheBudgetOfEachToken) {
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

TEST_F(FaultsTest, ReadingTheRateLimitIsFree) {
  Restart({.tokens = {"token"}, .hourly_limit = 1});
  EXPECT_EQ(BodyOf(Get("/rate_limit"))["resources"]["core"]["remaining"], 1);
  Get("/user");
  const SimulatedResponse response = Get("/rate_limit");
  EXPECT_EQ(response.status, 200);
  // hub4j stops without any of these.
  for (const char* const name :
       {"core", "search", "graphql", "integration_manifest"}) {
    EXPECT_TRUE(BodyOf(response)["resources"].contains(name)) << name;
  }
  EXPECT_EQ(BodyOf(response)["resources"]["core"]["remaining"], 0);
  EXPECT_EQ(BodyOf(response)["rate"]["used"], 1);
  EXPECT_EQ(rules_->misbehaviour().in_forbidden_window, 0);
}

TEST_F(FaultsTest, PrimaryLimitsSpendTheBudget) {
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

TEST_F(FaultsTest, SecondaryLimitCountsDown) {
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

TEST_F(FaultsTest, BareLimitsSayNoTime) {
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

// Requests that were under way when the limit began do not count.
TEST_F(FaultsTest, ForgivesRequestsBeforeTheAnswerArrived) {
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

TEST_F(FaultsTest, FaultsThatApply) {
  rules_->AddFault({.name = "slow"});
  rules_->AddFault({.name = "reset_after_apply"});
  const SimulatedResponse slow = PostState("pending");
  EXPECT_EQ(slow.status, 201);
  EXPECT_EQ(slow.delay, absl::Seconds(11));
  EXPECT_TRUE(PostState("success").reset_connection);
  EXPECT_THAT(States(), ElementsAre("pending", "success"));
}

TEST_F(FaultsTest, FaultsThatDoNot) {
  const std::vector<std::pair<std::string, int>> faults = {
      {"server_error_html", 502}, {"server_error_json", 500},
      {"unauthorized", 401},      {"forbidden", 403},
      {"primary_limit_403", 403}, {"primary_limit_429", 429},
      {"secondary_limit", 403},   {"secondary_limit_bare", 403},
      {"abuse_limit", 403},
  };
  for (const auto& [name, status] : faults) {
    Restart({.tokens = {"token"}});
    EXPECT_TRUE(IsFaultName(name));
    rules_->AddFault({.name = name});
    EXPECT_EQ(PostState("success").status, status) << name;
    EXPECT_THAT(States(), IsEmpty()) << name;
  }
  rules_->AddFault({.name = "reset_before_apply"});
  now_ += absl::Hours(1);
  EXPECT_TRUE(PostState("success").reset_connection);
  EXPECT_THAT(States(), IsEmpty());
  EXPECT_FALSE(IsFaultName("nonsense"));
}

TEST_F(FaultsTest, FaultsAreUsedUpInOrder) {
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

TEST_F(FaultsTest, ClearingFaultsEndsTheirLimits) {
  for (const char* name : {"primary_limit_403", "secondary_limit"}) {
    rules_->AddFault({.name = name, .count = -1, .seconds = 86'400});
    EXPECT_EQ(Get("/user").status, 403) << name;
    rules_->ClearFaults();
    EXPECT_EQ(Get("/user").status, 200) << name;
  }
}

// ---- Ordered answers

// Every answer to a POST of a status that GitHub is known to give.
TEST_F(FaultsTest, AnswersWhateverIsOrdered) {
  struct Case {
    int status;
    std::string message;
    std::string errors;
  };
  for (const Case& c : std::vector<Case>{
           {400, "Problems parsing JSON", ""},
           {401, "Bad credentials", ""},
           {401, "A JSON web token could not be decoded", ""},
           {403, "Resource not accessible by integration", ""},
           {403, "Repository access blocked", ""},
           {403, "Sorry. Your account was suspended", ""},
           {404, "Not Found", ""},
           {409, "Conflict", ""},
           {410, "Gone", ""},
           {422, "Validation Failed",
            R"([{"resource":"Status","code":"custom","message":"x"}])"},
           {422, "Validation Failed", R"(["a plain string"])"},
           {422, "Validation Failed", "[]"},
           {429, "", ""},
           {451, "Repository access blocked", ""},
           {503, "Server Error", ""}}) {
    rules_->AddFault({.name = "answer",
                      .status = c.status,
                      .message = c.message,
                      .errors = c.errors});
    const SimulatedResponse response = PostState("success");
    EXPECT_EQ(response.status, c.status);
    EXPECT_EQ(HeaderOf(response, "content-type"),
              "application/json; charset=utf-8");
    EXPECT_NE(HeaderOf(response, "x-github-request-id"), "");
    EXPECT_FALSE(response.reset_connection);
    if (c.message.empty()) {
      EXPECT_THAT(response.body, IsEmpty());
      continue;
    }
    EXPECT_EQ(MessageOf(response), c.message);
    EXPECT_EQ(BodyOf(response).contains("errors"), !c.errors.empty());
    if (!c.errors.empty()) {
      EXPECT_EQ(BodyOf(response)["errors"], json::parse(c.errors));
    }
  }
  EXPECT_THAT(States(), IsEmpty());
  EXPECT_EQ(PostState("success").status, 201);
}

TEST_F(FaultsTest, AnswersBytesAndHeadersAsOrdered) {
  rules_->AddFault({.name = "answer",
                    .status = 200,
                    .body = std::string("\xff\0<", 3),
                    .headers = {{"X-RateLimit-Remaining", "0"},
                                {"Retry-After", "soon"},
                                {"DATE", "never"}},
                    .content_type = "text/html"});
  const SimulatedResponse response = PostState("success");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, std::string("\xff\0<", 3));
  EXPECT_EQ(HeaderOf(response, "content-type"), "text/html");
  EXPECT_EQ(HeaderOf(response, "Retry-After"), "soon");
  // These replace headers that all answers have.
  EXPECT_EQ(HeaderOf(response, "x-ratelimit-remaining"), "");
  EXPECT_EQ(HeaderOf(response, "X-RateLimit-Remaining"), "0");
  EXPECT_EQ(HeaderOf(response, "date"), "");
  EXPECT_EQ(HeaderOf(response, "DATE"), "never");
  EXPECT_EQ(HeaderOf(response, "x-ratelimit-limit"), "5000");

  for (const int status : {204, 304}) {
    rules_->AddFault({.name = "answer", .status = status, .body = "x"});
    const SimulatedResponse bare = Get("/user");
    EXPECT_EQ(bare.status, status);
    EXPECT_THAT(bare.body, IsEmpty());
    EXPECT_EQ(HeaderOf(bare, "content-type"), "");
  }
  rules_->AddFault(
      {.name = "answer", .status = 302, .location = "https://a/b"});
  EXPECT_EQ(HeaderOf(Get("/user"), "location"), "https://a/b");
}

TEST_F(FaultsTest, RefusesImpossibleFaults) {
  for (const Fault& fault : std::vector<Fault>{
           {.name = ""},
           {.name = "earthquake"},
           {.name = "answer"},
           {.name = "answer", .status = 199},
           {.name = "answer", .status = 600},
           {.name = "answer", .status = 422, .errors = "[]"},
           {.name = "answer", .status = 422, .message = "m", .errors = "{}"},
           {.name = "answer", .status = 422, .message = "m", .errors = "["},
           {.name = "answer", .status = 422, .body = "b", .message = "m"},
           {.name = "redirect_elsewhere"}}) {
    EXPECT_NE(ComplaintAboutFault(fault), "") << fault.name;
  }
  EXPECT_EQ(ComplaintAboutFault({.name = "slow"}), "");
}

TEST_F(FaultsTest, RefusesARedirectToWhatIsNoUrl) {
  for (const char* const location :
       {"elsewhere", "httpfoo", "http:/a", "http://", "https:///a", "ftp://a",
        "http://a:x/", "https://a b/", "https://a/b c"}) {
    EXPECT_THAT(ComplaintAboutFault(
                    {.name = "redirect_elsewhere", .location = location}),
                HasSubstr(absl::StrCat("\"", location, "\"")));
  }
}

TEST_F(FaultsTest, RedirectsToAnotherHost) {
  const std::string target =
      absl::StrCat("/repos/acme/widgets/statuses/", kSha);
  for (const auto& [location, expected] :
       std::vector<std::pair<std::string, std::string>>{
           {"http://127.0.0.1:9", "http://127.0.0.1:9" + target},
           {"https://evil.example", "https://evil.example" + target},
           {"https://evil.example/x?y", "https://evil.example/x?y"}}) {
    rules_->AddFault({.name = "redirect_elsewhere", .location = location});
    const SimulatedResponse response = PostState("success");
    EXPECT_EQ(response.status, 307);
    EXPECT_EQ(HeaderOf(response, "location"), expected);
    EXPECT_EQ(BodyOf(response)["url"], expected);
  }
  EXPECT_THAT(States(), IsEmpty());
}

// One fault is enough: each address redirects to another.
TEST_F(FaultsTest, ALoopOfRedirectsHasNoEnd) {
  rules_->AddFault({.name = "redirect_loop"});
  SimulatedResponse response = PostState("success");
  std::string last;
  for (int i = 0; i < 30; ++i) {
    ASSERT_EQ(response.status, 307) << i;
    const std::string location = HeaderOf(response, "location");
    ASSERT_TRUE(absl::StartsWith(location, "http://127.0.0.1:8180/")) << i;
    EXPECT_NE(location, last);
    last = location;
    response = Send("POST", location.substr(location.find("/repos")),
                    R"({"state":"success"})");
  }
  EXPECT_THAT(States(), IsEmpty());
  EXPECT_EQ(PostState("success").status, 201);
}

TEST_F(FaultsTest, LoopsUnderThePrefixOfGhes) {
  Restart({.tokens = {"token"}, .api_prefix = "/api/v3"});
  rules_->AddFault({.name = "redirect_loop"});
  EXPECT_EQ(HeaderOf(Get("/api/v3/user"), "location"),
            "http://127.0.0.1:8180/api/v3/user?simulated_redirects=1");
}

TEST_F(FaultsTest, BadJsonIsApplied) {
  rules_->AddFault({.name = "bad_json", .count = 2});
  const SimulatedResponse response = PostState("success");
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(HeaderOf(response, "content-type"),
            "application/json; charset=utf-8");
  EXPECT_TRUE(BodyOf(response).is_discarded());
  EXPECT_FALSE(response.body.empty());
  EXPECT_THAT(States(), ElementsAre("success"));
  EXPECT_EQ(MessageOf(PostState("maybe")), "Validation Failed");
}

TEST_F(FaultsTest, AHangIsSilenceWithoutEffect) {
  rules_->AddFault({.name = "hang"});
  const SimulatedResponse response = PostState("success");
  EXPECT_TRUE(response.reset_connection);
  EXPECT_EQ(response.delay, absl::Seconds(30));
  EXPECT_EQ(rules_->ApplyLate(now_ + absl::Hours(1)), absl::InfiniteFuture());
  EXPECT_THAT(States(), IsEmpty());
}

TEST_F(FaultsTest, WhatIsAppliedLateComesAtItsTime) {
  rules_->AddFault({.name = "apply_late", .seconds = 20});
  const SimulatedResponse response = PostState("pending");
  EXPECT_TRUE(response.reset_connection);
  EXPECT_EQ(response.delay, absl::Seconds(30));
  const absl::Time due = now_ + absl::Seconds(20);
  now_ += absl::Seconds(19);
  EXPECT_EQ(PostState("success").status, 201);
  EXPECT_EQ(rules_->ApplyLate(now_), due);
  EXPECT_THAT(States(), ElementsAre("success"));
  // The next request finds it applied, with the time at which it was due.
  now_ += absl::Seconds(60);
  EXPECT_EQ(BodyOf(Get(absl::StrCat("/repos/acme/widgets/commits/", kSha,
                                    "/status")))["state"],
            "pending");
  EXPECT_THAT(States(), ElementsAre("success", "pending"));
  EXPECT_EQ(rules_->Rows(kRepository, kSha).at(1).created_at, due);
  EXPECT_EQ(rules_->ApplyLate(now_), absl::InfiniteFuture());
  // A delayed request does not count against the client.
  EXPECT_EQ(rules_->misbehaviour(), GitHubRules::Misbehaviour());
}

TEST_F(FaultsTest, LateRequestsComeInOrderOfTheirTimes) {
  rules_->AddFault({.name = "apply_late", .seconds = 20});
  rules_->AddFault({.name = "apply_late", .seconds = 10});
  PostState("pending");
  PostState("failure");
  rules_->ClearFaults();
  EXPECT_EQ(rules_->ApplyLate(now_ + absl::Minutes(1)), absl::InfiniteFuture());
  EXPECT_THAT(States(), ElementsAre("failure", "pending"));
}

// A GHES has no budget; an administrator configures its limits.
TEST_F(FaultsTest, LimitsWorkWithoutABudget) {
  for (const auto& [name, status] :
       std::vector<std::pair<std::string, int>>{{"primary_limit_403", 403},
                                                {"primary_limit_429", 429},
                                                {"secondary_limit", 403},
                                                {"abuse_limit", 403}}) {
    Restart(
        {.tokens = {"token"}, .api_prefix = "/api/v3", .rate_limits = false});
    const std::string target =
        absl::StrCat("/api/v3/repos/acme/widgets/commits/", kSha, "/status");
    EXPECT_EQ(HeaderOf(Get(target), "x-ratelimit-remaining"), "");
    rules_->AddFault({.name = name, .seconds = 60});
    const SimulatedResponse limited = Get(target);
    EXPECT_EQ(limited.status, status) << name;
    const bool is_primary = absl::StartsWith(name, "primary");
    EXPECT_EQ(HeaderOf(limited, "x-ratelimit-remaining"),
              is_primary ? "0" : "");
    EXPECT_EQ(NumberIn(limited, "x-ratelimit-reset"),
              is_primary ? absl::ToUnixSeconds(now_) + 60 : -1);
    EXPECT_EQ(HeaderOf(limited, "retry-after"),
              name == "secondary_limit" ? "60" : "");
    now_ += absl::Seconds(60);
    EXPECT_EQ(Get(target).status, 200) << name;
    EXPECT_EQ(HeaderOf(Get(target), "x-ratelimit-remaining"), "");
  }
}

TEST_F(FaultsTest, AnswersCanTakeTime) {
  rules_->SetAnswerDelay(absl::Milliseconds(50));
  EXPECT_EQ(Get("/user").delay, absl::Milliseconds(50));
  rules_->AddFault({.name = "slow"});
  EXPECT_EQ(Get("/user").delay, absl::Milliseconds(11'050));
}

}  // namespace
}  // namespace signalbox
