#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_CALL_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_CALL_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tests/github_simulator/github_rules.h"
#include "tests/github_simulator/request_target.h"

namespace signalbox {

// Who makes a request, by its Authorization header.
struct Caller {
  enum class Kind { kNobody, kUser, kInstallation, kApp };

  Kind kind = Kind::kNobody;
  int64_t id = 0;     // Of the installation or the App.
  std::string token;  // As the client sent it.
  // Requests count against this account's budget and stop during its limits.
  std::string account;
  // What is wrong with an App's JWT, in GitHub's words.
  std::string complaint;
};

// One request on its way through the rules.
struct Call {
  const SimulatedRequest& request;
  absl::Time now;
  RequestTarget target;
  bool is_read = false;  // GET or HEAD
  Caller caller;
  // The client no longer waits for it, so the effect is not held against it.
  bool is_given_up = false;
};

// The first header of that name in any case; null: there is none.
const std::string* FindHeader(const SimulatedRequest& request,
                              absl::string_view name);

// The same; empty if there is none.
absl::string_view HeaderOf(const SimulatedRequest& request,
                           absl::string_view name);

// The token of `Bearer TOKEN` or `token TOKEN`; empty if there is none.
// `is_bearer` says which of the two.
absl::string_view TokenOf(const SimulatedRequest& request, bool* is_bearer);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_CALL_H_
