#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_CONTROL_ORDERS_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_CONTROL_ORDERS_H_

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tests/github_simulator/github_rules.h"
#include "tests/github_simulator/request_target.h"

namespace signalbox {

// The control API's orders that change GitHub; README.md describes them. An
// order takes effect completely, or answers 422 and changes nothing.

// `POST /_simulator/WHAT`; 404 if there is no such order.
SimulatedResponse CarryOutPost(absl::string_view what, absl::string_view body,
                               absl::Time now, GitHubRules* rules);

// `DELETE /_simulator/WHAT?...`; likewise.
SimulatedResponse CarryOutDelete(const RequestTarget& target,
                                 GitHubRules* rules);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_CONTROL_ORDERS_H_
