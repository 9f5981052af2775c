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

// The flags and environment variables that change the file's `github`.
struct CredentialFlags {
  // The API that serves github.com's names instead of https://api.github.com,
  // without a slash at its end. Empty: not set.
  std::string github_api_url;
  // A token for all accounts of github.com that the file does not name: the
  // file that holds it (read again when it changes), or the token itself. It
  // replaces the credential for "*" in the configuration file, whose pace and
  // other settings stay.
  std::string github_token_file;
  Secret github_token;
};

// All credentials of the server, with their hosts and paces.
struct CredentialSetup {
  std::unique_ptr<Credentials> credentials;
  std::vector<std::string> known_hosts;
  // The address of a host's API, by the name of the host.
  std::map<std::string, std::string> api_urls;
  // By "host/account", and "host/*" for all others, in lower case; also by the
  // ids of Apps themselves.
  std::map<std::string, PaceOptions, std::less<>> paces;

  // How fast a credential may post.
  PaceOptions PaceOf(absl::string_view credential_id) const;
};

// The certificates to trust instead of the system's: by the URL of an API, a
// PEM file.
std::map<std::string, std::string> CaFilesOf(
    const std::vector<GitHubConfig>& github);

// Makes the credentials from tokens and from Apps; `app_options` are for Apps.
// Errors name the file that cannot be used.
absl::StatusOr<CredentialSetup> SetUpCredentials(
    const std::vector<GitHubConfig>& github, const CredentialFlags& flags,
    AppCredentialsOptions app_options);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_CONFIG_CREDENTIAL_SETUP_H_
