#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_CALL_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_CALL_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tests/github_simulator/github_rules.h"
#include "tests/github_simulator/request_target.h"

namespace signalbox {

// Who makes a request, as its Authorization header says.
struct Caller {
  enum class Kind { kNobody, kUser, kInstallation, kApp };

  Kind kind = Kind::kNobody;
  int64_t id = 0;     // Of the installation or of the App; else 0.
  std::string token;  // As the client sent it.
  // The name under which its budget and its limits are kept (see Limits).
  std::string account;
  // Why GitHub refuses an App's JWT, in GitHub's words; empty: it does not.
  std::string complaint;
};

// A request with what the rules have found out about it. Routes and the classes
// behind it pass it on.
struct Call {
  const SimulatedRequest& request;
  absl::Time now;
  RequestTarget target;
  bool is_read = false;  // GET or HEAD
  Caller caller;
  // The client has stopped waiting for the answer. So it is not to blame for
  // the effect, such as a pending that arrives after a result.
  bool is_given_up = false;
};

// The first header of that name; the case of the name does not matter. Null:
// there is none.
const std::string* FindHeader(const SimulatedRequest& request,
                              absl::string_view name);

// The same header's value; empty if there is none.
absl::string_view HeaderOf(const SimulatedRequest& request,
                           absl::string_view name);

// The token in the header `Authorization: Bearer TOKEN`, `token TOKEN`, or
// `Basic` with the token as the password, or as the user with `x-oauth-basic`
// or nothing as the password. Empty: there is none. Sets `is_bearer` to whether
// it was the first form.
std::string TokenOf(const SimulatedRequest& request, bool* is_bearer);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_CALL_H_
