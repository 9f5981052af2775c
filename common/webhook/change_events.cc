#include <utility>

#include "absl/strings/match.h"
#include "common/webhook/event_row.h"

namespace signalbox {
namespace {

// Of the year 9999, the last one that other formats can write.
constexpr int64_t kLastSecond = 253402300799;

HookResult ReadPullRequest(MemberReader& read) {
  const bool edited = read.Text("action") == "edited";
  if (edited && !read.HasObject("changes.base")) {
    return HookIgnored{"", "the edit did not change the base branch"};
  }
  HookReport report = ReadReport(read, "pull_request.head.sha");
  // The base has changed, so the same head may need another run. The server
  // decides that, by the delivery's action.
  report.rerun = edited;

  HookChange& change = report.change.emplace();
  change.event = "pull_request";
  change.pull_request_number = read.Id("number");
  change.title = read.Title("pull_request.title");
  change.author = read.Login("pull_request.user");
  change.head_ref = read.Text("pull_request.head.ref");
  change.base_ref = read.Text("pull_request.base.ref");
  // Enterprise Servers before 2.17 know no drafts.
  change.draft = read.OptionalBool("pull_request.draft");
  change.updated_time = read.Time("pull_request.updated_at");
  const int64_t base_id = read.Id("pull_request.base.repo.id");
  change.fork = true;
  if (read.IsObject("pull_request.head.repo")) {
    change.fork = read.Id("pull_request.head.repo.id") != base_id;
    change.clone_url = read.Text("pull_request.head.repo.clone_url");
  }
  return HookCall{"", std::move(report)};
}

HookResult ReadPush(MemberReader& read) {
  HookReport report;
  report.repository = read.Repository();
  report.repository_id = read.Id("repository.id");
  HookChange& change = report.change.emplace();
  change.event = "push";
  change.base_ref = read.Text("ref");
  change.clone_url = read.Text("repository.clone_url");
  const bool deleted = read.Bool("deleted");
  if (!read.IsObject("head_commit") || deleted) {
    return HookIgnored{"", "the push deleted the ref, or it shows no commit"};
  }
  report.sha = read.Sha("head_commit.id");
  // GitHub announces a merge queue's commits by merge_group.
  if (absl::StartsWith(change.base_ref, "refs/heads/gh-readonly-queue/")) {
    return HookIgnored{"", "the branch belongs to a merge queue"};
  }
  if (!absl::StartsWith(change.base_ref, "refs/heads/") &&
      !absl::StartsWith(change.base_ref, "refs/tags/")) {
    return HookIgnored{"", "the ref is neither a branch nor a tag"};
  }
  if (read.Has("sender")) change.author = read.Login("sender");
  const int64_t pushed = read.LooseNumber("repository.pushed_at");
  if (pushed > 0 && pushed <= kLastSecond) {
    change.updated_time = absl::FromUnixSeconds(pushed);
  }
  return HookCall{"", std::move(report)};
}

// `head_commit.id` can differ from `head_sha`, which the queue looks at.
HookResult ReadMergeGroup(MemberReader& read) {
  HookReport report = ReadReport(read, "merge_group.head_sha");
  HookChange& change = report.change.emplace();
  change.event = "merge_group";
  change.head_ref = read.Text("merge_group.head_ref");
  change.base_ref = read.Text("merge_group.base_ref");
  change.clone_url = read.OptionalText("repository.clone_url");
  return HookCall{"", std::move(report)};
}

}  // namespace

std::vector<EventRow> ChangeEvents() {
  return {
      {.event = "pull_request",
       .actions = {"opened", "synchronize", "reopened", "ready_for_review",
                   "edited"},
       .must_have = {"action", "number", "pull_request", "repository"},
       .must_not_have = {"comment", "review", "thread", "ref", "head_commit"},
       .wanted = {"changes.base", "pull_request.base.ref",
                  "pull_request.base.repo.id", "pull_request.draft",
                  "pull_request.head.ref", "pull_request.head.repo",
                  "pull_request.head.repo.clone_url",
                  "pull_request.head.repo.id", "pull_request.head.sha",
                  "pull_request.title", "pull_request.updated_at",
                  "pull_request.user", "pull_request.user.login",
                  "repository.full_name", "repository.html_url",
                  "repository.id"},
       .read = ReadPullRequest},
      {.event = "push",
       .actions = {},
       .must_have = {"ref", "head_commit", "repository"},
       .must_not_have = {"action", "pull_request"},
       .wanted = {"deleted", "head_commit.id", "repository.clone_url",
                  "repository.full_name", "repository.html_url",
                  "repository.id", "repository.pushed_at", "sender",
                  "sender.login"},
       .read = ReadPush},
      {.event = "merge_group",
       .actions = {"checks_requested"},
       .must_have = {"action", "merge_group", "repository"},
       .must_not_have = {"pull_request", "check_run", "check_suite", "ref"},
       .wanted = {"merge_group.base_ref", "merge_group.head_ref",
                  "merge_group.head_sha", "repository.clone_url",
                  "repository.full_name", "repository.html_url",
                  "repository.id"},
       .read = ReadMergeGroup},
  };
}

}  // namespace signalbox
