#ifndef SIGNALBOX_SERVER_GITHUB_STATIC_CREDENTIALS_H_
#define SIGNALBOX_SERVER_GITHUB_STATIC_CREDENTIALS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/secret.h"
#include "server/github/credentials.h"

namespace signalbox {

// Tokens that people made at GitHub (personal access tokens), by host and
// account.
struct StaticCredential {
  std::string host = "github.com";
  std::string api_url;                // Without a slash at its end.
  std::vector<std::string> accounts;  // Logins in any case; "*": all others.
  // Set one of the two. The file is read again when it changes, so that a token
  // can be rotated without a restart.
  Secret token;
  std::string token_file;
};

// For each account, the first credential that names it wins over one with "*".
// Errors: those of ReadSecretFile, with the file's name.
absl::StatusOr<std::unique_ptr<Credentials>> MakeStaticCredentials(
    std::vector<StaticCredential> credentials);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_GITHUB_STATIC_CREDENTIALS_H_
