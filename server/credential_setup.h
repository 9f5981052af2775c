#ifndef SIGNALBOX_SERVER_CREDENTIAL_SETUP_H_
#define SIGNALBOX_SERVER_CREDENTIAL_SETUP_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/base/secret.h"
#include "server/config.h"
#include "server/github/app_credentials.h"
#include "server/github/credentials.h"
#include "server/github/rate_limiter.h"

namespace signalbox {

// What flags and environment lay over the file's `github`.
struct CredentialFlags {
  // Serves github.com's names instead of https://api.github.com; no slash at
  // its end. Empty: not set.
  std::string github_api_url;
  // A token for every account of github.com that the file does not name: from
  // a file, or itself. It replaces the credential of the file's "*", whose pace
  // and other settings stay.
  std::string github_token_file;
  Secret github_token;
};

// Everybody who posts.
struct CredentialSetup {
  std::unique_ptr<Credentials> credentials;
  std::vector<std::string> known_hosts;
  // By the name of a host: where its API is.
  std::map<std::string, std::string> api_urls;
  // By "host/account", and "host/*" for all others, in lower case; and by the
  // ids of Apps as themselves.
  std::map<std::string, PaceOptions, std::less<>> paces;

  // How fast a credential may post.
  PaceOptions PaceOf(absl::string_view credential_id) const;
};

// Makes the credentials of tokens and of Apps; `app_options` are for the
// latter. Errors name the file that cannot be used.
absl::StatusOr<CredentialSetup> SetUpCredentials(
    const std::vector<GitHubConfig>& github, const CredentialFlags& flags,
    AppCredentialsOptions app_options);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_CREDENTIAL_SETUP_H_
