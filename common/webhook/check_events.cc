#include <optional>
#include <string>
#include <utility>

#include "common/names.h"
#include "common/webhook/event_row.h"

namespace signalbox {
namespace {

constexpr size_t kMaxUrl = 2048;

// GitHub asks only the App that made the run to run it again.
HookResult ReadCheckRun(MemberReader& read) {
  HookReport report = ReadReport(read, "check_run.head_sha");
  report.rerun = true;
  std::string name = read.Text("check_run.name");
  if (name.empty()) read.Refuse("check_run.name", "is empty");
  if (!IsContext(name))
    return HookIgnored{"", "the check run's name is not the name of a context"};
  report.contexts.push_back(std::move(name));
  return HookCall{"", std::move(report)};
}

HookResult ReadCheckSuite(MemberReader& read) {
  HookReport report = ReadReport(read, "check_suite.head_sha");
  report.rerun = true;
  return HookCall{"", std::move(report)};
}

// Nothing: it is pending.
std::optional<Result> ReadResult(MemberReader& read) {
  const std::string state = read.Text("state");
  if (state == "pending") return std::nullopt;
  if (state == "success") return Result::kSuccess;
  if (state == "failure") return Result::kFailure;
  if (state != "error") read.Refuse("state", "is not a commit state");
  return Result::kError;
}

HookResult ReadStatus(MemberReader& read) {
  HookReport report = ReadReport(read, "sha");
  report.contexts.push_back(read.Text("context"));
  // The server would replace an empty context by its default.
  if (report.contexts[0].empty()) read.Refuse("context", "is empty");
  report.result = ReadResult(read);
  report.description = read.OptionalTitle("description");
  report.target_url = read.OptionalLongText("target_url");
  if (report.target_url.size() > kMaxUrl) report.target_url.clear();
  HookObserved& observed = report.observed.emplace();
  observed.status_id = read.Id("id");
  if (read.HasObject("sender")) {
    observed.creator_login = read.Text("sender.login");
  }
  return HookCall{"", std::move(report)};
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
