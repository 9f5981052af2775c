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

// The bodies of webhooks, with the members of GitHub's published examples.
// Pure.

// The common part of all payloads.
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

// What was pushed: one commit to a branch, or a tag of an existing commit.
struct PushedRef {
  std::string ref = "refs/heads/main";  // In full.
  std::string before = "";              // Zeros: the ref is new.
  // Where the ref leads now; for an annotated tag, the tag object. Zeros: the
  // ref is deleted.
  std::string after = "";
  std::string commit = "";  // The commit behind `after`.
};

nlohmann::ordered_json PushPayload(const WebhookScene& scene,
                                   const PushedRef& pushed);

// `head_sha` is GitHub's merge of the pull request and its base.
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

// For "renamed" and "transferred", `old_full_name` is the name before.
nlohmann::ordered_json RepositoryPayload(const WebhookScene& scene,
                                         absl::string_view action,
                                         const std::string& old_full_name);

// `installation` is in the form of GitHub's API.
nlohmann::ordered_json InstallationPayload(
    const WebhookScene& scene, absl::string_view action,
    const nlohmann::ordered_json& installation);

// For an event that the simulator does not know.
nlohmann::ordered_json UnknownPayload(const WebhookScene& scene,
                                      absl::string_view action);

// `hook` is in the form of GitHub's API. The payload names the repository and
// the organisation that the scene has.
nlohmann::ordered_json PingPayload(const WebhookScene& scene,
                                   const nlohmann::ordered_json& hook);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_WEBHOOK_PAYLOAD_H_
