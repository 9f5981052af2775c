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
#include "server/github/app_identity.h"
#include "server/github/classify.h"
#include "server/github/credentials.h"
#include "server/github/github_answers.h"

namespace signalbox {

// AppAccount is the credential of an App at one account. It is a state machine:
// it finds the App's installation, gets tokens, and handles refusals. It
// decides what to ask GitHub next. Its owner makes the request and reports how
// it ended.
//
// Time is an argument: it does not wait or read a clock. Not thread-safe.
class AppAccount {
 public:
  enum class Ask {
    kFindOrganization,  // The installation of an organisation,
    kFindUser,          // or of a user.
    kCreateToken,
  };

  // `id` is the id of the credential.
  explicit AppAccount(std::string id) : id_(std::move(id)) {}

  // The next question to GitHub. Nothing while a question is under way (so a
  // token has at most one refresh in flight), before the end of a wait, or if
  // nothing is missing.
  std::optional<Ask> Wanted(absl::Time steady) const;
  int64_t installation_id() const { return installation_id_; }
  // Sets the installation that a former process knew.
  void Recall(int64_t installation_id) { installation_id_ = installation_id; }

  // The path of a question, after the API's address. kCreateToken is a POST.
  std::string PathOf(Ask ask) const;

  // The owner begins to ask what Wanted returned. It must call NoteEnd
  // afterwards, and then NoteAnswer, unless GitHub refused the App's own token.
  void NoteBegin(absl::Time steady);
  void NoteEnd() { asking_ = false; }
  bool asking() const { return asking_; }

  // `verdict` is about `answer`, and has GitHub's time.
  void NoteAnswer(Ask asked, const absl::StatusOr<HttpResponse>& answer,
                  const Verdict& verdict, Moment now);

  // The known installation may be wrong. AppAccount asks for it at once, even
  // during a wait. It does not use a held token until GitHub has shown that the
  // installation and its rights are the same. Such looks cost at most one
  // request in kBetweenLooks; until the next look is allowed, AppAccount uses
  // what it knows.
  void LookAgain() { look_is_wanted_ = true; }

  // As in Credentials; the token has no api_url.
  absl::StatusOr<Token> Get(Moment now);
  void NoteRefused(const Token& token, absl::string_view reason, Moment now);
  void NoteAccepted(const Token& token);
  CredentialState State() const;

  bool HasToken(absl::Time steady) const;

  // GitHub last refused the App's own token (JWT), and the next request is the
  // only repetition of the refused one.
  bool is_repetition = false;

 private:
  struct Held {
    Secret value;
    std::vector<std::string> permissions;
    int64_t installation_id = 0;
    absl::Time issue_wall;
    absl::Time issue;    // This and the following are steady.
    absl::Time refresh;  // When to get the next one.
    absl::Time end;
  };

  // NoteAnswer in parts. NoteSuccess returns what is wrong with the body.
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
  // A failure that may pass. `problem` is for people.
  void NoteTrouble(absl::string_view problem, Moment now);

  bool LookIsDue(absl::Time steady) const;
  // Whether only a token that GitHub accepts can end the stop.
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

  bool look_is_wanted_ = false;
  bool is_looking_ = false;
  absl::Time next_look_ = absl::InfinitePast();  // Steady: no look before.

  absl::Time next_ask_ = absl::InfinitePast();  // Steady: no question before.
  int misses_ = 0;       // Times in a row without a usable installation.
  int troubles_ = 0;     // In a row.
  std::string problem_;  // The last trouble.

  // Steady: while a young token rests.
  absl::Time rest_end_ = absl::InfinitePast();
  int young_refusals_ = 0;
  int refusals_ = 0;  // Refused tokens, in a row.

  std::string stop_reason_;  // Empty: it is not stopped.
  absl::Time stop_time_;
  bool probe_is_out_ = false;  // The token was handed out as a probe.
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_GITHUB_APP_ACCOUNT_H_
