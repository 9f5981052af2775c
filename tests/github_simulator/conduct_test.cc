// What counts as a client's misbehaviour.

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
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ConductTest : public GitHubRulesFixture {};

TEST_F(ConductTest, CountsIdenticalRepeats) {
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
  // A post that was refused or failed is no repeat.
  rules_->AddFault({.name = "server_error_json"});
  Post(body);
  EXPECT_EQ(rules_->misbehaviour().identical_repeats, 1);
}

TEST_F(ConductTest, CountsRegressions) {
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

TEST_F(ConductTest, ARerunThatWasAskedForIsNoRegression) {
  rules_->AllowRerun(kRepository, kSha, "CI/build");
  PostState("pending");  // Uses up nothing: there was no result.
  PostState("success");
  PostState("pending");
  EXPECT_EQ(rules_->misbehaviour().regressions, 0);
  PostState("success");
  PostState("pending");
  EXPECT_EQ(rules_->misbehaviour().regressions, 1);
  EXPECT_THAT(rules_->Shown(kRepository, kSha), SizeIs(1));
}

// Allowing a rerun changes nothing that GitHub shows.
TEST_F(ConductTest, AllowingARerunMakesNoStatus) {
  rules_->AllowRerun(kRepository, kSha, "ci/build");
  EXPECT_THAT(rules_->Shown(kRepository, kSha), IsEmpty());
  EXPECT_EQ(rules_->CombinedState(kRepository, kSha), "pending");
}

TEST_F(ConductTest, NumbersItsEvents) {
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

TEST_F(ConductTest, CountsWhatGitHubDoesNotHave) {
  for (const auto& [method, target] :
       std::vector<std::pair<std::string, std::string>>{
           {"GET", "/nothing"},
           {"GET", "/repos/acme/widgets/nothing"},
           {"GET", "/repos/acme/widgets/"},
           {"PUT", "/repos/acme/widgets"},
           {"POST", "/rate_limit"},
           {"POST", "/repos/acme/widgets/statuses/"},
           {"GET", "/api/v3/user"},
           {"GET", ""}}) {
    const int before = rules_->misbehaviour().unknown_requests;
    EXPECT_EQ(Send(method, target).status, 404) << target;
    EXPECT_EQ(rules_->misbehaviour().unknown_requests, before + 1) << target;
  }
  // A missing thing at a known route is no unknown request.
  const int before = rules_->misbehaviour().unknown_requests;
  for (const std::string& target :
       {std::string("/repos/no/no"), std::string("/repositories/7"),
        absl::StrCat("/repos/acme/widgets/commits/", kOtherSha, "/status")}) {
    EXPECT_EQ(Get(target).status, 404) << target;
  }
  EXPECT_EQ(Get("/nothing", "wrong").status, 401);
  EXPECT_EQ(rules_->misbehaviour().unknown_requests, before);
}

TEST_F(ConductTest, NamesEveryCounter) {
  int sum = 0;
  for (const auto& [name, count] : rules_->misbehaviour().All()) {
    EXPECT_NE(std::string(name), "");
    sum += count;
  }
  EXPECT_THAT(rules_->misbehaviour().All(), SizeIs(8));
  EXPECT_EQ(sum, 0);
}

// ---- Answers that were lost

TEST_F(ConductTest, WhatFollowsALostAnswerMayRepeatOnce) {
  for (const char* fault :
       {"reset_after_apply", "reset_before_apply", "server_error_html",
        "server_error_json", "hang", "apply_late"}) {
    Restart({.tokens = {"token"}});
    PostState("success");
    rules_->AddFault({.name = fault, .target_contains = "/statuses/"});
    PostState("success", "CI/build");
    // Another key may not repeat, and this one may repeat only once.
    PostState("success", "ci/lint");
    PostState("success", "ci/lint");
    EXPECT_EQ(rules_->misbehaviour().identical_repeats,
              std::string(fault) == "reset_after_apply" ? 2 : 1)
        << fault;
    const int before = rules_->misbehaviour().identical_repeats;
    PostState("success");
    EXPECT_EQ(rules_->misbehaviour().identical_repeats, before) << fault;
    PostState("success");
    EXPECT_EQ(rules_->misbehaviour().identical_repeats, before + 1) << fault;
  }
}

// A client that does not know whether Y replaced X posts X again.
TEST_F(ConductTest, ALostPostOfAnotherStateForgivesToo) {
  PostState("success");
  rules_->AddFault({.name = "answer", .status = 504});
  PostState("failure");
  PostState("success");
  EXPECT_EQ(rules_->misbehaviour().identical_repeats, 0);
}

TEST_F(ConductTest, ADefiniteAnswerForgivesNothing) {
  for (const Fault& fault :
       std::vector<Fault>{{.name = "bad_json"},
                          {.name = "slow"},
                          {.name = "forbidden"},
                          {.name = "answer", .status = 404},
                          {.name = "answer", .status = 429}}) {
    Restart({.tokens = {"token"}});
    PostState("success");
    rules_->AddFault(fault);
    PostState("failure");
    PostState("failure");
    PostState("failure");
    EXPECT_GE(rules_->misbehaviour().identical_repeats, 1) << fault.name;
  }
}

// Only Close says that the client stopped waiting.
TEST_F(ConductTest, AClientThatGaveUpMayRepeat) {
  for (const bool is_answered : {true, false}) {
    Restart({.tokens = {"token"}});
    SimulatedRequest request =
        Request("POST", absl::StrCat("/repos/acme/widgets/statuses/", kSha),
                R"({"state":"success"})");
    request.exchange = rules_->Open(request, now_);
    EXPECT_EQ(rules_->Handle(request, now_).exchange, request.exchange);
    rules_->Close(request.exchange, is_answered);
    Post({{"state", "success"}});
    EXPECT_EQ(rules_->misbehaviour().identical_repeats, is_answered ? 1 : 0);
    Post({{"state", "success"}});
    EXPECT_EQ(rules_->misbehaviour().identical_repeats, is_answered ? 2 : 1);
  }
}

// A request that takes effect after its client stopped waiting is not judged:
// the client has acted since without knowing its outcome.
TEST_F(ConductTest, WhatTheClientGaveUpOnIsNotJudged) {
  SimulatedRequest late =
      Request("POST", absl::StrCat("/repos/acme/widgets/statuses/", kSha),
              R"({"state":"pending"})");
  late.exchange = rules_->Open(late, now_);
  rules_->Close(late.exchange, /*is_answered=*/false);
  Post({{"state", "success"}});
  EXPECT_EQ(rules_->Handle(late, now_).status, 201);
  EXPECT_EQ(rules_->misbehaviour(), GitHubRules::Misbehaviour());
  EXPECT_THAT(States(), ElementsAre("success", "pending"));
}

// ---- Concurrency

TEST_F(ConductTest, CountsRequestsBeyondTheAllowed) {
  rules_->SetMaxConcurrent(2);
  SimulatedRequest request = Request("GET", "/user");
  request.latency = absl::Seconds(1);
  rules_->Handle(request, now_);
  rules_->Handle(request, now_);
  EXPECT_EQ(rules_->misbehaviour().concurrent_requests, 0);
  EXPECT_EQ(rules_->max_in_flight(), 2);
  // Another credential has a separate count.
  rules_->Handle(Request("GET", "/user", "", "other"), now_);
  EXPECT_EQ(rules_->misbehaviour().concurrent_requests, 0);
  rules_->Handle(request, now_ + absl::Seconds(1) - absl::Nanoseconds(1));
  EXPECT_EQ(rules_->misbehaviour().concurrent_requests, 1);
  EXPECT_EQ(rules_->max_in_flight(), 3);
  now_ += absl::Seconds(1);
  rules_->Handle(request, now_);
  EXPECT_EQ(rules_->misbehaviour().concurrent_requests, 1);
}

TEST_F(ConductTest, ChecksConcurrencyOnlyIfAsked) {
  SimulatedRequest request = Request("GET", "/user");
  request.latency = absl::Seconds(1);
  for (int i = 0; i < 5; ++i) rules_->Handle(request, now_);
  EXPECT_EQ(rules_->misbehaviour().concurrent_requests, 0);
  EXPECT_EQ(rules_->max_in_flight(), 5);
  Restart({.tokens = {"token"}, .max_concurrent = 1});
  rules_->Handle(request, now_);
  rules_->Handle(request, now_);
  EXPECT_EQ(rules_->misbehaviour().concurrent_requests, 1);
}

TEST_F(ConductTest, ARequestIsUnderWayFromOpenToClose) {
  rules_->SetMaxConcurrent(1);
  const SimulatedRequest request = Request("GET", "/user");
  const int64_t first = rules_->Open(request, now_);
  now_ += absl::Hours(1);
  const int64_t second = rules_->Open(request, now_);
  EXPECT_EQ(rules_->misbehaviour().concurrent_requests, 1);
  rules_->Close(first, /*is_answered=*/true);
  rules_->Close(second, /*is_answered=*/false);
  rules_->Open(request, now_);
  EXPECT_EQ(rules_->misbehaviour().concurrent_requests, 1);
  rules_->Close(4711, /*is_answered=*/true);
}

// ---- Forbidden windows

// A client need not believe a moment too far away. It may send one probe after
// each such wait.
TEST_F(ConductTest, AProbeIsNoMisbehaviour) {
  const std::vector<std::pair<std::string, absl::Duration>> limits = {
      {"secondary_limit", absl::Hours(1)},
      {"primary_limit_403", absl::Minutes(65)},
      {"primary_limit_429", absl::Minutes(65)}};
  for (const auto& [name, wait] : limits) {
    Restart({.tokens = {"token"}});
    rules_->AddFault({.name = name, .seconds = 86'400});
    PostState("success");
    for (int i = 0; i < 3; ++i) {
      const int before = rules_->misbehaviour().in_forbidden_window;
      now_ += wait - absl::Seconds(1);
      PostState("success");
      EXPECT_EQ(rules_->misbehaviour().in_forbidden_window, before + 1) << name;
      now_ += absl::Seconds(1);
      PostState("success");
      EXPECT_EQ(rules_->misbehaviour().in_forbidden_window, before + 1) << name;
      PostState("success");
      EXPECT_EQ(rules_->misbehaviour().in_forbidden_window, before + 2) << name;
    }
  }
}

TEST_F(ConductTest, AMomentThatIsNearIsBelieved) {
  const std::vector<std::pair<std::string, int>> limits = {
      {"secondary_limit", 3600}, {"primary_limit_403", 3900}};
  for (const auto& [name, seconds] : limits) {
    Restart({.tokens = {"token"}});
    rules_->AddFault({.name = name, .seconds = seconds});
    PostState("success");
    now_ += absl::Seconds(seconds) - absl::Nanoseconds(1);
    PostState("success");
    EXPECT_EQ(rules_->misbehaviour().in_forbidden_window, 1) << name;
    now_ += absl::Nanoseconds(1);
    EXPECT_EQ(PostState("success").status, 201);
    EXPECT_EQ(rules_->misbehaviour().in_forbidden_window, 1) << name;
  }
}

// If GitHub names no moment, a client waits a minute, then twice as long.
TEST_F(ConductTest, ABareLimitIsProbedMoreAndMoreSeldom) {
  for (const char* name : {"secondary_limit_bare", "abuse_limit"}) {
    Restart({.tokens = {"token"}});
    rules_->AddFault({.name = name, .seconds = 86'400});
    PostState("success");
    int expected = 0;
    for (const int minutes : {1, 2, 4, 8, 15, 15}) {
      now_ += absl::Minutes(minutes) - absl::Seconds(1);
      PostState("success");
      EXPECT_EQ(rules_->misbehaviour().in_forbidden_window, ++expected) << name;
      now_ += absl::Seconds(1);
      PostState("success");
      EXPECT_EQ(rules_->misbehaviour().in_forbidden_window, expected) << name;
    }
  }
}

// A client must remember what GitHub told it, even across a restart.
TEST_F(ConductTest, ASpentBudgetIsAForbiddenWindow) {
  Restart({.tokens = {"token"}, .hourly_limit = 2});
  PostState("pending");
  SimulatedRequest last =
      Request("POST", absl::StrCat("/repos/acme/widgets/statuses/", kSha),
              R"({"state":"success"})");
  last.latency = absl::Seconds(1);
  EXPECT_EQ(rules_->Handle(last, now_).status, 201);
  // The answer, still on its way, says that nothing remains.
  EXPECT_EQ(rules_->Handle(last, now_).status, 403);
  EXPECT_EQ(rules_->misbehaviour().in_forbidden_window, 0);
  now_ += absl::Minutes(30);
  EXPECT_EQ(Get("/rate_limit").status, 200);
  EXPECT_EQ(rules_->misbehaviour().in_forbidden_window, 0);
  EXPECT_EQ(PostState("success").status, 403);
  EXPECT_EQ(rules_->misbehaviour().in_forbidden_window, 1);
  EXPECT_EQ(Send("POST", "/rate_limit").status, 403);
  EXPECT_EQ(rules_->misbehaviour().in_forbidden_window, 2);
}

// A client cannot know of a limit that no answer told it of.
TEST_F(ConductTest, AWindowBeginsWhenTheClientIsTold) {
  Restart({.tokens = {"token"}, .hourly_limit = 1});
  rules_->AddFault({.name = "reset_after_apply"});
  EXPECT_TRUE(PostState("pending").reset_connection);
  now_ += absl::Minutes(1);
  EXPECT_EQ(PostState("success").status, 403);
  EXPECT_EQ(rules_->misbehaviour().in_forbidden_window, 0);
  EXPECT_EQ(PostState("success").status, 403);
  EXPECT_EQ(rules_->misbehaviour().in_forbidden_window, 1);

  Restart({.tokens = {"token"}});
  rules_->AddFault({.name = "secondary_limit"});
  SimulatedRequest request = Request("GET", "/user");
  request.exchange = rules_->Open(request, now_);
  EXPECT_EQ(rules_->Handle(request, now_).status, 403);
  rules_->Close(request.exchange, /*is_answered=*/false);
  EXPECT_EQ(Get("/user").status, 403);
  EXPECT_EQ(rules_->misbehaviour().in_forbidden_window, 0);
  EXPECT_EQ(Get("/user").status, 403);
  EXPECT_EQ(rules_->misbehaviour().in_forbidden_window, 1);
}

// A request sent before the client knew of the limit may arrive later.
TEST_F(ConductTest, AWindowIsJudgedByWhenARequestWasSent) {
  SimulatedRequest early = Request("GET", "/user");
  early.exchange = rules_->Open(early, now_);
  rules_->AddFault({.name = "secondary_limit"});
  EXPECT_EQ(Get("/user").status, 403);
  EXPECT_EQ(rules_->Handle(early, now_ + absl::Seconds(5)).status, 403);
  EXPECT_EQ(rules_->misbehaviour().in_forbidden_window, 0);
}

}  // namespace
}  // namespace signalbox
