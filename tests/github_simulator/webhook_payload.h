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

// The payloads of webhooks, one function for each event, with the members of
// GitHub's published examples. Pure.

// What all payloads have in common: where and when the event happens.
struct WebhookScene {
  SimulatedRepository repository = {};
  std::string api_url = "";
  absl::Time now = absl::UnixEpoch();
  std::string organization = "";  // A login.
};

// `before`: the former head, for the action "synchronize".
nlohmann::ordered_json PullRequestPayload(const WebhookScene& scene,
                                          absl::string_view action,
                                          const PullRequest& pull_request,
                                          absl::string_view before);

// A push of one commit to a branch, or of a tag to an existing commit.
struct PushedRef {
  std::string ref = "refs/heads/main";  // The full name of the ref.
  std::string before = "";  // Where it led before; zeros: it is new.
  // Where it leads now: a commit, or the tag object of an annotated tag. Zeros:
  // it is deleted.
  std::string after = "";
  std::string commit = "";  // The commit that `after` leads to.
};

nlohmann::ordered_json PushPayload(const WebhookScene& scene,
                                   const PushedRef& pushed);

// `head_sha`: the merge of the pull request and its base that GitHub made.
nlohmann::ordered_json MergeGroupPayload(const WebhookScene& scene,
                                         absl::string_view action,
                                         int pull_request_number,
                                         absl::string_view head_sha);

// A comment on a pull request, or on an issue.
struct WebhookComment {
  std::string body = "/retest";
  std::string login = "octocat";  // An App's if it ends with "[bot]".
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

// `old_full_name`: the name before, for "renamed" and "transferred".
nlohmann::ordered_json RepositoryPayload(const WebhookScene& scene,
                                         absl::string_view action,
                                         const std::string& old_full_name);

// `installation`: the JSON object of GitHub's API.
nlohmann::ordered_json InstallationPayload(
    const WebhookScene& scene, absl::string_view action,
    const nlohmann::ordered_json& installation);

// A payload for an event that the simulator does not know.
nlohmann::ordered_json UnknownPayload(const WebhookScene& scene,
                                      absl::string_view action);

// `hook`: the JSON object of GitHub's API.
nlohmann::ordered_json PingPayload(const WebhookScene& scene,
                                   const nlohmann::ordered_json& hook);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_WEBHOOK_PAYLOAD_H_
