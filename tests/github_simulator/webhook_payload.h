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

inline constexpr int64_t kHookId = 4'300'000'017;

// What all payloads are made of.
struct WebhookScene {
  SimulatedRepository repository;
  std::string api_url;
  absl::Time now;
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

nlohmann::ordered_json PingPayload(const WebhookScene& scene);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_WEBHOOK_PAYLOAD_H_
