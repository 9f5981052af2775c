#include "shim/webhook/event.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "tests/shim/webhook/payloads.h"

namespace signalbox {
namespace {

using Json = nlohmann::ordered_json;

HookResult Read(absl::string_view event, const Json& payload) {
  return ReadHook(event, payload.dump());
}

bool IsCall(const HookResult& result) {
  return std::holds_alternative<HookCall>(result);
}
bool IsIgnored(const HookResult& result) {
  return std::holds_alternative<HookIgnored>(result);
}
bool IsMalformed(const HookResult& result) {
  return std::holds_alternative<HookMalformed>(result);
}

HookCall Call(const HookResult& result) {
  if (const auto* malformed = std::get_if<HookMalformed>(&result)) {
    ADD_FAILURE() << malformed->why;
    return {};
  }
  if (!IsCall(result)) {
    ADD_FAILURE() << "ignored";
    return {};
  }
  return std::get<HookCall>(result);
}

Json::json_pointer Pointer(absl::string_view path) {
  return Json::json_pointer(
      absl::StrCat("/", absl::StrReplaceAll(path, {{".", "/"}})));
}

Json With(Json payload, absl::string_view path, Json value) {
  payload[Pointer(path)] = std::move(value);
  return payload;
}

Json Without(Json payload, absl::string_view path) {
  const size_t dot = path.rfind('.');
  if (dot == absl::string_view::npos) {
    payload.erase(std::string(path));
  } else {
    payload[Pointer(path.substr(0, dot))].erase(
        std::string(path.substr(dot + 1)));
  }
  return payload;
}

TEST(EventTest, PullRequestReportsItsHeadInTheBaseRepository) {
  const HookCall call = Call(Read("pull_request", PullRequestPayload()));
  EXPECT_EQ(call.action, "opened");
  EXPECT_EQ(call.repository, "Codertocat/Hello-World");
  EXPECT_EQ(call.repository_id, 186853002);
  EXPECT_EQ(call.sha, kHeadSha);
  EXPECT_EQ(call.change.event, "pull_request");
  EXPECT_EQ(call.change.pull_request_number, 2);
  EXPECT_EQ(call.change.title, "Update the README");
  EXPECT_EQ(call.change.author, "octocat");
  EXPECT_EQ(call.change.head_ref, "changes");
  EXPECT_EQ(call.change.base_ref, "master");
  EXPECT_FALSE(call.change.draft);
  EXPECT_TRUE(call.change.fork);
  EXPECT_EQ(call.change.clone_url,
            "https://github.com/octocat/Hello-World.git");
  EXPECT_EQ(call.change.updated_time, absl::FromUnixSeconds(1557933633));
}

TEST(EventTest, PullRequestActionsThatBringAHeadAreUsed) {
  for (const char* action :
       {"opened", "synchronize", "reopened", "ready_for_review"}) {
    EXPECT_EQ(Call(Read("pull_request", PullRequestPayload(action))).action,
              action);
  }
  for (const char* action : {"assigned",
                             "auto_merge_disabled",
                             "auto_merge_enabled",
                             "closed",
                             "converted_to_draft",
                             "demilestoned",
                             "dequeued",
                             "edited",
                             "enqueued",
                             "labeled",
                             "locked",
                             "milestoned",
                             "review_request_removed",
                             "review_requested",
                             "unassigned",
                             "unlabeled",
                             "unlocked",
                             "invented_tomorrow",
                             "OPENED",
                             "opened "}) {
    const HookResult result = Read("pull_request", PullRequestPayload(action));
    ASSERT_TRUE(IsIgnored(result)) << action;
    EXPECT_EQ(std::get<HookIgnored>(result).action, action);
  }
}

// GitHub sends null once the fork is deleted; nobody can tell any more that it
// was the same repository.
TEST(EventTest, HeadWithoutARepositoryIsAFork) {
  const HookCall call =
      Call(Read("pull_request",
                With(PullRequestPayload(), "pull_request.head.repo", nullptr)));
  EXPECT_TRUE(call.change.fork);
  EXPECT_EQ(call.change.clone_url, "");
  EXPECT_EQ(call.repository, "Codertocat/Hello-World");
  EXPECT_EQ(call.sha, kHeadSha);
}

TEST(EventTest, HeadInTheSameRepositoryIsNoFork) {
  const HookCall call = Call(
      Read("pull_request", With(PullRequestPayload(), "pull_request.head.repo",
                                RepositoryPayload())));
  EXPECT_FALSE(call.change.fork);
  EXPECT_EQ(call.change.clone_url,
            "https://github.com/Codertocat/Hello-World.git");
}

TEST(EventTest, AuthorMayBeGone) {
  const HookCall call =
      Call(Read("pull_request",
                With(PullRequestPayload(), "pull_request.user", nullptr)));
  EXPECT_EQ(call.change.author, "");
}

TEST(EventTest, PushReportsTheCommitThatTheRefShows) {
  const HookCall call = Call(Read("push", PushPayload()));
  EXPECT_EQ(call.action, "");
  EXPECT_EQ(call.repository, "Codertocat/Hello-World");
  EXPECT_EQ(call.repository_id, 186853002);
  EXPECT_EQ(call.sha, kHeadSha);
  EXPECT_EQ(call.change.event, "push");
  EXPECT_EQ(call.change.base_ref, "refs/heads/master");
  EXPECT_EQ(call.change.author, "Codertocat");
  EXPECT_EQ(call.change.clone_url,
            "https://github.com/Codertocat/Hello-World.git");
  EXPECT_EQ(call.change.pull_request_number, 0);
  EXPECT_EQ(call.change.updated_time, absl::InfinitePast());
}

// `after` is the tag object then, which can have no commit status.
TEST(EventTest, AnnotatedTagReportsItsCommit) {
  const HookCall call = Call(
      Read("push", With(PushPayload("refs/tags/v1"), "after", kTagObject)));
  EXPECT_EQ(call.sha, kHeadSha);
  EXPECT_EQ(call.change.base_ref, "refs/tags/v1");
}

TEST(EventTest, DeletedRefsAreIgnored) {
  Json deleted = With(PushPayload(), "deleted", true);
  EXPECT_TRUE(IsIgnored(Read("push", deleted)));
  deleted["after"] = kNullSha;
  deleted["head_commit"] = nullptr;
  EXPECT_TRUE(IsIgnored(Read("push", deleted)));
  EXPECT_TRUE(
      IsIgnored(Read("push", With(PushPayload(), "head_commit", nullptr))));
}

TEST(EventTest, PushesOfOtherRefsAreIgnored) {
  EXPECT_TRUE(IsIgnored(
      Read("push", PushPayload("refs/heads/gh-readonly-queue/main/pr-1-abc"))));
  EXPECT_TRUE(IsIgnored(Read("push", PushPayload("refs/notes/commits"))));
  EXPECT_TRUE(IsIgnored(Read("push", PushPayload("refs/pull/1/head"))));
  EXPECT_TRUE(IsIgnored(Read("push", PushPayload("main"))));
  EXPECT_TRUE(IsCall(Read("push", PushPayload("refs/heads/a/b"))));
  EXPECT_TRUE(
      IsCall(Read("push", PushPayload("refs/heads/my-gh-readonly-queue/x"))));
  EXPECT_TRUE(
      IsCall(Read("push", PushPayload("refs/tags/gh-readonly-queue/x"))));
}

TEST(EventTest, SenderOfAPushMayBeMissing) {
  EXPECT_EQ(Call(Read("push", Without(PushPayload(), "sender"))).change.author,
            "");
}

TEST(EventTest, PingAsksForNothing) {
  EXPECT_TRUE(IsIgnored(Read("ping", PingPayload())));
  EXPECT_TRUE(IsIgnored(ReadHook("ping", R"({"zen":"Hello, World!"})")));
}

TEST(EventTest, UnknownEventsAreIgnored) {
  for (const char* event : {"star", "check_run", "pull_request_review", "PUSH",
                            "invented_tomorrow", "push "}) {
    EXPECT_TRUE(IsIgnored(ReadHook(event, "{}"))) << event;
    EXPECT_TRUE(IsIgnored(ReadHook(event, R"({"action":"created"})")));
    EXPECT_TRUE(IsIgnored(ReadHook(event, R"({"action":7})")));
  }
}

// Whoever replays a signed body can choose the header that names the event.
TEST(EventTest, BodiesOfOtherEventsAreMalformed) {
  const std::vector<std::pair<std::string, Json>> bodies = {
      {"ping", PingPayload()},
      {"pull_request", PullRequestPayload()},
      {"push", PushPayload()},
      {"pull_request_review",
       With(PullRequestPayload(), "review", {{"id", 1}})},
      {"pull_request_review_comment",
       With(PullRequestPayload(), "comment", {{"id", 1}})},
      {"pull_request_review_thread",
       With(PullRequestPayload(), "thread", {{"id", 1}})},
  };
  for (const auto& [of, body] : bodies) {
    for (const char* as : {"ping", "pull_request", "push"}) {
      EXPECT_EQ(IsMalformed(Read(as, body)), of != as) << of << " as " << as;
    }
  }
}

// The members of these payloads that are read.
std::vector<std::string> WantedOf(absl::string_view event) {
  std::vector<std::string> wanted = {"repository", "repository.id",
                                     "repository.full_name",
                                     "repository.html_url"};
  const std::vector<std::string> more =
      event == "push"
          ? std::vector<std::string>{"ref", "deleted", "head_commit",
                                     "head_commit.id", "repository.clone_url"}
          : std::vector<std::string>{"action",
                                     "number",
                                     "pull_request",
                                     "pull_request.title",
                                     "pull_request.user",
                                     "pull_request.user.login",
                                     "pull_request.draft",
                                     "pull_request.updated_at",
                                     "pull_request.head",
                                     "pull_request.head.ref",
                                     "pull_request.head.sha",
                                     "pull_request.head.repo",
                                     "pull_request.head.repo.id",
                                     "pull_request.head.repo.clone_url",
                                     "pull_request.base",
                                     "pull_request.base.ref",
                                     "pull_request.base.repo",
                                     "pull_request.base.repo.id"};
  wanted.insert(wanted.end(), more.begin(), more.end());
  return wanted;
}

TEST(EventTest, MissingMembersAreMalformed) {
  for (const char* event : {"push", "pull_request"}) {
    const Json good = absl::string_view(event) == "push" ? PushPayload()
                                                         : PullRequestPayload();
    for (const std::string& path : WantedOf(event)) {
      EXPECT_TRUE(IsMalformed(Read(event, Without(good, path))))
          << event << " without " << path;
    }
  }
}

TEST(EventTest, MembersOfAnotherTypeAreMalformed) {
  for (const char* event : {"push", "pull_request"}) {
    const Json good = absl::string_view(event) == "push" ? PushPayload()
                                                         : PullRequestPayload();
    for (const std::string& path : WantedOf(event)) {
      const Json held = good[Pointer(path)];
      for (const Json& value :
           {Json(nullptr), Json(true), Json(7), Json(1.5), Json(1e30),
            Json("text"), Json::array(), Json::array({1}), Json::object(),
            Json(18446744073709551615u), Json(0), Json(-1)}) {
        const bool is_nullable = path == "pull_request.user" ||
                                 path == "pull_request.head.repo" ||
                                 path == "head_commit";
        if (value.is_null() && is_nullable) continue;
        // Another value of the right type, and one that will do.
        if (value == Json(7) && held.is_number()) continue;
        if (value == Json(true) && held.is_boolean()) continue;
        if (value == Json("text") &&
            (path == "pull_request.title" || path == "action" ||
             path == "ref" || path == "pull_request.user.login" ||
             path == "pull_request.head.ref" ||
             path == "pull_request.base.ref" ||
             path == "repository.clone_url" ||
             path == "pull_request.head.repo.clone_url")) {
          continue;
        }
        EXPECT_TRUE(IsMalformed(Read(event, With(good, path, value))))
            << event << " with " << path << " " << value;
      }
    }
  }
}

TEST(EventTest, ShasAreWholeCommitIds) {
  const auto sha = [](const std::string& text) {
    return Read("pull_request",
                With(PullRequestPayload(), "pull_request.head.sha", text));
  };
  EXPECT_EQ(Call(sha(std::string(40, 'A'))).sha, std::string(40, 'a'));
  EXPECT_EQ(Call(sha(std::string(64, 'b'))).sha, std::string(64, 'b'));
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
    EXPECT_EQ(Call(repository(c.html_url, c.full_name)).repository,
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

TEST(EventTest, TimesAreReadStrictly) {
  const auto updated = [](const std::string& text) {
    return Read("pull_request",
                With(PullRequestPayload(), "pull_request.updated_at", text));
  };
  EXPECT_EQ(Call(updated("2019-05-15T17:20:33+02:00")).change.updated_time,
            absl::FromUnixSeconds(1557933633));
  for (const char* bad : {"", "infinite-future", "infinite-past", " 2019",
                          "2019-05-15", "1557933633", "2019-13-15T15:20:33Z",
                          "2019-05-15T15:20:33", "+2019-05-15T15:20:33Z",
                          "20190-05-15T15:20:33Z", " 2019-05-15T15:20:33Z"}) {
    EXPECT_TRUE(IsMalformed(updated(bad))) << bad;
  }
}

// A title is for people; what machines read is refused rather than cut.
TEST(EventTest, LongTitlesAreCutBetweenCharacters) {
  std::string title;
  for (int i = 0; i < 1000; ++i) title += "\xe2\x82\xac";
  const HookCall call = Call(Read(
      "pull_request", With(PullRequestPayload(), "pull_request.title", title)));
  EXPECT_EQ(call.change.title, title.substr(0, 1023));

  const std::string ref = absl::StrCat("refs/heads/", std::string(1100, 'x'));
  EXPECT_TRUE(IsMalformed(Read("push", PushPayload(ref.c_str()))));
}

TEST(EventTest, BadJsonIsMalformedWhateverTheEvent) {
  for (const char* event : {"ping", "push", "pull_request", "star"}) {
    for (const char* json : {"", "[]", "{", "{\"a\":1,\"a\":2}", "null"}) {
      EXPECT_TRUE(IsMalformed(ReadHook(event, json))) << event << json;
    }
  }
}

// A repository's name is repeated in many places of a delivery; another one
// must never be taken for it.
TEST(EventTest, OnlyTheTopLevelRepositoryCounts) {
  Json payload = PullRequestPayload();
  payload["pull_request"]["base"]["repo"]["full_name"] = "evil/other";
  payload["pull_request"]["head"]["repo"]["full_name"] = "evil/other";
  payload["organization"] = {{"repository", {{"full_name", "evil/other"}}}};
  EXPECT_EQ(Call(Read("pull_request", payload)).repository,
            "Codertocat/Hello-World");
}

}  // namespace
}  // namespace signalbox
