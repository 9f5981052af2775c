#include <string>
#include <utility>

#include "common/names.h"
#include "shim/webhook/event_row.h"

namespace signalbox {
namespace {

constexpr size_t kMaxUrl = 2048;

// GitHub asks only the App that made the run to run it again.
HookResult ReadCheckRun(MemberReader& read) {
  HookPending pending;
  pending.repository = read.Repository();
  pending.repository_id = read.Id("repository.id");
  pending.sha = read.Sha("check_run.head_sha");
  pending.rerun = true;
  std::string name = read.Text("check_run.name");
  if (name.empty()) read.Refuse("check_run.name", "is empty");
  if (!IsContext(name))
    return HookIgnored{"", "the check run's name is not the name of a context"};
  pending.contexts.push_back(std::move(name));
  return HookCall{"", std::move(pending)};
}

HookResult ReadCheckSuite(MemberReader& read) {
  HookPending pending;
  pending.repository = read.Repository();
  pending.repository_id = read.Id("repository.id");
  pending.sha = read.Sha("check_suite.head_sha");
  pending.rerun = true;
  return HookCall{"", std::move(pending)};
}

HookState ReadState(MemberReader& read) {
  const std::string state = read.Text("state");
  if (state == "pending") return HookState::kPending;
  if (state == "success") return HookState::kSuccess;
  if (state == "failure") return HookState::kFailure;
  if (state != "error") read.Refuse("state", "is not a commit state");
  return HookState::kError;
}

HookResult ReadStatus(MemberReader& read) {
  HookStatus status;
  status.repository = read.Repository();
  status.repository_id = read.Id("repository.id");
  status.sha = read.Sha("sha");
  status.context = read.Text("context");
  // The server would replace an empty context by its default.
  if (status.context.empty()) read.Refuse("context", "is empty");
  status.state = ReadState(read);
  status.description = read.OptionalTitle("description");
  status.target_url = read.OptionalLongText("target_url");
  if (status.target_url.size() > kMaxUrl) status.target_url.clear();
  status.status_id = read.Id("id");
  if (read.HasObject("sender")) {
    status.creator_login = read.Text("sender.login");
  }
  return HookCall{"", std::move(status)};
}

}  // namespace

std::vector<EventRow> CheckEvents() {
  return {
      {.event = "check_run",
       .actions = {"rerequested"},
       .must_have = {"action", "check_run", "repository"},
       .must_not_have = {"check_suite", "deployment", "pull_request",
                         "merge_group"},
       .wanted = {"check_run.head_sha", "check_run.name",
                  "repository.full_name", "repository.html_url",
                  "repository.id"},
       .read = ReadCheckRun},
      {.event = "check_suite",
       .actions = {"rerequested"},
       .must_have = {"action", "check_suite", "repository"},
       .must_not_have = {"check_run", "pull_request", "merge_group",
                         "workflow_run"},
       .wanted = {"check_suite.head_sha", "repository.full_name",
                  "repository.html_url", "repository.id"},
       .read = ReadCheckSuite},
      {.event = "status",
       .actions = {},
       .must_have = {"id", "sha", "state", "context", "repository"},
       .must_not_have = {"action", "ref", "head_commit", "pull_request"},
       .wanted = {"description", "repository.full_name", "repository.html_url",
                  "repository.id", "sender", "sender.login", "target_url"},
       .read = ReadStatus},
  };
}

}  // namespace signalbox
