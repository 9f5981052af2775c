#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_WEBHOOK_PAYLOAD_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_WEBHOOK_PAYLOAD_H_

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tests/github_simulator/github_objects.h"
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

// A push of one commit to a branch that existed. An `after` of zeros: the
// branch is deleted.
nlohmann::ordered_json PushPayload(const WebhookScene& scene,
                                   absl::string_view branch,
                                   absl::string_view before,
                                   absl::string_view after);

// `hook` as GitHub's API has it. The repository and the organisation are told
// if the scene has them.
nlohmann::ordered_json PingPayload(const WebhookScene& scene,
                                   const nlohmann::ordered_json& hook);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_WEBHOOK_PAYLOAD_H_
