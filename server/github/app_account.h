#ifndef SIGNALBOX_SERVER_GITHUB_APP_ACCOUNT_H_
#define SIGNALBOX_SERVER_GITHUB_APP_ACCOUNT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/http/http_transport.h"
#include "server/base/clock.h"
#include "server/github/app_identity.h"
#include "server/github/classify.h"
#include "server/github/credentials.h"
#include "server/github/github_answers.h"

namespace signalbox {

// AppAccount is the credential with which an App posts for one account. To get
// a token, the server first asks GitHub for the App's installation at the
// account, then has GitHub make a token for this installation. A token lives an
// hour.
//
// AppAccount decides what to ask GitHub next, keeps the token, and decides what
// a refusal means. It makes no requests: its owner (AppCredentials) asks Wanted
// what is missing, makes the request, and reports how it ended.
//
// Time is an argument: AppAccount does not wait or read a clock. Not
// thread-safe.
class AppAccount {
 public:
  // A request to GitHub that AppAccount needs.
  enum class Ask {
    kFindOrganization,  // The installation, if the account is an organisation.
    kFindUser,          // The installation, if the account is a user.
    kCreateToken,       // A token for the known installation.
  };

  // `id` is the credential's id, "host/account".
  explicit AppAccount(std::string id) : id_(std::move(id)) {}

  // The request that the owner should make now. Nothing: AppAccount has what it
  // needs, has to wait, or a request of it is in flight.
  std::optional<Ask> Wanted(SteadyTime steady) const;

  // GitHub's number for the installation; 0: not known.
  int64_t installation_id() const { return installation_id_; }
  // Sets the installation that a former process or AppAccount knew.
  void Recall(int64_t installation_id) { installation_id_ = installation_id; }

  // The path of a request, to be added to the API's address. kCreateToken is a
  // POST without a body, the others are GETs.
  std::string PathOf(Ask ask) const;

  // The owner makes the request that Wanted returned. When the request has
  // ended, the owner must call NoteEnd, and then NoteAnswer. It leaves
  // NoteAnswer out if GitHub refused the App's own token (JWT), because that
  // says nothing about the account.
  void NoteBegin(SteadyTime steady);
  void NoteEnd() { asking_ = false; }
  // Whether NoteBegin was called without NoteEnd.
  bool asking() const { return asking_; }

  // `verdict` is Classify's about `answer`. Its `github_time` must be set.
  void NoteAnswer(Ask asked, const absl::StatusOr<HttpResponse>& answer,
                  const Verdict& verdict, Moment now);

  // The known installation may be outdated (see Credentials::LookAgain).
  // AppAccount asks GitHub for it at once, even during a wait. Meanwhile it
  // hands out no token, until GitHub has shown that the installation and its
  // permissions are the same. To save requests, it asks so at most once in
  // kBetweenLooks. Until it may, it goes on with what it has.
  void LookAgain() { look_is_wanted_ = true; }

  // These do what the methods of Credentials with these names do. The token of
  // Get has no api_url.
  absl::StatusOr<Token> Get(Moment now);
  void NoteRefused(const Token& token, absl::string_view reason, Moment now);
  void NoteAccepted(const Token& token);
  CredentialState State() const;

  // Whether it has a token that has not expired and is not in doubt (see
  // LookAgain).
  bool HasToken(SteadyTime steady) const;

  // For the owner: GitHub refused the App's own token for the last request, and
  // the next request repeats it. A repetition is not repeated once more.
  bool is_repetition = false;

 private:
  struct Held {
    Secret value;
    std::vector<std::string> permissions;
    int64_t installation_id = 0;
    Moment issue;        // When GitHub made it.
    SteadyTime refresh;  // When to get the next one.
    SteadyTime end;      // When it expires.
  };

  // These are parts of NoteAnswer. NoteSuccess returns what is wrong with the
  // body.
  absl::Status NoteSuccess(Ask asked, absl::string_view body,
                           absl::Time github_time, Moment now);
  void NoteInstallation(const Installation& installation, Moment now);
  // `lifetime` counts from now to the token's end.
  void NoteToken(InstallationToken token, absl::Duration lifetime, Moment now);
  // GitHub answered 404.
  void NoteNotFound(Ask asked, Moment now);
  // GitHub refuses until somebody changes something there. A held token stays
  // in use while it lives, unless the installation is suspended.
  void NoteStopped(absl::string_view reason, Moment now);
  // A transient failure: AppAccount asks again after a wait. `problem` is for
  // people.
  void NoteTrouble(absl::string_view problem, Moment now);

  bool LookIsDue(SteadyTime steady) const;
  // Whether only a probe whose token GitHub accepts can end the stop. After
  // other stops, a new token ends it.
  bool MustProve() const;
  bool Matches(const Token& token) const;
  void Stop(absl::string_view reason, absl::Duration wait, Moment now);
  void Resume();

  const std::string id_;
  bool asking_ = false;
  // The kind of account that was found last.
  Ask find_ = Ask::kFindOrganization;
  bool other_not_found_ = false;  // GitHub did not find the other kind.
  int64_t installation_id_ = 0;   // 0: not known.
  std::optional<Held> held_;

  bool look_is_wanted_ = false;  // LookAgain was called.
  bool is_looking_ = false;      // The look that LookAgain wanted is under way.
  SteadyTime next_look_;         // No look before.

  SteadyTime next_ask_;  // No question before.
  int misses_ = 0;       // Times in a row without a usable installation.
  int troubles_ = 0;     // Transient failures in a row.
  std::string problem_;  // The last trouble.

  // The token is not used before, because GitHub refused it when it was less
  // than a minute old (see kYoungToken).
  SteadyTime rest_end_;
  int young_refusals_ = 0;  // Such refusals of this token.
  int refusals_ = 0;        // Refused tokens, in a row.

  std::string stop_reason_;  // Empty: it is not stopped.
  absl::Time stop_time_;
  bool probe_is_out_ = false;  // The token was handed out as a probe.
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_GITHUB_APP_ACCOUNT_H_
