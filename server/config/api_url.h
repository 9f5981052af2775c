#ifndef SIGNALBOX_SERVER_CONFIG_API_URL_H_
#define SIGNALBOX_SERVER_CONFIG_API_URL_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace signalbox {

// The base URL of the API of a host of GitHub, unless configured otherwise.
std::string DefaultApiUrl(absl::string_view host);

// Checks the base URL of an API, from the file or a flag: http(s) without user,
// query and fragment. Returns it without a slash at its end; the URL may have
// one. The server sends tokens there, so http is allowed only for this machine,
// unless `allow_http`. INVALID_ARGUMENT, reason INVALID_CONFIG, as `"x" is not
// ...`.
absl::StatusOr<std::string> CleanApiUrl(absl::string_view url, bool allow_http);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_CONFIG_API_URL_H_
