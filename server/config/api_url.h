#ifndef SIGNALBOX_SERVER_CONFIG_API_URL_H_
#define SIGNALBOX_SERVER_CONFIG_API_URL_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace signalbox {

// The base URL of the API of a GitHub host such as `github.com`, if the
// configuration names no other.
std::string DefaultApiUrl(absl::string_view host);

// Checks the base URL of an API that the configuration file or a flag gives: an
// http or https URL without user, query and fragment. Returns it without a
// slash at its end. The server sends tokens to this URL. Therefore http is
// allowed for this machine only, unless `allow_http` is true.
//
// INVALID_ARGUMENT, reason INVALID_CONFIG: the message begins with the URL and
// `is not`; the caller puts the name of the option before it.
absl::StatusOr<std::string> CleanApiUrl(absl::string_view url, bool allow_http);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_CONFIG_API_URL_H_
