#ifndef SIGNALBOX_SERVER_POSTER_PARKED_CREDENTIALS_H_
#define SIGNALBOX_SERVER_POSTER_PARKED_CREDENTIALS_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/outbox/post_queue.h"
#include "server/poster/credential_turns.h"

namespace signalbox {

// A new token or installation may be what a parked repository needs (see
// parking.h). So ParkedCredentials looks every ten seconds at the credentials
// that have parked repositories. If the token of one comes from another source
// than before (Token::origin), it makes the probes of its parked repositories
// due soon.
//
// Not thread-safe: only the poster uses it.
class ParkedCredentials {
 public:
  // Both are borrowed.
  ParkedCredentials(PostQueue* outbox, CredentialTurns* turns)
      : outbox_(outbox), turns_(turns) {}

  // Looks, if ten seconds are over, and makes the probes of up to 500
  // repositories of each changed credential due. Returns when to call it again,
  // by the wall clock; that is soon if there are more. Errors are those of the
  // outbox; call it again as soon as the outbox works.
  absl::StatusOr<absl::Time> Check(const Term& term, const Moment& now);

 private:
  // Adds the credentials whose origin has changed to `changed_`.
  absl::Status FindChanged(const Moment& now);
  // Handles up to 500 repositories of each credential in `changed_`. True:
  // there are more.
  absl::StatusOr<bool> BringProbesForward(const Term& term, absl::Time now);

  PostQueue* const outbox_;
  CredentialTurns* const turns_;
  // The origins of the credentials' tokens, at the last look.
  std::map<std::string, std::string> origins_;
  // The credentials whose probes are being brought forward, and the store's
  // number of the last repository that is done (0: none).
  std::map<std::string, int64_t> changed_;
  SteadyTime next_look_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_POSTER_PARKED_CREDENTIALS_H_
