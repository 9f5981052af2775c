#ifndef SIGNALBOX_SERVER_GITHUB_APP_CREDENTIALS_H_
#define SIGNALBOX_SERVER_GITHUB_APP_CREDENTIALS_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/base/clock.h"
#include "server/github/credentials.h"
#include "server/github/http_transport.h"

namespace signalbox {

// A GitHub App, and for which accounts it posts. Each account is a credential
// of its own, "host/account" in lower case: its installation has its own token
// and budget.
struct AppCredential {
  std::string host = "github.com";
  std::string api_url;                // Without a slash at its end.
  std::vector<std::string> accounts;  // Logins in any case; "*": all others,
                                      // each when it is first asked for.
  std::string issuer;                 // The App's client id or number.
  // PEM. Read again when it changes, and when GitHub refuses the key, so that
  // keys can be rotated without a restart.
  std::string private_key_file;
};

// The id of an App as itself: "host/app:issuer". No account has a colon in it.
std::string AppCredentialId(const AppCredential& app);

struct AppCredentialsOptions {
  // Both are borrowed. The transport must have ended (or answered everything)
  // before the credentials are destroyed, and Get not be called any more once
  // it has ended.
  HttpTransport* transport = nullptr;
  Clock* clock = nullptr;
  // Identifies us, as GitHub demands.
  std::string user_agent;
  // Called when a request to GitHub for this credential has ended, or
  // LookAgain concerns it, so that asking again may be worth it: on the thread
  // that calls the transport's callbacks or LookAgain, without a lock.
  std::function<void(const std::string& credential_id)> changed;
  // How many accounts are remembered at a time, beside those that hold a token:
  // names come from requests, and anybody can make some up, but only GitHub
  // makes tokens.
  size_t max_accounts = 50'000;
};

// Credentials of GitHub Apps: finds the installation of an account, has GitHub
// make tokens, and replaces them before they end, while they still work. It
// has no thread: Get begins what is missing, and the answer what comes next.
// Waits and lifetimes go by the clock that never jumps, and what is said to
// GitHub by GitHub's own.
//
// An App as itself has one credential, however often it is configured, and its
// token is the same for some minutes.
//
// The first App that names an account wins over one that has "*". Nobody's
// trouble delays another account, but for the limits that GitHub sets an App,
// which are obeyed per API address and issuer.
//
// Errors: those of SecretFile::Open and ParseAppKey, with the file's name.
absl::StatusOr<std::unique_ptr<Credentials>> MakeAppCredentials(
    std::vector<AppCredential> apps, AppCredentialsOptions options);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_GITHUB_APP_CREDENTIALS_H_
