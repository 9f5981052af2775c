#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_STATUS_REQUEST_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_STATUS_REQUEST_H_

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace signalbox {

// The status that a request asks for. Null and absent texts are empty.
struct NewStatus {
  std::string state = "";
  std::string description = "";
  std::string target_url = "";
  std::string context = "default";
};

// Why GitHub refuses a request, for the body of its answer.
struct Refusal {
  int http_status = 422;
  std::string message;
  std::string errors = "";  // A JSON array; empty: the body has none.
};

// One element of Refusal::errors about a field of a status. An empty `field` is
// left out.
nlohmann::ordered_json StatusFieldError(absl::string_view field,
                                        absl::string_view message);

// Reads the body of `POST /repos/{owner}/{repo}/statuses/{sha}` by GitHub's
// rules. Fills in `status`, or returns why not. Pure; accepts any bytes.
std::optional<Refusal> ReadStatusRequest(absl::string_view body,
                                         NewStatus* status);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_STATUS_REQUEST_H_
