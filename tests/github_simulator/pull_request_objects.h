#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_PULL_REQUEST_OBJECTS_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_PULL_REQUEST_OBJECTS_H_

#include <nlohmann/json_fwd.hpp>

#include "absl/strings/string_view.h"
#include "tests/github_simulator/github_objects.h"
#include "tests/github_simulator/pull_requests.h"

namespace signalbox {

// The JSON objects in which GitHub's API and webhooks show a pull request into
// the repository `base`. Links begin with `api_url`. Pure.

// The head of every base branch.
inline constexpr char kBaseSha[] = "ba5e00000000000000000000000000000000ba5e";

// A pull request as lists show it.
nlohmann::ordered_json SimplePullRequestObject(const SimulatedRepository& base,
                                               const PullRequest& pull_request,
                                               absl::string_view api_url);

// A pull request with all members.
nlohmann::ordered_json PullRequestObject(const SimulatedRepository& base,
                                         const PullRequest& pull_request,
                                         absl::string_view api_url);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_PULL_REQUEST_OBJECTS_H_
