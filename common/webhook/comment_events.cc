#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/webhook/event_row.h"
#include "common/webhook/retest_command.h"

namespace signalbox {
namespace {

// The server decides whether the author may do this. It also finds the head,
// which the comment does not name.
HookResult ReadComment(MemberReader& read) {
  HookRetest retest;
  retest.pull_request_number = read.Id("issue.number");
  const std::string comment = read.LongText("comment.body");
  if (!read.HasObject("issue.pull_request")) {
    return HookIgnored{"", "the comment is not on a pull request"};
  }
  std::optional<std::vector<std::string>> contexts = ReadRetestCommand(comment);
  if (!contexts.has_value()) {
    return HookIgnored{"", "the comment has no line with /retest"};
  }
  if (contexts->size() > kMaxRetestContexts) {
    return HookIgnored{"", "the comment names more than 100 contexts"};
  }
  // A bot's comment may quote a person's comment, or answer it.
  if (!read.IsObject("comment.user")) {
    return HookIgnored{"", "the comment's author no longer exists"};
  }
  if (read.Text("comment.user.type") == "Bot" ||
      read.OptionalText("sender.type") == "Bot") {
    return HookIgnored{"", "the comment is from a bot"};
  }
  if (read.Text("issue.state") != "open") {
    return HookIgnored{"", "the pull request is not open"};
  }
  retest.repository = read.Repository();
  retest.contexts = *std::move(contexts);
  retest.login = read.Text("comment.user.login");
  if (retest.login.empty()) read.Refuse("comment.user.login", "is empty");
  retest.author_association = read.OptionalText("comment.author_association");
  return HookCall{"", std::move(retest)};
}

}  // namespace

std::vector<EventRow> CommentEvents() {
  return {
      {.event = "issue_comment",
       .actions = {"created"},
       .must_have = {"action", "issue", "comment", "repository"},
       .must_not_have = {"pull_request", "review", "thread", "discussion"},
       .wanted = {"comment.author_association", "comment.body", "comment.user",
                  "comment.user.login", "comment.user.type", "issue.number",
                  "issue.pull_request", "issue.state", "repository.full_name",
                  "repository.html_url", "sender.type"},
       .read = ReadComment},
  };
}

}  // namespace signalbox
