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

// A GitHub App and the accounts for which it posts. Each account is a
// credential of its own, "host/account" in lower case, because its installation
// has its own token and budget.
struct AppCredential {
  std::string host = "github.com";
  std::string api_url;  // Without a slash at its end.
  // Logins in any case; "*": all others, each when it is first needed.
  std::vector<std::string> accounts;
  std::string issuer;  // The App's client id or number.
  // PEM. Read again when the file changes, and when GitHub refuses the key, so
  // that keys can be rotated without a restart.
  std::string private_key_file;
};

// The id of an App itself: "host/app:issuer". No account's name has a colon.
std::string AppCredentialId(const AppCredential& app);
bool IsAppItself(absl::string_view credential_id);

struct AppCredentialsOptions {
  // Both are borrowed. The transport must have ended, or answered everything,
  // before the credentials are destroyed. Do not call Get after the transport
  // has ended.
  HttpTransport* transport = nullptr;
  Clock* clock = nullptr;
  // Identifies Signalbox, as GitHub demands.
  std::string user_agent;
  // Called when another Get for this credential may succeed: after a request to
  // GitHub for it has ended, or after LookAgain. Runs without a lock, on the
  // thread that calls the transport's callbacks or LookAgain.
  std::function<void(const std::string& credential_id)> changed;
  // How many accounts without a token are remembered. Account names come from
  // requests, so anybody can invent them; only GitHub makes tokens.
  size_t max_accounts = 50'000;
};

// Makes the credentials of GitHub Apps. They find the installation of an
// account, get tokens from GitHub, and replace each token while it still works.
// They have no thread: Get begins a missing request, and its answer begins the
// next one. Waits and lifetimes follow the steady clock; times sent to GitHub
// follow GitHub's clock.
//
// An App itself has one credential, even if it is configured several times. Its
// token stays the same for some minutes.
//
// The first App that names an account wins over an App with "*". Trouble of one
// account does not delay another, except for the limits that GitHub sets an
// App. These are obeyed per API address and issuer.
//
// Errors: those of SecretFile::Open and ParseAppKey, with the file's name.
absl::StatusOr<std::unique_ptr<Credentials>> MakeAppCredentials(
    std::vector<AppCredential> apps, AppCredentialsOptions options);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_GITHUB_APP_CREDENTIALS_H_
