#ifndef SIGNALBOX_SERVER_GITHUB_APP_ANSWERS_H_
#define SIGNALBOX_SERVER_GITHUB_APP_ANSWERS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/secret.h"

namespace signalbox {

// GitHub's record that an App may act for an account.
struct Installation {
  int64_t id = 0;
  bool suspended = false;
  // The App's permissions, such as `statuses=write`, sorted. Empty: GitHub did
  // not say.
  std::vector<std::string> permissions = {};
};

// A token that GitHub made for an installation.
struct InstallationToken {
  Secret value;
  absl::Time expiry_time;  // By GitHub's clock.
  // As for Installation.
  std::vector<std::string> permissions = {};
};

// These functions parse the bodies of GitHub's answers to an App.
// INVALID_ARGUMENT if the body is not the expected JSON object; the message
// says what is wrong and holds nothing of the body. They ignore unknown
// members, permissions whose name or value is not one word, and all permissions
// after the first 200.
absl::StatusOr<Installation> ParseInstallation(absl::string_view body);

// The token must be one printable word of at most 8 KiB. Nothing else is
// assumed about it, since GitHub may change its form.
absl::StatusOr<InstallationToken> ParseInstallationToken(
    absl::string_view body);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_GITHUB_APP_ANSWERS_H_
