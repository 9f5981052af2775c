#include "tests/github_simulator/simulator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/github_simulator/app_key.h"
#include "tests/github_simulator/simulator_fixture.h"

namespace signalbox {
namespace {

using nlohmann::json;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Pair;
using ::testing::SizeIs;

TEST_F(SimulatorTest, ShowsWhatWasPosted) {
  MakeCommit();
  EXPECT_EQ(Read(kStatuses)["state"], "pending");
  EXPECT_EQ(Post({{"state", "pending"}, {"context", "A"}}), 201);
  EXPECT_EQ(Post({{"state", "success"},
                  {"context", "a"},
                  {"description", "done"},
                  {"target_url", "https://a"}}),
            201);
  const json statuses = Read(kStatuses);
  EXPECT_EQ(statuses["state"], "success");
  ASSERT_THAT(statuses["shown"], SizeIs(1));
  EXPECT_THAT(statuses["rows"], SizeIs(2));
  const json& shown = statuses["shown"][0];
  EXPECT_EQ(shown["context"], "a");
  EXPECT_EQ(shown["state"], "success");
  EXPECT_EQ(shown["description"], "done");
  EXPECT_EQ(shown["target_url"], "https://a");
  EXPECT_EQ(shown["created_at"], "2026-06-01T00:00:00Z");
  EXPECT_EQ(shown["creator"], "user-1");
  EXPECT_GT(shown["id"].get<int64_t>(), int64_t{1} << 32);
  EXPECT_TRUE(statuses["rows"][0]["description"].is_null());
}

TEST_F(SimulatorTest, TellsEventsInOrder) {
  MakeCommit();
  EXPECT_EQ(Read("/_simulator/events"),
            json({{"events", json::array()}, {"next", 0}}));
  Post({{"state", "pending"}});
  Post({{"state", "success"}});
  const json all = Read("/_simulator/events?after=0&wait=0");
  ASSERT_THAT(all["events"], SizeIs(2));
  EXPECT_EQ(all["next"], 2);
  EXPECT_EQ(all["events"][0]["number"], 1);
  EXPECT_EQ(all["events"][1]["state"], "success");
  EXPECT_EQ(all["events"][1]["repository"], "acme/widgets");
  EXPECT_EQ(all["events"][1]["sha"], kSha);
  EXPECT_THAT(Read("/_simulator/events?after=1")["events"], SizeIs(1));
  EXPECT_EQ(Read("/_simulator/events?after=7")["next"], 7);
  for (const char* bad : {"after=x", "after=-1", "wait=soon"}) {
    EXPECT_EQ(Send("GET", absl::StrCat("/_simulator/events?", bad)).status,
              422);
  }
}

TEST_F(SimulatorTest, ALongPollEndsWithAnEvent) {
  MakeCommit();
  json polled;
  std::thread poll(
      [&] { polled = Read("/_simulator/events?after=0&wait=60"); });
  Post({{"state", "success"}});
  poll.join();
  EXPECT_THAT(polled["events"], SizeIs(1));
}

TEST_F(SimulatorTest, StopEndsAllWaiting) {
  std::thread poll([&] { Read("/_simulator/events?after=0&wait=60"); });
  simulator_.Stop();
  poll.join();
}

TEST_F(SimulatorTest, ChangesTheWorld) {
  MakeCommit();
  EXPECT_EQ(Tell("archive", {{"full_name", "acme/widgets"}}), 200);
  EXPECT_EQ(Post({{"state", "success"}}), 403);
  EXPECT_EQ(
      Tell("archive", {{"full_name", "acme/widgets"}, {"archived", false}}),
      200);
  EXPECT_EQ(Post({{"state", "success"}}), 201);
  EXPECT_EQ(Tell("reruns", {{"full_name", "acme/widgets"},
                            {"sha", kSha},
                            {"context", "default"}}),
            200);
  EXPECT_EQ(Post({{"state", "pending"}}), 201);
  EXPECT_EQ(Read("/_simulator/counters")["regressions"], 0);
  EXPECT_EQ(Tell("rename", {{"full_name", "acme/widgets"},
                            {"new_full_name", "acme/gadgets"}}),
            200);
  EXPECT_EQ(Post({{"state", "success"}}), 307);

  EXPECT_EQ(Tell("repositories", {{"full_name", "acme/x"}, {"id", 9}}), 201);
  EXPECT_EQ(Tell("repositories", {{"full_name", "acme/x"}}), 201);
  EXPECT_EQ(Read("/repos/acme/x")["id"], 9);
  EXPECT_EQ(Tell("repositories", {{"full_name", "acme/y"}, {"id", 9}}), 422);
}

TEST_F(SimulatorTest, HidesACommitForAWhile) {
  MakeCommit();
  EXPECT_EQ(Tell("commits", {{"full_name", "acme/widgets"},
                             {"sha", kSha},
                             {"visible_after_seconds", 5}}),
            201);
  EXPECT_EQ(Post({{"state", "success"}}), 422);
  clock_.Advance(absl::Seconds(5));
  EXPECT_EQ(Post({{"state", "success"}}), 201);
}

TEST_F(SimulatorTest, FaultsComeAndGo) {
  MakeCommit();
  EXPECT_EQ(Tell("faults", {{"name", "server_error_html"}, {"count", -1}}),
            201);
  EXPECT_EQ(Post({{"state", "success"}}), 502);
  // Faults do not apply to the control API and the pages.
  EXPECT_EQ(Send("GET", "/_simulator/counters").status, 200);
  EXPECT_EQ(Send("GET", "/").status, 200);
  EXPECT_EQ(Send("DELETE", "/_simulator/faults").status, 204);
  EXPECT_EQ(Post({{"state", "success"}}), 201);
  const json counters = Read("/_simulator/counters");
  EXPECT_EQ(counters, json({{"without_user_agent", 0},
                            {"in_forbidden_window", 0},
                            {"identical_repeats", 0},
                            {"regressions", 0},
                            {"concurrent_requests", 0},
                            {"unknown_requests", 0},
                            {"too_many_redeliveries", 0},
                            {"needless_redeliveries", 0},
                            {"max_in_flight", 1},
                            {"request_count", 2}}));
}

TEST_F(SimulatorTest, AnswersAsOrdered) {
  MakeCommit();
  EXPECT_EQ(Tell("faults", {{"name", "answer"},
                            {"status", 422},
                            {"message", "Validation Failed"},
                            {"errors", {{{"field", "sha"}}}},
                            {"headers", {{"Retry-After", "7"}}},
                            {"location", "/x"}}),
            201);
  EXPECT_EQ(Tell("faults", {{"name", "answer"},
                            {"status", 503},
                            {"body", "<p>"},
                            {"content_type", "text/html"}}),
            201);
  const std::string target =
      absl::StrCat("/repos/acme/widgets/statuses/", kSha);
  const SimulatedResponse first = Send("POST", target, "{}");
  EXPECT_EQ(first.status, 422);
  EXPECT_EQ(json::parse(first.body)["errors"], json({{{"field", "sha"}}}));
  EXPECT_THAT(first.headers,
              IsSupersetOf({Pair("Retry-After", "7"), Pair("location", "/x")}));
  const SimulatedResponse second = Send("POST", target, "{}");
  EXPECT_EQ(second.status, 503);
  EXPECT_EQ(second.body, "<p>");
  EXPECT_THAT(second.headers, Contains(Pair("content-type", "text/html")));
}

// A delayed request takes effect in time, even if no other one arrives.
TEST_F(SimulatorTest, WhatIsLateShowsUp) {
  MakeCommit();
  Tell("faults", {{"name", "apply_late"}, {"seconds", 20}});
  EXPECT_TRUE(Begin("POST", absl::StrCat("/repos/acme/widgets/statuses/", kSha),
                    R"({"state":"success"})")
                  .reset_connection);
  EXPECT_THAT(Read(kStatuses)["rows"], IsEmpty());
  EXPECT_THAT(Read("/_simulator/events")["events"], IsEmpty());
  clock_.Advance(absl::Seconds(20));
  EXPECT_THAT(Read("/_simulator/events")["events"], SizeIs(1));
  EXPECT_THAT(Read(kStatuses)["rows"], SizeIs(1));
}

TEST_F(SimulatorTest, SettingsChangeOneByOne) {
  MakeCommit();
  const auto set = [this](const json& body) {
    return json::parse(Send("POST", "/_simulator/settings", body.dump()).body);
  };
  json all = {{"max_concurrent", 0},
              {"read_lag_ms", 0},
              {"answer_delay_ms", 0},
              {"status_events", false},
              {"webhooks_fail", -1}};
  EXPECT_EQ(set(json::object()), all);
  all["max_concurrent"] = 1;
  EXPECT_EQ(set({{"max_concurrent", 1}}), all);
  all["read_lag_ms"] = 1500;
  EXPECT_EQ(set({{"read_lag_ms", 1500}}), all);
  all["answer_delay_ms"] = 50;
  EXPECT_EQ(set({{"answer_delay_ms", 50}}), all);
  all["status_events"] = true;
  EXPECT_EQ(set({{"status_events", true}}), all);
  for (const int failure : {0, 503, -1}) {
    all["webhooks_fail"] = failure;
    EXPECT_EQ(set({{"webhooks_fail", failure}}), all);
  }

  EXPECT_EQ(Post({{"state", "success"}}), 201);
  const std::string list =
      absl::StrCat("/repos/acme/widgets/commits/", kSha, "/statuses");
  EXPECT_THAT(Read(list), IsEmpty());
  clock_.Advance(absl::Milliseconds(1500));
  EXPECT_THAT(Read(list), SizeIs(1));
  EXPECT_EQ(Begin("GET", "/user").delay, absl::Milliseconds(50));
  EXPECT_EQ(Read("/_simulator/counters")["concurrent_requests"], 0);
  Begin("GET", "/user");
  EXPECT_EQ(Read("/_simulator/counters")["concurrent_requests"], 1);
  EXPECT_EQ(Read("/_simulator/counters")["max_in_flight"], 2);
}

// With the control API alone, a test can set up an App that posts.
TEST_F(SimulatorTest, AppsAreMadeByOrder) {
  MakeCommit();
  const AppKey key;
  const auto answer = [this](const std::string& method, const std::string& what,
                             const json& body) {
    return json::parse(Send(method, "/_simulator/" + what, body.dump()).body,
                       nullptr, false);
  };
  const json app = {{"id", 12},
                    {"client_id", "Iv1"},
                    {"slug", "bot"},
                    {"public_keys", {key.PublicPem()}}};
  EXPECT_EQ(answer("POST", "apps", app), json({{"id", 12}, {"ids", {12}}}));
  json installation = {{"id", 77}, {"app_id", 12}, {"account", "acme"}};
  EXPECT_EQ(answer("POST", "installations", installation),
            json({{"id", 77}, {"ids", {77}}}));
  const auto as = [this](const std::string& bearer, const std::string& method,
                         const std::string& target, const std::string& body) {
    return simulator_.Handle(
        {.method = method,
         .target = target,
         .headers = {{"User-Agent", "test"},
                     {"Authorization", "Bearer " + bearer}},
         .body = body});
  };
  const auto make_token = [&] {
    return as(key.Jwt("Iv1", clock_.Now()), "POST",
              "/app/installations/77/access_tokens", "");
  };
  const std::string token = json::parse(make_token().body).value("token", "");
  const auto post = [&] {
    return as(token, "POST",
              absl::StrCat("/repos/acme/widgets/statuses/", kSha),
              R"({"state":"success"})");
  };
  EXPECT_EQ(post().status, 201);
  EXPECT_EQ(Read(kStatuses)["rows"][0]["creator"], "bot[bot]");

  installation["suspended"] = true;
  EXPECT_EQ(Tell("installations", installation), 201);
  EXPECT_EQ(post().status, 403);
  installation["suspended"] = false;
  installation["token_lifetime_seconds"] = 10;
  installation["young_for_seconds"] = 5;
  installation["young_status"] = 404;
  installation["long_tokens"] = false;
  EXPECT_EQ(Tell("installations", installation), 201);
  EXPECT_EQ(answer("POST", "revoke", {{"installation_id", 77}}),
            json({{"ids", {77}}, {"tokens_made", 1}}));
  EXPECT_EQ(post().status, 401);
  const json second = json::parse(make_token().body);
  EXPECT_EQ(second["token"].get<std::string>().size(), 40u);
  EXPECT_EQ(second["expires_at"], "2026-06-01T00:00:10Z");
  EXPECT_EQ(as(second["token"], "GET", "/repos/acme/widgets", "").status, 404);

  EXPECT_EQ(answer("DELETE", "installations?id=77", nullptr),
            json({{"id", 77}, {"ids", json::array()}}));
  EXPECT_EQ(make_token().status, 404);
  for (const char* bad : {"", "?id=", "?id=77", "?id=x"}) {
    EXPECT_EQ(
        Send("DELETE", absl::StrCat("/_simulator/installations", bad)).status,
        422)
        << bad;
  }

  const std::vector<std::pair<std::string, json>> wrong = {
      {"apps", {{"id", 12}}},
      {"apps", {{"id", 0}, {"public_key", key.PublicPem()}}},
      {"apps", {{"id", 12}, {"public_key", key.PrivatePem()}}},
      {"apps", {{"id", 12}, {"public_keys", {key.PublicPem(), "x"}}}},
      {"installations", {{"app_id", 12}}},
      {"installations", {{"app_id", 13}, {"account", "acme"}}},
      {"installations", {{"app_id", 12}, {"account", "a/b"}}},
      {"installations",
       {{"app_id", 12}, {"account", "acme"}, {"account_type", "Team"}}},
      {"installations",
       {{"app_id", 12}, {"account", "acme"}, {"young_status", 500}}},
      {"installations", {{"id", -1}, {"app_id", 12}, {"account", "acme"}}},
      {"installations",
       {{"app_id", 12},
        {"account", "acme"},
        {"permissions", {{"statuses", "all"}}}}},
      {"installations",
       {{"app_id", 12}, {"account", "acme"}, {"permissions", {"statuses"}}}},
      {"revoke", {{"installation_id", 78}}},
      {"revoke", json::object()},
  };
  for (const auto& [what, body] : wrong) {
    EXPECT_EQ(Tell(what, body), 422) << what << " " << body.dump();
  }
}

TEST_F(SimulatorTest, RefusesWrongOrders) {
  MakeCommit();
  const std::vector<std::pair<std::string, json>> wrong = {
      {"repositories", json::array()},
      {"repositories", json::object()},
      {"repositories", {{"full_name", 7}}},
      {"repositories", {{"full_name", "acme"}}},
      {"repositories", {{"full_name", "acme/.."}}},
      {"repositories", {{"full_name", "acme/x"}, {"id", "7"}}},
      {"repositories", {{"full_name", "acme/x"}, {"id", 1e30}}},
      {"repositories", {{"full_name", "acme/x"}, {"commits", "a"}}},
      {"repositories", {{"full_name", "acme/x"}, {"commits", {"a"}}}},
      {"repositories", {{"full_name", "acme/x"}, {"commits", {7}}}},
      {"commits", {{"full_name", "acme/x"}}},
      {"commits", {{"full_name", "acme/x"}, {"sha", "main"}}},
      {"rename", {{"full_name", "acme/x"}}},
      {"rename", {{"full_name", "no/no"}, {"new_full_name", "a/b"}}},
      {"archive", {{"full_name", "no/no"}}},
      {"archive", {{"full_name", "acme/widgets"}, {"archived", "yes"}}},
      {"reruns", {{"full_name", "acme/widgets"}, {"sha", kSha}}},
      {"faults", {{"name", "earthquake"}}},
      {"faults", json::object()},
      {"faults", {{"name", "slow"}, {"count", 1.5}}},
      {"faults", {{"name", "answer"}}},
      {"faults", {{"name", "answer"}, {"status", 100}}},
      {"faults", {{"name", "answer"}, {"status", "422"}}},
      {"faults", {{"name", "answer"}, {"status", 422}, {"errors", {1}}}},
      {"faults",
       {{"name", "answer"}, {"status", 422}, {"message", "m"}, {"errors", 1}}},
      {"faults", {{"name", "answer"}, {"status", 422}, {"headers", {"a"}}}},
      {"faults",
       {{"name", "answer"}, {"status", 422}, {"headers", {{"a", 1}}}}},
      {"faults", {{"name", "redirect_elsewhere"}}},
      {"settings", {{"max_concurrent", -1}}},
      {"settings", {{"read_lag_ms", -1}}},
      {"settings", {{"answer_delay_ms", "x"}}},
      {"settings", {{"webhooks_fail", 200}}},
      {"settings", {{"webhooks_fail", 600}}},
      {"settings", {{"status_events", 1}}},
      {"hooks", {{"url", "http://a/"}}},
      {"hooks", {{"repository", "acme/widgets"}}},
      {"hooks", {{"repository", "acme"}, {"url", "http://a/"}}},
      {"hooks", {{"organization", "a/b"}, {"url", "http://a/"}}},
      {"hooks",
       {{"repository", "a/b"}, {"organization", "a"}, {"url", "http://a/"}}},
      {"hooks", {{"app_id", 7}, {"url", "http://a/"}}},
      {"hooks",
       {{"organization", "a"}, {"url", "http://a/"}, {"content_type", "xml"}}},
      {"hooks",
       {{"organization", "a"}, {"url", "http://a/"}, {"events", "push"}}},
      {"hooks", {{"organization", "a"}, {"url", "http://a/"}, {"id", -1}}},
      {"roles", {{"where", "acme/widgets"}}},
      {"roles",
       {{"where", "acme/widgets"}, {"login", "a"}, {"token", "token"}}},
      {"roles", {{"where", "acme/widgets"}, {"login", "a"}, {"role", "owner"}}},
      {"roles", {{"where", "no/no"}, {"login", "a"}}},
      {"roles", {{"where", ""}, {"login", "a"}}},
      {"roles", {{"where", "acme"}, {"login", "a b"}}},
      {"scopes", {{"scopes", "repo"}}},
      {"scopes", {{"token", "token"}, {"scopes", "a\r\nb"}}},
      {"pull_requests", {{"full_name", "acme/widgets"}}},
      {"pull_requests",
       {{"full_name", "acme/widgets"}, {"sha", kSha}, {"number", -1}}},
      {"pull_requests",
       {{"full_name", "acme/widgets"}, {"sha", kSha}, {"merged", true}}},
      {"faults", {{"name", "slow"}, {"count", 3'000'000'000}}},
      {"webhooks", {{"event", "push"}}},
      {"webhooks", {{"event", "release"}, {"repository", "a/b"}}},
      {"webhooks",
       {{"event", "pull_request"}, {"repository", "a/b"}, {"action", "x"}}},
      {"webhooks",
       {{"event", "push"}, {"repository", "a/b"}, {"content_type", "xml"}}},
      {"webhooks", {{"event", "push"}, {"repository", "a/b"}, {"sha", "x"}}},
      {"webhooks", {{"event", "push"}, {"repository", "a/b"}, {"number", -1}}},
      // No hook and no address.
      {"webhooks", {{"event", "push"}, {"repository", "a/b"}}},
  };
  for (const auto& [what, body] : wrong) {
    EXPECT_EQ(Tell(what, body), 422) << what << " " << body.dump();
  }
  EXPECT_EQ(Send("POST", "/_simulator/faults", "{").status, 422);
  EXPECT_EQ(Tell("webhooks", {{"redeliver", "unknown"}}), 404);
  EXPECT_EQ(Tell("nonsense", {{"full_name", "a/b"}}), 404);
  for (const char* target :
       {"/_simulator", "/_simulator/", "/_simulator/nonsense",
        "/_simulator/counters/x", "/_simulator/%"}) {
    EXPECT_EQ(Send("GET", target).status, 404) << target;
  }
  EXPECT_EQ(Send("PUT", "/_simulator/faults", "{}").status, 404);
}

// A webhook must not make a hidden commit visible.
TEST_F(SimulatorTest, AWebhookLeavesAHiddenCommitHidden) {
  Tell("commits", {{"full_name", "acme/widgets"},
                   {"sha", kSha},
                   {"visible_after_seconds", 5}});
  const json answer = json::parse(Send("POST", "/_simulator/webhooks",
                                       json({{"event", "pull_request"},
                                             {"repository", "acme/widgets"},
                                             {"sha", kSha},
                                             {"url", "nowhere"}})
                                           .dump())
                                      .body);
  EXPECT_EQ(answer["status"], 0);
  EXPECT_NE(answer["error"], "");
  EXPECT_EQ(answer["sha"], kSha);
  EXPECT_EQ(Post({{"state", "success"}}), 422);
}

TEST_F(SimulatorTest, RolesScopesAndPullRequestsAreMadeByOrder) {
  MakeCommit();
  EXPECT_EQ(
      Tell("roles",
           {{"where", "acme/widgets"}, {"login", "ann"}, {"role", "triage"}}),
      200);
  EXPECT_EQ(
      Read("/repos/acme/widgets/collaborators/ann/permission")["role_name"],
      "triage");
  EXPECT_EQ(Send("GET", "/repos/acme/widgets/hooks").status, 404);
  EXPECT_EQ(Tell("roles", {{"where", "acme/widgets"}, {"token", "token"}}),
            200);
  EXPECT_EQ(Send("GET", "/repos/acme/widgets/hooks").status, 200);
  EXPECT_EQ(Tell("scopes", {{"token", "token"}, {"scopes", "repo:status"}}),
            200);
  EXPECT_EQ(Send("GET", "/repos/acme/widgets/hooks").status, 404);
  EXPECT_EQ(Tell("pull_requests", {{"full_name", "acme/widgets"},
                                   {"number", 7},
                                   {"sha", kSha},
                                   {"fork_gone", true},
                                   {"title", "Mend it"}}),
            201);
  const json pull = Read("/repos/acme/widgets/pulls/7");
  EXPECT_EQ(pull["title"], "Mend it");
  EXPECT_EQ(pull["head"]["sha"], kSha);
  EXPECT_TRUE(pull["head"]["repo"].is_null());
}

TEST_F(SimulatorTest, BranchesLeadToTheirHeads) {
  MakeCommit();
  Post({{"state", "success"}, {"context", "ci/build"}});
  const auto state = [this](const std::string& ref) {
    const auto read =
        Read(absl::StrCat("/repos/acme/widgets/commits/", ref, "/status"));
    return read.value("state", read.value("message", ""));
  };
  EXPECT_EQ(state("main"), "Not Found");
  EXPECT_EQ(
      Tell("commits",
           {{"full_name", "acme/widgets"}, {"sha", kSha}, {"branch", "fix/a"}}),
      201);
  for (const char* const ref :
       {"fix/a", "fix%2Fa", "heads/fix/a", "heads%2Ffix%2Fa"}) {
    EXPECT_EQ(state(ref), "success") << ref;
    EXPECT_EQ(
        Read(absl::StrCat("/repos/acme/widgets/commits/", ref, "/statuses"))
            .size(),
        1u)
        << ref;
  }
  EXPECT_EQ(Read("/repos/acme/widgets/commits/heads/fix/a")["sha"], kSha);
  EXPECT_EQ(state("tags/fix/a"), "Not Found");
  // By a push, and a push that removes it.
  const auto push = [this](const std::string& sha) {
    return Tell("webhooks", {{"repository", "acme/widgets"},
                             {"event", "push"},
                             {"branch", "main"},
                             {"sha", sha},
                             {"hold", true},
                             {"url", "http://127.0.0.1:1/"}});
  };
  EXPECT_EQ(push(kSha), 200);
  EXPECT_EQ(state("main"), "success");
  EXPECT_EQ(push(std::string(40, '0')), 200);
  EXPECT_EQ(state("main"), "Not Found");
}

TEST_F(SimulatorTest, ServesPagesOfWhatIsThere) {
  MakeCommit();
  EXPECT_THAT(Send("GET", "/").body, HasSubstr("No commit has a status yet"));
  Post({{"state", "success"}, {"context", "ci/build"}});
  EXPECT_THAT(Send("GET", "/").body,
              HasSubstr(absl::StrCat("href=\"/acme/widgets/commit/", kSha)));
  const SimulatedResponse page =
      Send("GET", absl::StrCat("/ACME/widgets/commit/", kSha));
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(page.body, HasSubstr("All checks have passed"));
  EXPECT_THAT(page.body, HasSubstr("ci/build"));
  // The API has a root, too.
  const SimulatedResponse root = simulator_.Handle(
      {.method = "GET",
       .target = "/",
       .headers = {{"User-Agent", "test"},
                   {"Accept", "application/vnd.github+json"}}});
  simulator_.End(root.exchange, true);
  EXPECT_THAT(root.body, HasSubstr("\"rate_limit_url\""));
  // A path that is no page goes to the API.
  EXPECT_EQ(Send("GET", absl::StrCat("/no/no/commit/", kSha)).status, 404);
  EXPECT_EQ(Send("GET", "/acme/widgets/commit/main").status, 404);
}

}  // namespace
}  // namespace signalbox
