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
  std::string token;  // As it was sent.
  // Whose hourly budget it takes, and who is silent after a limit.
  std::string account;
  // An App whose JWT is wrong has a complaint, in GitHub's words.
  std::string complaint;
};

// One request on its way through the rules.
struct Call {
  const SimulatedRequest& request;
  absl::Time now;
  RequestTarget target;
  bool is_read = false;  // GET or HEAD
  Caller caller;
  // The client gave up on it: whatever it does now is not the client's doing.
  bool is_given_up = false;
};

// The first header of that name in any case; null: there is none.
const std::string* FindHeader(const SimulatedRequest& request,
                              absl::string_view name);

// The same; empty if there is none.
absl::string_view HeaderOf(const SimulatedRequest& request,
                           absl::string_view name);

// What `Bearer TOKEN` or `token TOKEN` holds; empty if there is none.
// `is_bearer` tells which of the two.
absl::string_view TokenOf(const SimulatedRequest& request, bool* is_bearer);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_CALL_H_
