#ifndef SIGNALBOX_SERVER_GITHUB_APP_ANSWERS_H_
#define SIGNALBOX_SERVER_GITHUB_APP_ANSWERS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/secret.h"

namespace signalbox {

// GitHub's record that an App may act for an account.
struct Installation {
  int64_t id = 0;
  bool suspended = false;
  // What the App may do: `statuses=write`, sorted. Empty: not told.
  std::vector<std::string> permissions = {};
};

// A token that an installation was given.
struct InstallationToken {
  Secret value;
  absl::Time expiry_time;  // By GitHub's clock.
  // As an Installation's.
  std::vector<std::string> permissions = {};
};

// The bodies of GitHub's answers to an App. INVALID_ARGUMENT, which names what
// is wrong and holds nothing of the body, for anything else than such an
// object. Unknown members are passed over, and of permissions whatever is not
// one word for another, and all beyond the first 200.
absl::StatusOr<Installation> ParseInstallation(absl::string_view body);

// Of the token only this is believed: it is one printable word of at most
// 8 KiB. Its form is GitHub's business.
absl::StatusOr<InstallationToken> ParseInstallationToken(
    absl::string_view body);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_GITHUB_APP_ANSWERS_H_
