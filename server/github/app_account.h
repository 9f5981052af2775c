#ifndef SIGNALBOX_SERVER_GITHUB_APP_ACCOUNT_H_
#define SIGNALBOX_SERVER_GITHUB_APP_ACCOUNT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/github/app_answers.h"
#include "server/github/app_identity.h"
#include "server/github/credentials.h"

namespace signalbox {

// An App at one account, as a credential: where it is in finding its
// installation, getting tokens, and being refused. It decides what to ask
// GitHub next; who asks tells it how that ended.
//
// Time is an argument: nothing here waits, or reads a clock. Not thread-safe.
class AppAccount {
 public:
  enum class Ask {
    kFindOrganization,  // The installation of an organisation,
    kFindUser,          // or of a user.
    kCreateToken,
  };

  // `id` is the credential's.
  explicit AppAccount(std::string id);

  // What is to be asked now; nothing while something is being asked already
  // (so a token has one refresh in flight at most), before the end of a wait,
  // or if nothing is missing.
  std::optional<Ask> Wanted(absl::Time steady) const;
  int64_t installation_id() const { return installation_id_; }
  // As a former process knew it.
  void Recall(int64_t installation_id) { installation_id_ = installation_id; }

  // What is wanted is being asked. Then NoteEnd, and what the answer was, if it
  // was one.
  void NoteBegin(absl::Time steady);
  void NoteEnd() { asking_ = false; }
  bool asking() const { return asking_; }

  void NoteInstallation(const Installation& installation, AppMoment now);
  // `lifetime` is from now to its end.
  void NoteToken(InstallationToken token, absl::Duration lifetime,
                 AppMoment now);
  // 404.
  void NoteNotFound(Ask asked, AppMoment now);
  // Refused for as long as nobody changes something at GitHub. A token that is
  // held stays in use while it lives, but not if the installation is suspended.
  void NoteStopped(absl::string_view reason, AppMoment now);
  // It may work next time. `problem` is for people.
  void NoteTrouble(absl::string_view problem, AppMoment now);

  // What is known of the installation may be wrong: it is looked for at once,
  // whatever it waits for, and a token that is held is not used until GitHub
  // has shown that it is still the same installation with the same rights. But
  // a request in kBetweenLooks is all that such looks may cost; until then what
  // was seen last is believed.
  void LookAgain() { look_is_wanted_ = true; }

  // As Credentials; the token is without its api_url.
  absl::StatusOr<Token> Get(AppMoment now);
  void NoteRefused(const Token& token, absl::string_view reason, AppMoment now);
  void NoteAccepted(const Token& token);
  CredentialState State() const;

  bool HasToken(absl::Time steady) const;

  // The last answer was that GitHub does not take the App's own token, and the
  // next request is the one repetition of that one.
  bool is_repetition = false;

 private:
  struct Held {
    Secret value;
    std::vector<std::string> permissions;
    int64_t installation_id = 0;
    absl::Time issue_wall;
    absl::Time issue;    // This and the following: steady.
    absl::Time refresh;  // When to get another.
    absl::Time end;
  };

  bool LookIsDue(absl::Time steady) const;
  // What stops it must be disproved by a token that GitHub accepts.
  bool MustProve() const;
  bool Matches(const Token& token) const;
  void Stop(absl::string_view reason, absl::Duration wait, AppMoment now);
  void Resume();

  const std::string id_;
  bool asking_ = false;
  Ask find_ = Ask::kFindOrganization;  // As what it was found last, if it was.
  bool other_not_found_ = false;       // As the other kind of account.
  int64_t installation_id_ = 0;        // 0: not known.
  std::optional<Held> held_;

  bool look_is_wanted_ = false;
  bool is_looking_ = false;
  absl::Time next_look_ = absl::InfinitePast();  // Steady: none before it.

  absl::Time next_ask_ = absl::InfinitePast();  // Steady: nothing before it.
  int misses_ = 0;    // Answers in a row that there is no installation to use.
  int troubles_ = 0;  // In a row.
  std::string problem_;  // The last one.

  absl::Time rest_end_ = absl::InfinitePast();  // Steady: of a young token.
  int young_refusals_ = 0;
  int refusals_ = 0;  // Tokens that were given up, in a row.

  std::string stop_reason_;  // Empty: it is not stopped.
  absl::Time stop_time_;
  bool probe_is_out_ = false;  // The token was handed out to be tried.
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_GITHUB_APP_ACCOUNT_H_
