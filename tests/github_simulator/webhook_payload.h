#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_WEBHOOK_PAYLOAD_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_WEBHOOK_PAYLOAD_H_

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tests/github_simulator/github_objects.h"
#include "tests/github_simulator/github_rules.h"
#include "tests/github_simulator/pull_requests.h"

namespace signalbox {

// The bodies of webhooks, with the members that GitHub's published examples
// have. Pure.

// What all payloads are made of.
struct WebhookScene {
  SimulatedRepository repository = {};
  std::string api_url = "";
  absl::Time now = absl::UnixEpoch();
  std::string organization = "";  // A login.
};

// `before` is the head before a synchronize.
nlohmann::ordered_json PullRequestPayload(const WebhookScene& scene,
                                          absl::string_view action,
                                          const PullRequest& pull_request,
                                          absl::string_view before);

// What was pushed: one commit to a branch, or a tag of a commit that is there.
struct PushedRef {
  std::string ref = "refs/heads/main";  // In full.
  std::string before = "";              // Zeros: it is new.
  // Where it leads now: of an annotated tag, the tag itself. Zeros: it is
  // deleted.
  std::string after = "";
  std::string commit = "";  // What that is in the end.
};

nlohmann::ordered_json PushPayload(const WebhookScene& scene,
                                   const PushedRef& pushed);

// `head_sha` is what GitHub makes of the pull request and its base.
nlohmann::ordered_json MergeGroupPayload(const WebhookScene& scene,
                                         absl::string_view action,
                                         int pull_request_number,
                                         absl::string_view head_sha);

// A comment on a pull request, or on an issue.
struct WebhookComment {
  std::string body = "/retest";
  std::string login = "octocat";  // Of a bot if it ends with "[bot]".
  std::string author_association = "MEMBER";
  bool is_on_issue = false;
};

nlohmann::ordered_json IssueCommentPayload(const WebhookScene& scene,
                                           absl::string_view action,
                                           const PullRequest& pull_request,
                                           const WebhookComment& comment);

nlohmann::ordered_json StatusPayload(const WebhookScene& scene,
                                     absl::string_view sha,
                                     const GitHubRules::Row& row);

// Of "renamed" and "transferred", `old_full_name` is what it was before.
nlohmann::ordered_json RepositoryPayload(const WebhookScene& scene,
                                         absl::string_view action,
                                         const std::string& old_full_name);

// `installation` as GitHub's API has it.
nlohmann::ordered_json InstallationPayload(
    const WebhookScene& scene, absl::string_view action,
    const nlohmann::ordered_json& installation);

// Of an event that nobody here knows.
nlohmann::ordered_json UnknownPayload(const WebhookScene& scene,
                                      absl::string_view action);

// `hook` as GitHub's API has it. The repository and the organisation are told
// if the scene has them.
nlohmann::ordered_json PingPayload(const WebhookScene& scene,
                                   const nlohmann::ordered_json& hook);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_WEBHOOK_PAYLOAD_H_
