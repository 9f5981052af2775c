#include "server/github/github_answers.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "common/error.h"

namespace signalbox {
namespace {

TEST(GitHubAnswersTest, ReadsWhatGitHubListsOfDeliveries) {
  const auto list = ReadDeliveries(R"([
      {"id": 12345678901, "guid": "0b989ba4-242f-11e5-81e1-c7b6966d2516",
       "delivered_at": "2026-11-22T13:00:01.123Z", "redelivery": true,
       "duration": 0.27, "status": "Invalid HTTP Response: 503",
       "status_code": 503, "event": "pull_request", "action": "opened",
       "installation_id": null, "repository_id": 7},
      {"id": 2, "guid": "b", "delivered_at": "2026-11-22T15:00:01+02:00",
       "status_code": 0, "event": "push", "action": null}])");
  ASSERT_TRUE(list.ok()) << list.status();
  ASSERT_EQ(list->size(), 2u);
  const ListedDelivery& first = (*list)[0];
  EXPECT_EQ(first.id, 12345678901);
  EXPECT_EQ(first.guid, "0b989ba4-242f-11e5-81e1-c7b6966d2516");
  EXPECT_EQ(absl::ToUnixMillis(first.delivered_at), 1795352401123);
  EXPECT_TRUE(first.redelivery);
  EXPECT_EQ(first.status_code, 503);
  EXPECT_EQ(first.event, "pull_request");
  EXPECT_EQ(first.action, "opened");
  EXPECT_FALSE((*list)[1].redelivery);
  EXPECT_EQ((*list)[1].action, "");
  EXPECT_EQ((*list)[1].delivered_at, absl::FromUnixSeconds(1795352401));
}

TEST(GitHubAnswersTest, WhatLacksAnythingIsLeftOut) {
  const auto list = ReadDeliveries(R"([
      null, 7, "x", [], {},
      {"id": 0, "guid": "a", "delivered_at": "2026-11-22T13:00:00Z"},
      {"id": -1, "guid": "a", "delivered_at": "2026-11-22T13:00:00Z"},
      {"id": "5", "guid": "a", "delivered_at": "2026-11-22T13:00:00Z"},
      {"id": 18446744073709551615, "guid": "a",
       "delivered_at": "2026-11-22T13:00:00Z"},
      {"id": 1e3, "guid": "a", "delivered_at": "2026-11-22T13:00:00Z"},
      {"id": 5, "guid": "", "delivered_at": "2026-11-22T13:00:00Z"},
      {"id": 5, "guid": 5, "delivered_at": "2026-11-22T13:00:00Z"},
      {"id": 5, "guid": "a", "delivered_at": "yesterday"},
      {"id": 5, "guid": "a", "delivered_at": "infinite-future"},
      {"id": 5, "guid": "a"},
      {"id": 6, "guid": "fine", "delivered_at": "2026-11-22T13:00:00Z",
       "status_code": 70000, "event": 5, "redelivery": "yes"}])");
  ASSERT_TRUE(list.ok()) << list.status();
  ASSERT_EQ(list->size(), 1u);
  EXPECT_EQ((*list)[0].guid, "fine");
  EXPECT_EQ((*list)[0].status_code, 0);
  EXPECT_EQ((*list)[0].event, "");
  EXPECT_FALSE((*list)[0].redelivery);
}

TEST(GitHubAnswersTest, WhatIsNoSuchAnswerIsAnError) {
  for (const char* json : {"", "{", "{}", "7", "null", "<html>", "\xff"}) {
    EXPECT_EQ(ReasonOf(ReadDeliveries(json).status()), "UNEXPECTED_ANSWER");
    EXPECT_EQ(ReasonOf(ReadPullRequests(json).status()), "UNEXPECTED_ANSWER");
    EXPECT_EQ(ReasonOf(ReadHooks(json).status()), "UNEXPECTED_ANSWER");
  }
  for (const char* json :
       {"", "[]", "{}", "7", R"({"head":{}})", R"({"id":7})"}) {
    EXPECT_FALSE(ReadSentDelivery(json).ok()) << json;
    EXPECT_FALSE(ReadPullRequest(json).ok()) << json;
    EXPECT_FALSE(ReadPermission(json).ok()) << json;
    EXPECT_FALSE(ReadShownContexts(json).ok()) << json;
    EXPECT_FALSE(ReadAppHook(json).ok()) << json;
  }
}

TEST(GitHubAnswersTest, ReadsAPayloadWithoutLosingAnything) {
  const auto sent = ReadSentDelivery(
      R"({"id": 1, "event": "push", "request": {"headers": {},
          "payload": {"id": 9007199254740993, "text": "caf\u00e9 \ud83d\ude00",
                      "after": "a", "before": null}}})");
  ASSERT_TRUE(sent.ok()) << sent.status();
  EXPECT_EQ(sent->event, "push");
  EXPECT_EQ(sent->payload,
            "{\"after\":\"a\",\"before\":null,\"id\":9007199254740993,"
            "\"text\":\"caf\xc3\xa9 \xf0\x9f\x98\x80\"}");
}

TEST(GitHubAnswersTest, ReadsPullRequests) {
  const std::string pull = R"({"number": 1347, "state": "open",
      "title": "Amazing", "draft": true, "updated_at": "2026-11-22T13:00:00Z",
      "user": {"login": "octocat"},
      "head": {"ref": "topic", "sha": "6dcb09b5b57875f334f61aebed695e2e4193db5e",
               "repo": {"id": 8, "clone_url": "https://github.com/o/r.git"}},
      "base": {"ref": "main", "repo": {"id": 7, "full_name": "acme/widgets"}}})";
  const auto one = ReadPullRequest(pull);
  ASSERT_TRUE(one.ok()) << one.status();
  EXPECT_TRUE(one->open);
  EXPECT_EQ(one->head_sha, "6dcb09b5b57875f334f61aebed695e2e4193db5e");
  EXPECT_EQ(one->base_full_name, "acme/widgets");
  EXPECT_EQ(one->base_repository_id, 7);
  EXPECT_EQ(one->change.event, "pull_request");
  EXPECT_EQ(one->change.pull_request_number, 1347);
  EXPECT_EQ(one->change.title, "Amazing");
  EXPECT_EQ(one->change.author, "octocat");
  EXPECT_EQ(one->change.head_ref, "topic");
  EXPECT_EQ(one->change.base_ref, "main");
  EXPECT_TRUE(one->change.draft);
  EXPECT_TRUE(one->change.fork);
  EXPECT_EQ(one->change.clone_url, "https://github.com/o/r.git");
  EXPECT_EQ(ReadPullRequests("[" + pull + ", {}, null]")->size(), 1u);

  // A head whose repository or author is gone.
  const auto gone = ReadPullRequest(R"({"number": 1, "state": "closed",
      "user": null, "head": {"ref": "t", "sha": "a", "repo": null},
      "base": {"ref": "main", "repo": {"id": 7}}})");
  ASSERT_TRUE(gone.ok()) << gone.status();
  EXPECT_FALSE(gone->open);
  EXPECT_TRUE(gone->change.fork);
  EXPECT_EQ(gone->change.author, "");
  EXPECT_EQ(gone->change.updated_time, absl::InfinitePast());
}

TEST(GitHubAnswersTest, ReadsHooks) {
  const auto hooks = ReadHooks(R"([
      {"id": 5, "active": false, "events": ["push", 7, "pull_request"],
       "config": {"url": "https://ci.example.com/event_handler",
                  "content_type": "form", "secret": "********",
                  "insecure_ssl": "1"},
       "last_response": {"code": 502, "message": "Bad gateway"}},
      {"id": 6, "config": {"url": "https://x", "insecure_ssl": 0}},
      {"id": 7, "config": {}}, {"config": {"url": "https://x"}}, 5])");
  ASSERT_TRUE(hooks.ok()) << hooks.status();
  ASSERT_EQ(hooks->size(), 2u);
  const ListedHook& hook = (*hooks)[0];
  EXPECT_EQ(hook.id, 5);
  EXPECT_EQ(hook.url, "https://ci.example.com/event_handler");
  EXPECT_EQ(hook.content_type, "form");
  EXPECT_FALSE(hook.active);
  EXPECT_TRUE(hook.has_secret);
  EXPECT_TRUE(hook.insecure_ssl);
  EXPECT_EQ(hook.events, (std::vector<std::string>{"push", "pull_request"}));
  EXPECT_EQ(hook.last_response_code, 502);
  EXPECT_EQ(hook.last_response_message, "Bad gateway");
  EXPECT_TRUE((*hooks)[1].active);
  EXPECT_FALSE((*hooks)[1].has_secret);
  EXPECT_FALSE((*hooks)[1].insecure_ssl);
  EXPECT_EQ((*hooks)[1].last_response_code, std::nullopt);
  EXPECT_EQ(
      ReadAppHook(R"({"url": "https://x", "insecure_ssl": 1})")->insecure_ssl,
      true);
}

// No delivery is nested that deeply. Writing such JSON again would take stack
// for each level.
TEST(GitHubAnswersTest, WhatIsNestedTooDeeplyIsAnError) {
  const auto nested = [](int levels) {
    return absl::StrCat(R"({"event": "push", "request": {"payload": {"a": )",
                        std::string(levels, '['), std::string(levels, ']'),
                        "}}}");
  };
  EXPECT_TRUE(ReadSentDelivery(nested(31)).ok());
  for (const int levels : {40, 1'000'000}) {
    const absl::Status status = ReadSentDelivery(nested(levels)).status();
    EXPECT_EQ(ReasonOf(status), "UNEXPECTED_ANSWER") << levels;
  }
}

TEST(GitHubAnswersTest, ReadsPermissionsAndContexts) {
  EXPECT_EQ(*ReadPermission(R"({"permission": "write", "role_name": "x"})"),
            "write");
  EXPECT_EQ(*ReadShownContexts(
                R"({"statuses": [{"context": "a"}, {"context": 7}, null,
                                 {"context": "b"}]})"),
            (std::vector<std::string>{"a", "b"}));
}

}  // namespace
}  // namespace signalbox
