#include "common/webhook/event.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/common/webhook/hook_results.h"
#include "tests/support/seed.h"

namespace signalbox {
namespace {

// How a row of the event table is tested: a good delivery, and the members that
// make it good.
struct Row {
  std::string event;
  Json payload;
  // Without one of these the delivery is malformed.
  std::vector<std::string> needed;
  // These may be null, and the needed members beside them.
  std::vector<std::string> nullable;
  // With one of these the delivery is malformed.
  std::vector<std::string> foreign;
  // Needed members, and others, that may be any text.
  std::vector<std::string> texts;
  bool is_call = true;
};

const std::vector<std::string> kRepository = {"repository", "repository.id",
                                              "repository.full_name",
                                              "repository.html_url"};

std::vector<std::string> AndRepository(std::vector<std::string> members) {
  members.insert(members.end(), kRepository.begin(), kRepository.end());
  return members;
}

const std::vector<Row>& Rows() {
  const std::vector<std::string> pull_request = AndRepository(
      {"action", "number", "pull_request", "pull_request.title",
       "pull_request.user", "pull_request.user.login",
       "pull_request.updated_at", "pull_request.head", "pull_request.head.ref",
       "pull_request.head.sha", "pull_request.head.repo",
       "pull_request.head.repo.id", "pull_request.head.repo.clone_url",
       "pull_request.base", "pull_request.base.ref", "pull_request.base.repo",
       "pull_request.base.repo.id"});
  const std::vector<std::string> pull_request_foreign = {
      "comment", "review", "thread", "ref", "head_commit"};
  const std::vector<std::string> pull_request_texts = {
      "pull_request.title", "pull_request.user.login", "pull_request.head.ref",
      "pull_request.base.ref", "pull_request.head.repo.clone_url"};
  const std::vector<std::string> repository_foreign = {
      "issue",  "pull_request", "check_run", "client_payload",
      "member", "release",      "label",     "discussion",
      "team",   "ref",          "forkee",    "comment"};
  const std::vector<std::string> installation = {
      "action",
      "installation",
      "installation.id",
      "installation.account",
      "installation.account.login",
      "installation.account.html_url"};
  static const auto* const rows = new std::vector<Row>{
      {.event = "pull_request",
       .payload = PullRequestPayload(),
       .needed = pull_request,
       .nullable = {"pull_request.user", "pull_request.head.repo"},
       .foreign = pull_request_foreign,
       .texts = pull_request_texts},
      {.event = "pull_request",
       .payload = RetargetPayload(),
       .needed = pull_request,
       .nullable = {"pull_request.user", "pull_request.head.repo"},
       .foreign = pull_request_foreign,
       .texts = pull_request_texts},
      {.event = "push",
       .payload = PushPayload(),
       .needed = AndRepository({"ref", "deleted", "head_commit",
                                "head_commit.id", "repository.clone_url"}),
       .nullable = {"head_commit"},
       .foreign = {"action", "pull_request"},
       .texts = {"ref", "repository.clone_url"}},
      {.event = "merge_group",
       .payload = MergeGroupPayload(),
       .needed =
           AndRepository({"action", "merge_group", "merge_group.head_sha",
                          "merge_group.head_ref", "merge_group.base_ref"}),
       .nullable = {},
       .foreign = {"pull_request", "check_run", "check_suite", "ref"},
       .texts = {"merge_group.head_ref", "merge_group.base_ref"}},
      {.event = "check_run",
       .payload = CheckRunPayload(),
       .needed = AndRepository(
           {"action", "check_run", "check_run.head_sha", "check_run.name"}),
       .nullable = {},
       .foreign = {"check_suite", "deployment", "pull_request", "merge_group"},
       .texts = {"check_run.name"}},
      {.event = "check_suite",
       .payload = CheckSuitePayload(),
       .needed =
           AndRepository({"action", "check_suite", "check_suite.head_sha"}),
       .nullable = {},
       .foreign = {"check_run", "pull_request", "merge_group", "workflow_run"},
       .texts = {}},
      {.event = "issue_comment",
       .payload = CommentPayload(),
       .needed = {"action", "issue", "issue.number", "issue.state", "comment",
                  "comment.body", "comment.user", "comment.user.login",
                  "comment.user.type", "repository", "repository.full_name",
                  "repository.html_url"},
       .nullable = {"comment.user"},
       .foreign = {"pull_request", "review", "thread", "discussion"},
       .texts = {"comment.body", "comment.user.login", "comment.user.type",
                 "issue.state"}},
      {.event = "status",
       .payload = StatusPayload(),
       .needed = AndRepository({"id", "sha", "state", "context"}),
       .nullable = {},
       .foreign = {"action", "ref", "head_commit", "pull_request"},
       .texts = {"context"}},
      {.event = "repository",
       .payload = RenamedPayload(),
       .needed = AndRepository({"action", "changes", "changes.repository",
                                "changes.repository.name",
                                "changes.repository.name.from"}),
       .nullable = {},
       .foreign = repository_foreign,
       .texts = {"changes.repository.name.from"}},
      {.event = "repository",
       .payload = TransferredPayload(),
       .needed = AndRepository({"action", "changes", "changes.owner",
                                "changes.owner.from", "changes.owner.from.user",
                                "changes.owner.from.user.login"}),
       .nullable = {},
       .foreign = repository_foreign,
       .texts = {"changes.owner.from.user.login"}},
      {.event = "repository",
       .payload = RepositoryEventPayload("archived"),
       .needed = AndRepository({"action"}),
       .nullable = {},
       .foreign = repository_foreign,
       .texts = {}},
      {.event = "installation",
       .payload = InstallationPayload(),
       .needed = installation,
       .nullable = {"installation.account"},
       .foreign = {"repository", "repositories_added", "repositories_removed",
                   "account"},
       .texts = {}},
      {.event = "installation_repositories",
       .payload = InstallationRepositoriesPayload(),
       .needed = installation,
       .nullable = {"installation.account"},
       .foreign = {"repository", "account"},
       .texts = {}},
      {.event = "installation_target",
       .payload = InstallationTargetPayload(),
       .needed = {"action", "account", "changes", "installation"},
       .nullable = {"account", "changes", "installation"},
       .foreign = {"repository", "repositories_added"},
       .texts = {},
       .is_call = false},
      {.event = "ping",
       .payload = PingPayload(),
       .needed = {"zen"},
       .nullable = {},
       .foreign = {"action", "ref", "pull_request"},
       .texts = {"zen"},
       .is_call = false},
  };
  return *rows;
}

bool Names(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

TEST(EventTest, EveryRowReadsItsDelivery) {
  for (const Row& row : Rows()) {
    const HookResult result = Read(row.event, row.payload);
    EXPECT_EQ(IsCall(result), row.is_call) << row.event << Why(result);
    EXPECT_FALSE(IsMalformed(result)) << row.event << Why(result);
    if (row.is_call) {
      EXPECT_EQ(ActionOf(result), row.payload.value("action", ""));
    }
  }
}

TEST(EventTest, MissingMembersAreMalformed) {
  for (const Row& row : Rows()) {
    for (const std::string& path : row.needed) {
      EXPECT_TRUE(IsMalformed(Read(row.event, Without(row.payload, path))))
          << row.event << " without " << path;
    }
  }
}

TEST(EventTest, MembersOfOtherEventsAreMalformed) {
  for (const Row& row : Rows()) {
    for (const std::string& path : row.foreign) {
      for (const Json& value :
           {Json(nullptr), Json("x"), Json::object(), Json::array()}) {
        EXPECT_TRUE(
            IsMalformed(Read(row.event, With(row.payload, path, value))))
            << row.event << " with " << path;
      }
    }
  }
}

// Tomorrow's members must not stop today's hook.
TEST(EventTest, NewMembersChangeNothing) {
  for (const Row& row : Rows()) {
    Json payload = row.payload;
    payload["invented_tomorrow"] = {{"id", 1}};
    payload["enterprise"] = {{"id", 1}, {"slug", "acme"}};
    payload["organization"] = {{"login", "acme"}};
    EXPECT_EQ(IsCall(Read(row.event, payload)), row.is_call) << row.event;
  }
}

TEST(EventTest, MembersOfAnotherTypeAreMalformed) {
  for (const Row& row : Rows()) {
    if (!row.is_call) continue;
    for (const std::string& path : row.needed) {
      const Json held = row.payload.at(Pointer(path));
      for (const Json& value :
           {Json(nullptr), Json(true), Json(7), Json(1.5), Json(1e30),
            Json("text"), Json::array(), Json::array({1}), Json::object(),
            Json(18446744073709551615u), Json(0), Json(-1)}) {
        if (value.is_null() && Names(row.nullable, path)) continue;
        // Another value of the right type, which is accepted.
        if (value == Json(7) && held.is_number()) continue;
        if (value == Json(true) && held.is_boolean()) continue;
        if (value == Json("text") &&
            (Names(row.texts, path) || path == "action")) {
          continue;
        }
        EXPECT_TRUE(
            IsMalformed(Read(row.event, With(row.payload, path, value))))
            << row.event << " with " << path << " " << value;
      }
    }
  }
}

TEST(EventTest, ActionsThatAreNotUsedAreIgnored) {
  const struct {
    const char* event;
    std::vector<std::string> used;
    std::vector<std::string> not_used;
  } cases[] = {
      {"merge_group", {"checks_requested"}, {"destroyed"}},
      {"check_run",
       {"rerequested"},
       {"created", "completed", "requested_action"}},
      {"check_suite", {"rerequested"}, {"completed", "requested"}},
      {"issue_comment", {"created"}, {"edited", "deleted"}},
      {"repository",
       {"renamed", "transferred", "archived", "unarchived"},
       {"created", "deleted", "edited", "privatized", "publicized"}},
      {"installation",
       {"created", "deleted", "suspend", "unsuspend",
        "new_permissions_accepted"},
       {"added"}},
      {"installation_repositories", {"added", "removed"}, {"created"}},
      {"installation_target", {}, {"renamed", "edited"}},
  };
  for (const auto& c : cases) {
    for (const Row& row : Rows()) {
      if (row.event != c.event) continue;
      Json payload = row.payload;
      payload["changes"] = {
          {"repository", {{"name", {{"from", "old"}}}}},
          {"owner", {{"from", {{"organization", {{"login", "old"}}}}}}}};
      for (const std::string& action : c.used) {
        payload["action"] = action;
        EXPECT_EQ(ActionOf(Read(c.event, payload)), action) << c.event;
      }
      std::vector<std::string> not_used = c.not_used;
      not_used.insert(not_used.end(), {"invented_tomorrow", "Created", " "});
      for (const std::string& action : not_used) {
        payload["action"] = action;
        const HookResult result = Read(c.event, payload);
        ASSERT_TRUE(IsIgnored(result)) << c.event << " " << action;
        EXPECT_EQ(std::get<HookIgnored>(result).action, action);
      }
    }
  }
}

// A sender that replays a signed body can choose the header with the event.
TEST(EventTest, BodiesOfOtherEventsAreMalformed) {
  std::vector<std::pair<std::string, Json>> bodies = {
      {"pull_request_review",
       With(PullRequestPayload(), "review", {{"id", 1}})},
      {"pull_request_review_comment",
       With(PullRequestPayload(), "comment", {{"id", 1}})},
      {"pull_request_review_thread",
       With(PullRequestPayload(), "thread", {{"id", 1}})},
      {"issues", Without(CommentPayload(), "comment")},
      {"deployment_status", With(CheckRunPayload(), "deployment", {{"id", 1}})},
      {"discussion_comment",
       With(Without(CommentPayload(), "issue"), "discussion", {{"id", 1}})},
      // The sender chooses its action.
      {"repository_dispatch",
       With(RepositoryEventPayload("archived"), "client_payload", {{"id", 1}})},
      {"create",
       With(With(RepositoryEventPayload("x"), "ref", "v1"), "ref_type", "tag")},
      {"organization",
       {{"action", "renamed"}, {"organization", {{"login", "x"}}}}},
      {"team",
       {{"action", "created"},
        {"team", {{"id", 1}}},
        {"installation", {{"id", 1}}}}},
  };
  for (const Row& row : Rows()) bodies.emplace_back(row.event, row.payload);
  for (const auto& [of, body] : bodies) {
    for (const Row& row : Rows()) {
      EXPECT_EQ(IsMalformed(Read(row.event, body)), of != row.event)
          << of << " as " << row.event;
    }
  }
}

TEST(EventTest, PingSaysWhatTheHookIs) {
  Json ping = PingPayload();
  EXPECT_EQ(Why(Read("ping", ping)),
            "the hook works; id 109948940; of type Repository; sends push");
  ping["hook"]["events"] = {"push", 7, "status", {"nested"}, {{"a", "b"}}};
  EXPECT_EQ(Why(Read("ping", ping)),
            "the hook works; id 109948940; of type Repository; sends push "
            "status");
  // The shim reads the hook's settings only for the log.
  ping["hook"] = {{"events", "push"}, {"type", 7}};
  ping["hook_id"] = "x";
  EXPECT_EQ(Why(Read("ping", ping)), "the hook works");
  ping["hook"] = nullptr;
  EXPECT_TRUE(IsIgnored(Read("ping", ping)));
}

// Only this member tells a ping from other bodies.
TEST(EventTest, PingHasAZen) {
  for (const Json& zen : {Json(nullptr), Json(7), Json::object()}) {
    EXPECT_TRUE(IsMalformed(Read("ping", With(PingPayload(), "zen", zen))));
  }
}

// Later problems may only follow from the first.
TEST(EventTest, TheFirstProblemIsTold) {
  const Json payload = With(With(PushPayload(), "repository.full_name", "x"),
                            "head_commit.id", "x");
  EXPECT_EQ(Why(Read("push", payload)),
            "repository.full_name is not OWNER/NAME");
}

TEST(EventTest, PingAsksForNothing) {
  EXPECT_TRUE(IsIgnored(Read("ping", PingPayload())));
  EXPECT_TRUE(IsIgnored(ReadHook("ping", R"({"zen":"Hello, World!"})")));
}

TEST(EventTest, UnknownEventsAreIgnored) {
  for (const char* event : {"star", "workflow_run", "pull_request_review",
                            "PUSH", "invented_tomorrow", "push "}) {
    EXPECT_TRUE(IsIgnored(ReadHook(event, "{}"))) << event;
    EXPECT_TRUE(IsIgnored(ReadHook(event, R"({"action":"created"})")));
    EXPECT_TRUE(IsIgnored(ReadHook(event, R"({"action":7})")));
  }
}

TEST(EventTest, ShasAreWholeCommitIds) {
  const auto sha = [](const std::string& text) {
    return Read("pull_request",
                With(PullRequestPayload(), "pull_request.head.sha", text));
  };
  EXPECT_EQ(RequestOf<HookReport>(sha(std::string(40, 'A'))).sha,
            std::string(40, 'a'));
  EXPECT_EQ(RequestOf<HookReport>(sha(std::string(64, 'b'))).sha,
            std::string(64, 'b'));
  for (const std::string& bad :
       {std::string(), std::string(39, 'a'), std::string(41, 'a'),
        std::string(63, 'a'), std::string(65, 'a'), std::string(40, 'g'),
        std::string(kNullSha), std::string(64, '0'), std::string("master"),
        std::string(39, 'a') + " ", std::string(39, 'a') + "/"}) {
    EXPECT_TRUE(IsMalformed(sha(bad))) << bad;
  }
}

TEST(EventTest, RepositoryIsNamedWithItsHost) {
  const auto repository = [](const char* html_url, const char* full_name) {
    return Read("push",
                With(With(PushPayload(), "repository.html_url", html_url),
                     "repository.full_name", full_name));
  };
  const struct {
    const char* html_url;
    const char* full_name;
    const char* repository;
  } good[] = {
      {"https://github.com/o/r", "o/r", "o/r"},
      {"https://GitHub.com/o/r", "o/r", "o/r"},
      {"https://github.com/O/R", "o/r", "o/r"},
      {"https://ghes.example.com/o/r", "o/r", "ghes.example.com/o/r"},
      {"https://GHES.example.com/o/r", "o/r", "ghes.example.com/o/r"},
      {"http://localhost:8180/o/r.x", "o/r.x", "localhost:8180/o/r.x"},
      {"https://github.com.evil.org/o/r", "o/r", "github.com.evil.org/o/r"},
      {"https://acme.ghe.com/my_org/r-1", "my_org/r-1",
       "acme.ghe.com/my_org/r-1"},
  };
  for (const auto& c : good) {
    EXPECT_EQ(
        RequestOf<HookReport>(repository(c.html_url, c.full_name)).repository,
        c.repository);
  }
  const struct {
    const char* html_url;
    const char* full_name;
  } bad[] = {
      {"https://github.com/o/r", "o/other"},
      {"https://github.com/o/r", "x/r"},
      {"https://github.com/o/r/", "o/r"},
      {"https://github.com/o/r?x", "o/r"},
      {"https://github.com//o/r", "o/r"},
      {"https://github.com", "o/r"},
      {"https:///o/r", "o/r"},
      {"https://user@github.com/o/r", "o/r"},
      {"https://github.com@evil.org/o/r", "o/r"},
      {"https://evil.org#github.com/o/r", "o/r"},
      {"https://evil.org\\github.com/o/r", "o/r"},
      {"https://git hub.com/o/r", "o/r"},
      {"https://github.com%2F/o/r", "o/r"},
      {"ftp://github.com/o/r", "o/r"},
      {"github.com/o/r", "o/r"},
      {"//github.com/o/r", "o/r"},
      {"", "o/r"},
      {"https://github.com/o", "o"},
      {"https://github.com/o/r/x", "o/r/x"},
      {"https://github.com/o/", "o/"},
      {"https://github.com//r", "/r"},
      {"https://github.com/../r", "../r"},
      {"https://github.com/o/..", "o/.."},
      {"https://github.com/o/r%20", "o/r%20"},
      {"https://github.com/o/r x", "o/r x"},
      {"https://github.com/o/r\n", "o/r\n"},
  };
  for (const auto& c : bad) {
    EXPECT_TRUE(IsMalformed(repository(c.html_url, c.full_name)))
        << c.html_url << " " << c.full_name;
  }
}

TEST(EventTest, BadJsonIsMalformedWhateverTheEvent) {
  for (const char* event : {"ping", "push", "pull_request", "star"}) {
    for (const char* json : {"", "[]", "{", "{}x", "{\"a\":}", "null", "7"}) {
      EXPECT_TRUE(IsMalformed(ReadHook(event, json))) << event << json;
    }
  }
  EXPECT_TRUE(IsMalformed(ReadHook("push", R"({"a":1,"a":2})")));
}

// `deployment`, `repository_dispatch` and others carry JSON of their author,
// from which the shim wants nothing.
TEST(EventTest, WhatAnUnusedEventCarriesIsItsAuthorsBusiness) {
  const std::string deep(100'000, '[');
  const std::string deep_end(100'000, ']');
  std::string many = R"({"client_payload":{)";
  for (int i = 0; i < 20'000; ++i) absl::StrAppend(&many, "\"m", i, "\":1,");
  many += R"("last":0},"action":"created"})";
  for (const std::string& json :
       {R"({"action":"created","client_payload":)" + deep + deep_end + "}",
        R"({"client_payload":)" + deep + deep_end + R"(,"action":"created"})",
        std::string(R"({"action":"created","payload":{"a":1,"a":2}})"),
        std::string(R"({"action":"created","payload":1e999})"), many}) {
    for (const char* event : {"deployment", "repository_dispatch", "star"}) {
      const HookResult result = ReadHook(event, json);
      ASSERT_TRUE(IsIgnored(result)) << event << json.substr(0, 60);
      EXPECT_EQ(std::get<HookIgnored>(result).action, "created")
          << event << json.substr(0, 60);
    }
    EXPECT_TRUE(IsMalformed(ReadHook("push", json)));
  }
  EXPECT_TRUE(IsMalformed(ReadHook("deployment", R"({"a":)" + deep + "}")));
}

void ExpectSound(const HookResult& result) {
  if (!IsCall(result)) return;
  const auto check_sha = [](const std::string& sha) {
    EXPECT_TRUE(sha.size() == 40 || sha.size() == 64) << sha;
    EXPECT_EQ(sha.find_first_not_of("0123456789abcdef"), std::string::npos);
    EXPECT_NE(sha.find_first_not_of('0'), std::string::npos);
  };
  std::visit(
      [&](const auto& request) {
        if constexpr (requires { request.sha; }) check_sha(request.sha);
        if constexpr (requires { request.repository; }) {
          EXPECT_TRUE(absl::StrContains(request.repository, '/'));
        }
        if constexpr (requires { request.repository_id; }) {
          EXPECT_GT(request.repository_id, 0);
        }
      },
      std::get<HookCall>(result).request);
}

TEST(EventTest, CutOffBodiesAreMalformed) {
  for (const Row& row : Rows()) {
    const std::string json = row.payload.dump();
    for (size_t size = 0; size < json.size(); ++size) {
      ASSERT_TRUE(IsMalformed(ReadHook(row.event, json.substr(0, size))))
          << row.event << " " << size;
    }
  }
}

// Lists every path to a member, and to what is inside it.
void ListPaths(const Json& json, const Json::json_pointer& at,
               std::vector<Json::json_pointer>* paths) {
  for (const auto& [name, value] : json.items()) {
    paths->push_back(at / name);
    if (value.is_object()) ListPaths(value, at / name, paths);
  }
}

TEST(EventTest, DamagedBodiesNeverMakeAnUnsoundCall) {
  std::mt19937 random(Seed());
  const auto below = [&](size_t limit) { return random() % limit; };
  const std::vector<Json> values = {nullptr,
                                    true,
                                    0,
                                    -1,
                                    7,
                                    1e300,
                                    "",
                                    "x",
                                    "/",
                                    std::string(40, '0'),
                                    kNullSha,
                                    Json::object(),
                                    kBaseSha,
                                    "..",
                                    std::string(40, 'A'),
                                    "main",
                                    Json::array(),
                                    kHeadSha,
                                    "\n",
                                    "\xe2\x82\xac"};
  int calls = 0;
  for (int round = 0; round < 5000; ++round) {
    const Row& row = Rows()[below(Rows().size())];
    Json payload = row.payload;
    std::vector<Json::json_pointer> paths;
    ListPaths(payload, Json::json_pointer(), &paths);
    const Json::json_pointer& path = paths[below(paths.size())];
    payload[path] = values[below(values.size())];
    std::string json = payload.dump();
    for (size_t flips = below(3); flips > 0; --flips) {
      json[below(json.size())] = static_cast<char>(below(256));
    }
    const HookResult result = ReadHook(row.event, json);
    ExpectSound(result);
    if (IsCall(result)) ++calls;
    ASSERT_FALSE(HasFailure()) << row.event << " " << json;
  }
  EXPECT_GT(calls, 500);
}

}  // namespace
}  // namespace signalbox
