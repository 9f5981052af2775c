#ifndef SIGNALBOX_SERVER_GITHUB_CREDENTIALS_H_
#define SIGNALBOX_SERVER_GITHUB_CREDENTIALS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/secret.h"
#include "server/report/status_key.h"

namespace signalbox {

// A token to be used now, and where.
struct Token {
  Secret value;
  std::string api_url;                           // Without a slash at its end.
  absl::Time issue_time = absl::InfinitePast();  // InfinitePast: long ago.
  // What it comes from: changes when another token was put into a file, or when
  // it is of another installation, and not when it is renewed. Empty: that
  // never changes.
  std::string origin = {};
  // The credential is stopped. This token is for one `GET /rate_limit` alone,
  // whose answer is to be noted: it may end the stop.
  bool probe_only = false;
  // Whether a request with it may go on now, to where GitHub redirected it or
  // to the next page; GitHub may have limited the credential meanwhile. Called
  // by any thread; must not block. Empty: it may.
  std::function<bool()> may_send_on = nullptr;
};

// How a credential is.
struct CredentialState {
  std::string id;
  std::string stop_reason;                      // Empty: it is not stopped.
  absl::Time stop_time = absl::InfinitePast();  // If it is.
  // The App (see Credentials::Apps) whose installation it is; empty: none's.
  std::string app = {};
  // What its token may do, as GitHub told when it made it: `statuses=write`.
  // Empty: not known.
  std::vector<std::string> permissions = {};
  // GitHub's number for the installation; 0: none's, or it is not known.
  int64_t installation_id = 0;
};

// Under which number an App is installed at the account of a credential.
struct StoredInstallation {
  std::string credential;
  std::string app;  // See Credentials::Apps.
  int64_t id = 0;
};

// Credentials says who posts for a repository.
//
// Thread-safe; no method blocks.
class Credentials {
 public:
  virtual ~Credentials() = default;

  // The id of the credential that posts for a repository, such as
  // "github.com/acme"; empty if there is none. The same for as long as the
  // process lives.
  virtual std::string Find(const Repository& repository) const = 0;

  // A token of that credential.
  //
  // NOT_FOUND, reason NO_CREDENTIAL: there is no such credential. UNAVAILABLE,
  // reason CREDENTIAL_NOT_READY: it is being fetched, or must rest for a
  // moment; ask again soon. FAILED_PRECONDITION: it is stopped, and its work is
  // parked; ask again now and then, since it comes back by itself. The reason
  // says why:
  //   CREDENTIAL_REFUSED      GitHub answered 401 twice in a row
  //   ACCOUNT_SUSPENDED       the user behind a token is suspended
  //   APP_REFUSED             GitHub refuses the App's own key or clock
  //   APP_NOT_INSTALLED       the account has not installed the App
  //   INSTALLATION_SUSPENDED  it has, but suspended it
  // or another of Classify's, such as IP_NOT_ALLOWED, if that is how GitHub
  // refuses the App a token.
  virtual absl::StatusOr<Token> Get(absl::string_view credential_id,
                                    absl::Time now) = 0;

  // GitHub refused this token, not the request. `reason` is Classify's:
  // BAD_CREDENTIALS (401), INSTALLATION_SUSPENDED or ACCOUNT_SUSPENDED.
  virtual void NoteRefused(absl::string_view credential_id, const Token& token,
                           absl::string_view reason, absl::Time now) = 0;

  // GitHub accepted this token.
  virtual void NoteAccepted(absl::string_view credential_id,
                            const Token& token) = 0;

  // GitHub Apps as themselves: credentials whose token is the App's own (a
  // JWT), for the routes under /app alone. Find returns none of them.
  virtual std::vector<std::string> Apps() const { return {}; }

  // GitHub answered a request with a token of this credential: what its clock
  // said (InfinitePast: nothing), and for how long it wants no more of them
  // (zero: it did not say). What concerns the App behind a credential is known
  // only so, if it was not the credential itself that asked.
  virtual void NoteAnswer(absl::string_view /*credential_id*/,
                          absl::Time /*github_time*/,
                          absl::Duration /*limited_for*/) {}

  // GitHub told that an installation of the App at this account came, went or
  // changed: what is known of it is not believed any more, and the next Get
  // asks anew.
  virtual void LookAgain(absl::string_view /*host*/,
                         absl::string_view /*account*/, absl::Time /*now*/) {}

  // What States said in a former process: saves asking for it again. What is
  // not true any more is found out.
  virtual void Recall(
      const std::vector<StoredInstallation>& /*installations*/) {}

  // Every credential that is configured or was asked for, by id. For metrics
  // and people.
  virtual std::vector<CredentialState> States() const = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_GITHUB_CREDENTIALS_H_
