#ifndef SIGNALBOX_SERVER_GITHUB_CREDENTIALS_H_
#define SIGNALBOX_SERVER_GITHUB_CREDENTIALS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/secret.h"
#include "server/report/status_key.h"

namespace signalbox {

// A token to use now, and the API address to use it at.
struct Token {
  Secret value;
  std::string api_url;                           // Without a slash at its end.
  absl::Time issue_time = absl::InfinitePast();  // InfinitePast: long ago.
  // Where the token comes from. The origin changes when another token is put
  // into the file, or the token belongs to another installation. It does not
  // change when the token is renewed. Empty: never changes.
  std::string origin = {};
  // The credential is stopped. Use this token only for one `GET /rate_limit`,
  // and note the answer, which may end the stop.
  bool probe_only = false;
  // Whether a request with it may go on, to the target of a redirect or to the
  // next page. It may not if GitHub has limited the credential meanwhile.
  // Called by any thread; must not block. Empty: it may.
  std::function<bool()> may_send_on = nullptr;
};

// The state of a credential, for metrics and people.
struct CredentialState {
  std::string id;
  std::string stop_reason = {};                 // Empty: it is not stopped.
  absl::Time stop_time = absl::InfinitePast();  // When it was stopped.
  // The App (see Credentials::Apps) whose installation it is; empty: no App's.
  std::string app = {};
  // The token's permissions, as GitHub gave them with the token:
  // `statuses=write`. Empty: not known.
  std::vector<std::string> permissions = {};
  // GitHub's number for the installation; 0: no App's, or not known.
  int64_t installation_id = 0;
};

// Credentials decides which credential posts for a repository, and hands out
// tokens.
//
// Thread-safe; no method blocks.
class Credentials {
 public:
  virtual ~Credentials() = default;

  // The id of the credential that posts for a repository, such as
  // "github.com/acme"; empty if there is none. The answer never changes while
  // the process lives.
  virtual std::string Find(const Repository& repository) const = 0;

  // A token of that credential.
  //
  // NOT_FOUND, reason NO_CREDENTIAL: there is no such credential. UNAVAILABLE,
  // reason CREDENTIAL_NOT_READY: the token is being fetched, or must rest for a
  // moment; ask again soon. FAILED_PRECONDITION: the credential is stopped, and
  // its work waits. Ask again from time to time, since it may work again. The
  // reason says why:
  //   CREDENTIAL_REFUSED      GitHub answered 401 twice in a row
  //   ACCOUNT_SUSPENDED       the user behind a token is suspended
  //   APP_REFUSED             GitHub refuses the App's own key or clock
  //   APP_NOT_INSTALLED       the account has not installed the App
  //   INSTALLATION_SUSPENDED  the account has suspended the installation
  // or another reason of Classify, such as IP_NOT_ALLOWED, with which GitHub
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

  // The credentials of GitHub Apps themselves. Their token is the App's own (a
  // JWT), which works only for the routes under /app. Find returns none of
  // them.
  virtual std::vector<std::string> Apps() const { return {}; }

  // GitHub answered a request with a token of this credential. `github_time` is
  // what its clock said (InfinitePast: nothing). `limited_for` is how long it
  // wants no more requests (zero: it did not say). Call it for every answer: if
  // the credential itself did not make the request, it learns of an App's
  // limits only from here.
  virtual void NoteAnswer(absl::string_view /*credential_id*/,
                          absl::Time /*github_time*/,
                          absl::Duration /*limited_for*/) {}

  // GitHub reported that an installation of the App at this account was
  // created, deleted or changed. The next Get asks GitHub again.
  virtual void LookAgain(absl::string_view /*host*/,
                         absl::string_view /*account*/, absl::Time /*now*/) {}

  // Sets the installations that States returned in a former process, which
  // saves the requests for them. Uses `id`, `app` and `installation_id`. If
  // they are no longer true, the credential finds out.
  virtual void Recall(const std::vector<CredentialState>& /*states*/) {}

  // Every credential that is configured or was asked for, ordered by id. For
  // metrics and people.
  virtual std::vector<CredentialState> States() const = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_GITHUB_CREDENTIALS_H_
