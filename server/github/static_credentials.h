#ifndef SIGNALBOX_SERVER_GITHUB_STATIC_CREDENTIALS_H_
#define SIGNALBOX_SERVER_GITHUB_STATIC_CREDENTIALS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/secret.h"
#include "server/github/credentials.h"

namespace signalbox {

// A token that a person made at GitHub (a personal access token), and the
// accounts for which it posts.
struct StaticCredential {
  std::string host = "github.com";
  std::string api_url;  // Without a slash at its end.
  // Logins in any case; "*": all accounts that no other credential names.
  std::vector<std::string> accounts;
  // Set one of the two. The server reads the file again when it changes, so
  // that a token can be rotated without a restart.
  Secret token;
  std::string token_file;
};

// Makes the credentials of plain tokens. If several name an account, the first
// one posts for it; if none names it, the first one with "*".
//
// A credential's id is "host/account" in lower case, with its first account. If
// an earlier credential has that account, it is the next one.
//
// INVALID_ARGUMENT, reason INVALID_CREDENTIAL: both or neither of `token` and
// `token_file` are set, or `token` is not one printable word. Otherwise the
// errors of SecretFile::Open, with the file's name.
absl::StatusOr<std::unique_ptr<Credentials>> MakeStaticCredentials(
    std::vector<StaticCredential> credentials);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_GITHUB_STATIC_CREDENTIALS_H_
