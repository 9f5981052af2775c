#ifndef SIGNALBOX_SERVER_GITHUB_CREDENTIALS_H_
#define SIGNALBOX_SERVER_GITHUB_CREDENTIALS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/error.h"
#include "common/secret.h"
#include "server/report/status_key.h"

namespace signalbox {

// A token to use now, and the API address to use it at.
struct Token {
  Secret value;
  std::string api_url;                           // Without a slash at its end.
  absl::Time issue_time = absl::InfinitePast();  // InfinitePast: long ago.
  // Names the source of the token. If it differs from that of the credential's
  // token before, a person has changed something: the file has another token,
  // or the App has another installation. ParkedCredentials then looks whether
  // parked repositories work. When an App's token is renewed after an hour, the
  // origin stays the same.
  std::string origin = {};
  // The credential is stopped, and this token is for a probe: one
  // `GET /rate_limit`, whose end is reported to RequestGate as for any request.
  // The answer may end the stop. Get returns such a token only once in a while
  // (see there), so keep it until the probe can begin.
  bool probe_only = false;
  // GitHubClient calls it before it follows a redirect or asks for a further
  // page. False: it must not, because GitHub has limited the credential
  // meanwhile. The user of the token may set it; empty: always true. Any thread
  // calls it, so it must be thread-safe and must not block.
  std::function<bool()> may_send_on = nullptr;
};

// The state of a credential, for metrics and people.
struct CredentialState {
  std::string id;
  std::string stop_reason = {};  // See Credentials::Get; empty: not stopped.
  absl::Time stop_time = absl::InfinitePast();  // When it was stopped (wall).
  // The id of the App (see Credentials::Apps) that gets the tokens; empty: the
  // token is not an App's.
  std::string app = {};
  // The token's permissions, as GitHub gave them with the token:
  // `statuses=write`. Empty: not known.
  std::vector<std::string> permissions = {};
  // GitHub's number for the App's installation; 0: not an App's, or not known.
  int64_t installation_id = 0;
};

// The error of Get for a credential that does not exist.
inline absl::Status NoCredential(absl::string_view credential_id) {
  return Error(
      absl::StatusCode::kNotFound, "NO_CREDENTIAL",
      absl::StrCat("the configuration has no credential for ",
                   Quoted(credential_id),
                   ": add the account to `accounts` of an item under `github`, "
                   "and restart the server"));
}

// Credentials decides which credential posts for a repository, and hands out
// its tokens. The poster and Questions get the token of each request from Get.
// Afterwards RequestGate::Leave calls NoteAnswer, and NoteAccepted or
// NoteRefused if the answer says something about the token.
//
// A GitHub App posts with one credential for each account that has installed
// it: this "installation" has its own tokens, which live an hour, and its own
// budget. Credentials gets these tokens from GitHub.
//
// All times are by the wall clock. Thread-safe; no method blocks.
class Credentials {
 public:
  virtual ~Credentials() = default;

  // The id of the credential that posts for a repository, such as
  // "github.com/acme"; empty if there is none. The answer never changes while
  // the process lives.
  virtual std::string Find(const Repository& repository) const = 0;

  // A token of the credential with this id, which Find or Apps has returned.
  // The errors:
  //
  // NOT_FOUND, reason NO_CREDENTIAL: there is no such credential.
  //
  // UNAVAILABLE, reason CREDENTIAL_NOT_READY: the token is being fetched, or is
  // so new that not all of GitHub knows it, or GitHub limits the App's own
  // requests. Ask again soon.
  //
  // FAILED_PRECONDITION: the credential is stopped. Ask again from time to
  // time. Once every kStoppedCredentialProbe, Get returns a token with
  // `probe_only` to one caller, or it finds that the cause has gone. The reason
  // says why the credential is stopped:
  //   CREDENTIAL_REFUSED      GitHub answered 401 twice in a row
  //   ACCOUNT_SUSPENDED       the user behind a token is suspended
  //   APP_REFUSED             GitHub refuses the App's own key or clock
  //   APP_NOT_INSTALLED       the account has not installed the App
  //   INSTALLATION_SUSPENDED  the account has suspended the installation
  // or, if GitHub refuses the App a token, the reason for this refusal (see
  // classify.h), such as IP_NOT_ALLOWED.
  virtual absl::StatusOr<Token> Get(absl::string_view credential_id,
                                    absl::Time now) = 0;

  // RequestGate::Leave calls this, NoteAccepted and NoteAnswer. GitHub refused
  // `token` itself, not the request. `reason` is that of the answer
  // (classify.h): BAD_CREDENTIALS (401), INSTALLATION_SUSPENDED or
  // ACCOUNT_SUSPENDED. May stop the credential.
  virtual void NoteRefused(absl::string_view credential_id, const Token& token,
                           absl::string_view reason, absl::Time now) = 0;

  // GitHub's answer shows that it accepts this token. Ends a stop.
  virtual void NoteAccepted(absl::string_view credential_id,
                            const Token& token) = 0;

  // The credential ids of the Apps themselves. GitHub accepts their tokens
  // (JWTs, which the server signs) only for paths under /app, not for posts.
  // Find returns none of them.
  virtual std::vector<std::string> Apps() const { return {}; }

  // GitHub answered a request with a token of this credential. Call it for
  // every answer: an App learns GitHub's time and its limits from here.
  // `github_time` is the time of the answer by GitHub's clock (InfinitePast:
  // not known). For `limited_for` from now GitHub wants no more requests with
  // the credential (zero: there is no limit).
  virtual void NoteAnswer(absl::string_view /*credential_id*/,
                          absl::Time /*github_time*/,
                          absl::Duration /*limited_for*/) {}

  // A webhook says that an installation of an App at this account was created,
  // deleted or changed. So the next Get asks GitHub for the installation again.
  virtual void LookAgain(absl::string_view /*host*/,
                         absl::string_view /*account*/, absl::Time /*now*/) {}

  // Passes on what States returned in a former process, so that Credentials
  // need not ask GitHub for the installations again. Only `id`, `app` and
  // `installation_id` count. Outdated ones do no harm: GitHub answers 404, and
  // then Credentials asks again.
  virtual void Recall(const std::vector<CredentialState>& /*states*/) {}

  // Every credential that is configured or was asked for, ordered by id. For
  // metrics and people.
  virtual std::vector<CredentialState> States() const = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_GITHUB_CREDENTIALS_H_
