#ifndef SIGNALBOX_REST_STATUS_REQUEST_H_
#define SIGNALBOX_REST_STATUS_REQUEST_H_

#include <cstddef>
#include <string>
#include <variant>

#include "absl/strings/string_view.h"
#include "rest/refusal.h"
#include "signalbox/v1/status_service.pb.h"

namespace signalbox {

// The longest body of a request, in bytes.
constexpr size_t kMaxRestBody = 256 << 10;

// GitHub's four states, by name.
v1::CommitState StateNamed(absl::string_view name);  // Unspecified: none.
absl::string_view NameOf(v1::CommitState state);     // Empty: none.

// The body of a request that creates a commit status.
struct StatusRequest {
  v1::CommitState state = v1::COMMIT_STATE_UNSPECIFIED;
  std::string context;  // Never empty: GitHub's default is `default`.
  std::string description;
  std::string target_url;
};

// Reads a body as GitHub does. Members that are null or empty count as absent,
// and unknown ones are ignored. Refused with 400: it is not strictly JSON, or
// not an object. With 422: the state is not one of the four, the context is
// not one that may be reported, or a member of these four is no text. (The
// server repairs descriptions and links, which are no reason to lose a result.)
std::variant<StatusRequest, RestRefusal> ReadStatusRequest(
    absl::string_view body);

// The request to the server. A report over REST has no number. As at GitHub,
// the newest text wins, and a pending does not expire by itself unless the
// server's configuration says so. `repository` is `HOST/OWNER/NAME`; `sha` is a
// full sha.
std::variant<v1::ReportPendingRequest, v1::ReportResultRequest> ReportOf(
    const StatusRequest& status, const std::string& repository,
    const std::string& sha);

}  // namespace signalbox

#endif  // SIGNALBOX_REST_STATUS_REQUEST_H_
