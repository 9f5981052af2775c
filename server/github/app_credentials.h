#ifndef SIGNALBOX_SERVER_GITHUB_APP_CREDENTIALS_H_
#define SIGNALBOX_SERVER_GITHUB_APP_CREDENTIALS_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/http/http_transport.h"
#include "server/base/clock.h"
#include "server/github/credentials.h"

namespace signalbox {

// A GitHub App and the accounts for which it posts, as configured. An account
// that uses an App has an installation of it at GitHub, with its own tokens and
// budget. So each account has a credential of its own, with the id
// "host/account" in lower case.
struct AppCredential {
  std::string host = "github.com";
  std::string api_url;  // Without a slash at its end.
  // Logins in any case. "*": all accounts that no App names; such a credential
  // comes into being when a caller of Get first needs it.
  std::vector<std::string> accounts;
  std::string issuer;  // The App's client id or number.
  // A file with a key for ParseAppKey. The server reads it again when the file
  // changes, and when GitHub refuses the key, so that keys can be rotated
  // without a restart.
  std::string private_key_file;
};

// The id of the credential of an App itself (see Credentials::Apps):
// "host/app:issuer". It differs from every account's id, because no account has
// a colon in its name.
std::string AppCredentialId(const AppCredential& app);
// Whether an id has this form.
bool IsAppItself(absl::string_view credential_id);

struct AppCredentialsOptions {
  // Sends the requests for tokens. Both are borrowed. The transport must have
  // ended, or answered everything, before the credentials are destroyed. Do not
  // call Get after the transport has ended.
  HttpTransport* transport = nullptr;
  Clock* clock = nullptr;
  // The User-Agent header, which GitHub demands.
  std::string user_agent;
  // Called when Get may answer differently for this credential: after a request
  // to GitHub for it has ended, or after LookAgain. It runs without a lock, on
  // the thread of the transport or on the thread that called LookAgain. Null:
  // not wanted.
  std::function<void(const std::string& credential_id)> changed;
  // With more accounts in memory, those without a token are forgotten. Account
  // names come from reports, so a caller can invent any number of them.
  size_t max_accounts = 50'000;
};

// Makes the credentials of GitHub Apps. They ask GitHub for the installation of
// an account and for its tokens, and replace each token while it still works.
// They have no thread: Get begins a missing request, and the answer to one
// request begins the next. Waits and lifetimes follow the steady clock; times
// sent to GitHub follow GitHub's clock.
//
// If several Apps name an account, the first one posts for it; if none names
// it, the first one with "*". A failure for one account does not delay another.
// But GitHub limits the requests of an App, so all accounts of an App at the
// same API address share these limits.
//
// An App itself has one credential, even if it is configured several times. Get
// returns the same token of it for some minutes.
//
// Errors: those of SecretFile::Open and ParseAppKey, with the file's name.
absl::StatusOr<std::unique_ptr<Credentials>> MakeAppCredentials(
    std::vector<AppCredential> apps, AppCredentialsOptions options);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_GITHUB_APP_CREDENTIALS_H_
