#ifndef SIGNALBOX_SERVER_POSTER_CREDENTIAL_BOARD_H_
#define SIGNALBOX_SERVER_POSTER_CREDENTIAL_BOARD_H_

#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/mutex.h"

namespace signalbox {

// Why the work of a credential waits, for people.
struct CredentialWait {
  // A stable upper-case word: the credential's (see Credentials::Get), the rate
  // limiter's (see RateLimiter::WaitsFor), HOST_DOWN or HOST_FULL. Empty: the
  // credential does not wait.
  std::string reason;
  // Until when the credential waits; InfinitePast: not known.
  absl::Time until = absl::InfinitePast();
};

// CredentialBoard shows what each credential waits for. No decision depends on
// it.
//
// Thread-safe.
class CredentialBoard {
 public:
  // The credential waits. An empty reason: the credential no longer waits.
  void Waits(const std::string& credential, absl::string_view reason,
             absl::Time until);
  void GoesOn(const std::string& credential) {
    Waits(credential, "", absl::InfinitePast());
  }

  CredentialWait StateOf(absl::string_view credential) const;

 private:
  mutable Mutex mu_;
  std::map<std::string, CredentialWait, std::less<>> states_
      ABSL_GUARDED_BY(mu_);
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_POSTER_CREDENTIAL_BOARD_H_
