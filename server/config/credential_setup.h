#ifndef SIGNALBOX_SERVER_CONFIG_CREDENTIAL_SETUP_H_
#define SIGNALBOX_SERVER_CONFIG_CREDENTIAL_SETUP_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/secret.h"
#include "server/config/config.h"
#include "server/github/app_credentials.h"
#include "server/github/credentials.h"
#include "server/github/rate_limiter.h"

namespace signalbox {

// Flags and environment variables that change the `github` part of the
// configuration file.
struct CredentialFlags {
  // The URL to use instead of https://api.github.com, without a slash at its
  // end. Empty: not set.
  std::string github_api_url;
  // A token for all accounts of github.com that the configuration file does not
  // name. It replaces the token or App of the file's item "*", whose pace and
  // other settings stay. Either the file that holds the token, which the server
  // reads again when it changes, or the token itself. Both empty: not set.
  std::string github_token_file;
  Secret github_token;
};

// All credentials of the server, with their hosts and paces.
struct CredentialSetup {
  std::unique_ptr<Credentials> credentials;
  std::vector<std::string> known_hosts;  // In lower case.
  // The URL of a host's API, by the name of the host.
  std::map<std::string, std::string> api_urls;
  // By "host/account" in lower case, "host/*" for the accounts that no item
  // names, and by the ids of the Apps' own credentials. Use PaceOf.
  std::map<std::string, PaceOptions, std::less<>> paces;

  // How fast the credential with this id may post.
  PaceOptions PaceOf(absl::string_view credential_id) const;
};

// The `ca_file` of each API, by the API's URL, for CurlTransportOptions. APIs
// without one are left out.
std::map<std::string, std::string> CaFilesOf(
    const std::vector<GitHubConfig>& github);

// Reads the tokens and keys, and makes the credentials. `app_options` are for
// the Apps. Errors name the file that cannot be used.
absl::StatusOr<CredentialSetup> SetUpCredentials(
    const std::vector<GitHubConfig>& github, const CredentialFlags& flags,
    AppCredentialsOptions app_options);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_CONFIG_CREDENTIAL_SETUP_H_
