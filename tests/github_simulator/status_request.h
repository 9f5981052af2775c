#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_STATUS_REQUEST_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_STATUS_REQUEST_H_

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace signalbox {

// The status that the body of a request asks for. Null and absent texts are
// empty.
struct NewStatus {
  std::string state = "";
  std::string description = "";
  std::string target_url = "";
  std::string context = "default";
};

// Why GitHub refuses a request: the status code and error object of its answer.
struct Refusal {
  int http_status = 422;
  std::string message;
  std::string errors = "";  // A JSON array; empty: the body has none.
};

// Reads a body that must be a JSON object. Sets `json`, or returns why GitHub
// refuses the body. Pure. The body may be any bytes.
std::optional<Refusal> ReadObject(absl::string_view body,
                                  nlohmann::ordered_json* json);

// One element of Refusal::errors: what is wrong with a field of a status. If
// `field` is empty, the element has none.
nlohmann::ordered_json StatusFieldError(absl::string_view field,
                                        absl::string_view message);

// Reads the body of `POST /repos/{owner}/{repo}/statuses/{sha}` by GitHub's
// rules. Sets `status`, or returns why GitHub refuses the body. Pure. The body
// may be any bytes.
std::optional<Refusal> ReadStatusRequest(absl::string_view body,
                                         NewStatus* status);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_STATUS_REQUEST_H_
