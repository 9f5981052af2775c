#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_CONTROL_ORDERS_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_CONTROL_ORDERS_H_

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tests/github_simulator/github_rules.h"
#include "tests/github_simulator/request_target.h"

namespace signalbox {

// The orders of the simulator's control API that change GitHub, such as "add a
// repository"; README.md describes each. An order takes effect completely, or
// answers 422 with the reason and changes nothing.

// Answers `POST /_simulator/WHAT`. If there is no such order: 404.
SimulatedResponse CarryOutPost(absl::string_view what, absl::string_view body,
                               absl::Time now, GitHubRules* rules);

// Answers `DELETE /_simulator/WHAT?...`. If there is no such order: 404.
SimulatedResponse CarryOutDelete(const RequestTarget& target,
                                 GitHubRules* rules);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_CONTROL_ORDERS_H_
