#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/webhook/event_row.h"
#include "tests/common/webhook/hook_results.h"

namespace signalbox {
namespace {

using Contexts = std::vector<std::string>;

HookResult Comment(const std::string& body) {
  return Read("issue_comment", CommentPayload(body.c_str()));
}

Contexts ContextsOf(const std::string& body) {
  return RequestOf<HookRetest>(Comment(body)).contexts;
}

TEST(CommentEventsTest, RetestNamesThePullRequestAndWhoAsks) {
  const HookResult result = Comment("/retest");
  EXPECT_EQ(ActionOf(result), "created");
  const HookRetest call = RequestOf<HookRetest>(result);
  EXPECT_EQ(call.repository, "Codertocat/Hello-World");
  EXPECT_EQ(call.pull_request_number, 2);
  EXPECT_TRUE(call.contexts.empty());
  EXPECT_EQ(call.login, "Codertocat");
  EXPECT_EQ(call.author_association, "OWNER");
}

TEST(CommentEventsTest, CommentsThatDoNotAskAreIgnored) {
  EXPECT_TRUE(IsIgnored(Comment("please /retest")));
  EXPECT_TRUE(IsIgnored(Comment("```\n/retest\n```")));
  EXPECT_TRUE(IsIgnored(Comment("/retest " + std::string(256, 'x'))));
  EXPECT_TRUE(IsCall(Comment("/retest " + std::string(255, 'x'))));
  EXPECT_EQ(ContextsOf("/retest ci/build, ci/lint"),
            (Contexts{"ci/build", "ci/lint"}));
}

// GitHub's longest comments are far longer than other members.
TEST(CommentEventsTest, CommentsMayBeLong) {
  EXPECT_EQ(ContextsOf(std::string(65000, 'x') + "\n/retest a"), Contexts{"a"});
}

// The bound is the server's.
TEST(CommentEventsTest, ContextsAreBounded) {
  std::string body;
  for (int i = 0; i < 100; ++i) absl::StrAppend(&body, "/retest c", i, "\n");
  EXPECT_EQ(ContextsOf(body).size(), 100u);
  EXPECT_EQ(ContextsOf(body + body).size(), 100u);
  EXPECT_TRUE(IsIgnored(Comment(body + "/retest c100")));
  EXPECT_TRUE(IsIgnored(Comment(body + "/retest c100\n/retest c101")));
  EXPECT_EQ(ContextsOf(body + "/retest c100\n/retest"), Contexts{});
}

TEST(CommentEventsTest, OnlyOpenPullRequestsAreRetested) {
  const Json good = CommentPayload();
  EXPECT_TRUE(
      IsIgnored(Read("issue_comment", Without(good, "issue.pull_request"))));
  EXPECT_TRUE(IsIgnored(
      Read("issue_comment", With(good, "issue.pull_request", nullptr))));
  EXPECT_TRUE(IsMalformed(
      Read("issue_comment", With(good, "issue.pull_request", "x"))));
  EXPECT_TRUE(
      IsIgnored(Read("issue_comment", With(good, "issue.state", "closed"))));
}

// A bot may quote a person's command, and answer itself for ever.
TEST(CommentEventsTest, OnlyPeopleAreHeard) {
  const Json good = CommentPayload();
  EXPECT_TRUE(
      IsIgnored(Read("issue_comment", With(good, "comment.user.type", "Bot"))));
  EXPECT_TRUE(
      IsIgnored(Read("issue_comment", With(good, "sender.type", "Bot"))));
  EXPECT_TRUE(
      IsIgnored(Read("issue_comment", With(good, "comment.user", nullptr))));
  EXPECT_TRUE(
      IsMalformed(Read("issue_comment", With(good, "comment.user.login", ""))));
  EXPECT_TRUE(IsCall(Read("issue_comment", Without(good, "sender"))));
}

TEST(CommentEventsTest, AssociationMayBeMissing) {
  const Json good = CommentPayload();
  EXPECT_EQ(
      RequestOf<HookRetest>(
          Read("issue_comment", Without(good, "comment.author_association")))
          .author_association,
      "");
}

// The author of the comment asks, not the author of the pull request.
TEST(CommentEventsTest, OnlyTheCommentCounts) {
  EXPECT_TRUE(IsIgnored(Comment("nice")));
  Json payload = CommentPayload("/retest a");
  payload["issue"]["user"]["login"] = "evil";
  payload["issue"]["author_association"] = "OWNER";
  payload["comment"]["author_association"] = "NONE";
  const HookRetest call = RequestOf<HookRetest>(Read("issue_comment", payload));
  EXPECT_EQ(call.login, "Codertocat");
  EXPECT_EQ(call.author_association, "NONE");
}

}  // namespace
}  // namespace signalbox
