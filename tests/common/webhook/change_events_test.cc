#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/webhook/event_row.h"
#include "tests/common/webhook/hook_results.h"

namespace signalbox {
namespace {

HookReport Call(const HookResult& result) {
  HookReport pending = RequestOf<HookReport>(result);
  // The test goes on to read it; the failure was noted.
  if (!pending.change.has_value()) pending.change.emplace();
  return pending;
}

TEST(ChangeEventsTest, PullRequestReportsItsHeadInTheBaseRepository) {
  const HookReport call = Call(Read("pull_request", PullRequestPayload()));
  EXPECT_EQ(call.repository, "Codertocat/Hello-World");
  EXPECT_EQ(call.repository_id, 186853002);
  EXPECT_EQ(call.sha, kHeadSha);
  EXPECT_EQ(call.change->event, "pull_request");
  EXPECT_EQ(call.change->pull_request_number, 2);
  EXPECT_EQ(call.change->title, "Update the README");
  EXPECT_EQ(call.change->author, "octocat");
  EXPECT_EQ(call.change->head_ref, "changes");
  EXPECT_EQ(call.change->base_ref, "master");
  EXPECT_FALSE(call.change->draft);
  EXPECT_TRUE(call.change->fork);
  EXPECT_EQ(call.change->clone_url,
            "https://github.com/octocat/Hello-World.git");
  EXPECT_EQ(call.change->updated_time, absl::FromUnixSeconds(1557933633));
}

TEST(ChangeEventsTest, PullRequestActionsThatBringAHeadAreUsed) {
  for (const char* action :
       {"opened", "synchronize", "reopened", "ready_for_review"}) {
    const HookResult result = Read("pull_request", PullRequestPayload(action));
    EXPECT_EQ(ActionOf(result), action);
    EXPECT_FALSE(Call(result).rerun);
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

// GitHub sends null once the fork is deleted. Nobody can tell then whether it
// was the same repository.
TEST(ChangeEventsTest, HeadWithoutARepositoryIsAFork) {
  const HookReport call =
      Call(Read("pull_request",
                With(PullRequestPayload(), "pull_request.head.repo", nullptr)));
  EXPECT_TRUE(call.change->fork);
  EXPECT_EQ(call.change->clone_url, "");
  EXPECT_EQ(call.repository, "Codertocat/Hello-World");
  EXPECT_EQ(call.sha, kHeadSha);
}

TEST(ChangeEventsTest, HeadInTheSameRepositoryIsNoFork) {
  const HookReport call = Call(
      Read("pull_request", With(PullRequestPayload(), "pull_request.head.repo",
                                RepositoryPayload())));
  EXPECT_FALSE(call.change->fork);
  EXPECT_EQ(call.change->clone_url,
            "https://github.com/Codertocat/Hello-World.git");
}

TEST(ChangeEventsTest, AuthorMayBeGone) {
  const HookReport call =
      Call(Read("pull_request",
                With(PullRequestPayload(), "pull_request.user", nullptr)));
  EXPECT_EQ(call.change->author, "");
}

TEST(ChangeEventsTest, PushReportsTheCommitThatTheRefShows) {
  const HookReport call = Call(Read("push", PushPayload()));
  EXPECT_EQ(call.repository, "Codertocat/Hello-World");
  EXPECT_EQ(call.repository_id, 186853002);
  EXPECT_EQ(call.sha, kHeadSha);
  EXPECT_EQ(call.change->event, "push");
  EXPECT_EQ(call.change->base_ref, "refs/heads/master");
  EXPECT_EQ(call.change->author, "Codertocat");
  EXPECT_EQ(call.change->clone_url,
            "https://github.com/Codertocat/Hello-World.git");
  EXPECT_EQ(call.change->pull_request_number, 0);
  EXPECT_EQ(call.change->updated_time, absl::FromUnixSeconds(1557933657));
}

// The server orders the pushes of a branch by it. GitHub writes seconds here,
// and a text in other events.
TEST(ChangeEventsTest, PushSaysWhenItWas) {
  const auto pushed_at = [](const Json& value) {
    return Call(
               Read("push", With(PushPayload(), "repository.pushed_at", value)))
        .change->updated_time;
  };
  EXPECT_EQ(pushed_at(1557933657), absl::FromUnixSeconds(1557933657));
  for (const Json& none :
       {Json(0), Json(-1), Json(nullptr), Json("2019-05-15T15:20:57Z"),
        Json(9223372036854775807)}) {
    EXPECT_EQ(pushed_at(none), absl::InfinitePast()) << none;
  }
}

// `after` is the tag object then, which can have no commit status.
TEST(ChangeEventsTest, AnnotatedTagReportsItsCommit) {
  const HookReport call = Call(
      Read("push", With(PushPayload("refs/tags/v1"), "after", kTagObject)));
  EXPECT_EQ(call.sha, kHeadSha);
  EXPECT_EQ(call.change->base_ref, "refs/tags/v1");
}

TEST(ChangeEventsTest, DeletedRefsAreIgnored) {
  Json deleted = With(PushPayload(), "deleted", true);
  EXPECT_TRUE(IsIgnored(Read("push", deleted)));
  deleted["after"] = kNullSha;
  deleted["head_commit"] = nullptr;
  EXPECT_TRUE(IsIgnored(Read("push", deleted)));
  EXPECT_TRUE(
      IsIgnored(Read("push", With(PushPayload(), "head_commit", nullptr))));
}

TEST(ChangeEventsTest, PushesOfOtherRefsAreIgnored) {
  EXPECT_TRUE(IsIgnored(
      Read("push", PushPayload("refs/heads/gh-readonly-queue/main/pr-1-abc"))));
  EXPECT_TRUE(IsIgnored(Read("push", PushPayload("refs/notes/commits"))));
  EXPECT_TRUE(IsIgnored(Read("push", PushPayload("refs/pull/1/head"))));
  EXPECT_TRUE(IsIgnored(Read("push", PushPayload("main"))));
  EXPECT_TRUE(IsCall(Read("push", PushPayload("refs/heads/a/b"))));
  EXPECT_TRUE(
      IsCall(Read("push", PushPayload("refs/heads/my-gh-readonly-queue/x"))));
  EXPECT_TRUE(
      IsCall(Read("push", PushPayload("refs/heads/gh-readonly-queues"))));
  EXPECT_TRUE(
      IsCall(Read("push", PushPayload("refs/tags/gh-readonly-queue/x"))));
}

TEST(ChangeEventsTest, SenderOfAPushMayBeMissing) {
  EXPECT_EQ(Call(Read("push", Without(PushPayload(), "sender"))).change->author,
            "");
}

// The head is the same, so only a rerun hides the result with the old base.
TEST(ChangeEventsTest, AnotherBaseIsARerun) {
  const HookResult result = Read("pull_request", RetargetPayload());
  EXPECT_EQ(ActionOf(result), "edited");
  const HookReport call = Call(result);
  EXPECT_TRUE(call.rerun);
  EXPECT_TRUE(call.contexts.empty());
  EXPECT_EQ(call.sha, kHeadSha);
  EXPECT_EQ(call.change->event, "pull_request");
  EXPECT_EQ(call.change->pull_request_number, 2);
  EXPECT_EQ(call.change->base_ref, "master");
}

TEST(ChangeEventsTest, OtherEditsAreIgnored) {
  Json payload = RetargetPayload();
  for (const Json& changes :
       {Json::object(), Json({{"title", {{"from", "base"}}}}),
        Json({{"body", {{"from", ""}}}}), Json({{"base", nullptr}})}) {
    payload["changes"] = changes;
    EXPECT_TRUE(IsIgnored(Read("pull_request", payload))) << changes;
  }
  payload["changes"] = {{"base", "master"}};
  EXPECT_TRUE(IsMalformed(Read("pull_request", payload)));
}

// Only an edit can change the base. Other actions are no reruns.
TEST(ChangeEventsTest, ChangesMatterOnlyToEdits) {
  Json payload = RetargetPayload();
  payload["action"] = "synchronize";
  EXPECT_FALSE(Call(Read("pull_request", payload)).rerun);
}

TEST(ChangeEventsTest, MergeGroupReportsItsHead) {
  const HookResult result = Read("merge_group", MergeGroupPayload());
  EXPECT_EQ(ActionOf(result), "checks_requested");
  const HookReport call = Call(result);
  EXPECT_EQ(call.repository, "Codertocat/Hello-World");
  EXPECT_EQ(call.repository_id, 186853002);
  EXPECT_EQ(call.sha, kHeadSha);
  EXPECT_TRUE(call.contexts.empty());
  EXPECT_FALSE(call.rerun);
  EXPECT_EQ(call.change->event, "merge_group");
  EXPECT_EQ(call.change->head_ref,
            "refs/heads/gh-readonly-queue/main/pr-104-929f8209");
  EXPECT_EQ(call.change->base_ref, "refs/heads/main");
  EXPECT_EQ(call.change->clone_url,
            "https://github.com/Codertocat/Hello-World.git");
  EXPECT_EQ(call.change->pull_request_number, 0);
}

TEST(ChangeEventsTest, MergeGroupMayBeOfARepositoryWithoutACloneUrl) {
  for (const Json& payload :
       {Without(MergeGroupPayload(), "repository.clone_url"),
        With(MergeGroupPayload(), "repository.clone_url", nullptr)}) {
    EXPECT_EQ(Call(Read("merge_group", payload)).change->clone_url, "");
  }
}

TEST(ChangeEventsTest, TimesAreReadStrictly) {
  const auto updated = [](const std::string& text) {
    return Read("pull_request",
                With(PullRequestPayload(), "pull_request.updated_at", text));
  };
  EXPECT_EQ(Call(updated("2019-05-15T17:20:33+02:00")).change->updated_time,
            absl::FromUnixSeconds(1557933633));
  for (const char* bad : {"", "infinite-future", "infinite-past", " 2019",
                          "2019-05-15", "1557933633", "2019-13-15T15:20:33Z",
                          "2019-05-15T15:20:33", "+2019-05-15T15:20:33Z",
                          "20190-05-15T15:20:33Z", " 2019-05-15T15:20:33Z"}) {
    EXPECT_TRUE(IsMalformed(updated(bad))) << bad;
  }
}

// A title is for people. Texts for machines are refused rather than cut.
TEST(ChangeEventsTest, LongTitlesAreCutBetweenCharacters) {
  std::string title;
  for (int i = 0; i < 1000; ++i) title += "\xe2\x82\xac";
  const HookReport call = Call(Read(
      "pull_request", With(PullRequestPayload(), "pull_request.title", title)));
  EXPECT_EQ(call.change->title, title.substr(0, 1023));

  const std::string ref = absl::StrCat("refs/heads/", std::string(1100, 'x'));
  EXPECT_TRUE(IsMalformed(Read("push", PushPayload(ref.c_str()))));
}

// A repository's name is repeated in many places of a delivery; another one
// must never be taken for it.
TEST(ChangeEventsTest, OnlyTheTopLevelRepositoryCounts) {
  Json payload = PullRequestPayload();
  payload["pull_request"]["base"]["repo"]["full_name"] = "evil/other";
  payload["pull_request"]["head"]["repo"]["full_name"] = "evil/other";
  payload["organization"] = {{"repository", {{"full_name", "evil/other"}}}};
  EXPECT_EQ(Call(Read("pull_request", payload)).repository,
            "Codertocat/Hello-World");
}

// Enterprise Servers before 2.17 lack the member.
TEST(ChangeEventsTest, WithoutTheMemberItIsNoDraft) {
  const Json good = PullRequestPayload();
  for (const Json& payload : {Without(good, "pull_request.draft"),
                              With(good, "pull_request.draft", nullptr),
                              With(good, "pull_request.draft", false)}) {
    EXPECT_FALSE(
        RequestOf<HookReport>(Read("pull_request", payload)).change->draft);
  }
  EXPECT_TRUE(RequestOf<HookReport>(
                  Read("pull_request", With(good, "pull_request.draft", true)))
                  .change->draft);
  EXPECT_TRUE(IsMalformed(
      Read("pull_request", With(good, "pull_request.draft", "yes"))));
}

}  // namespace
}  // namespace signalbox
