#ifndef SIGNALBOX_SERVER_POSTER_CREDENTIAL_BOARD_H_
#define SIGNALBOX_SERVER_POSTER_CREDENTIAL_BOARD_H_

#include <map>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/mutex.h"
#include "server/outbox/credential_notes.h"
#include "server/report/status_creator.h"

namespace signalbox {

// Why a credential posts nothing at the moment.
struct CredentialWait {
  // A reason of Credentials::Get (there is no token), of RateLimiter::WaitsFor,
  // or HOST_DOWN or HOST_FULL (see RequestGate). Empty: the credential does not
  // wait.
  std::string reason;
  // Until when it waits, by the wall clock; InfinitePast: not known.
  absl::Time until = absl::InfinitePast();
};

// CredentialBoard keeps the reason why each credential waits, and the user that
// sets its statuses, to show both to people: in answers to callers and in
// metrics. The poster writes it, other threads read it. No decision depends on
// it.
//
// Thread-safe.
class CredentialBoard {
 public:
  // The credential waits until `until`, for `reason`. An empty reason: it does
  // not wait any more.
  void Waits(const std::string& credential, absl::string_view reason,
             absl::Time until);
  // The credential does not wait any more.
  void GoesOn(const std::string& credential) {
    Waits(credential, "", absl::InfinitePast());
  }

  CredentialWait StateOf(absl::string_view credential) const;

  // Notes the creator. False: it was known already.
  bool NoteCreator(const CredentialCreator& note);
  // Nothing: not known yet.
  std::optional<StatusCreator> CreatorOf(absl::string_view credential) const;

 private:
  mutable Mutex mu_;
  std::map<std::string, CredentialWait, std::less<>> states_
      ABSL_GUARDED_BY(mu_);
  std::map<std::string, StatusCreator, std::less<>> creators_
      ABSL_GUARDED_BY(mu_);
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_POSTER_CREDENTIAL_BOARD_H_
