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

// ParkedCredentials checks whether somebody has changed the credential of a
// parked repository (see parking.h), and then has GitHub asked again soon.
//
// Not thread-safe: only the poster uses it.
class ParkedCredentials {
 public:
  // Both are borrowed.
  ParkedCredentials(PostQueue* outbox, CredentialTurns* turns)
      : outbox_(outbox), turns_(turns) {}

  // Returns when to call it again, by the wall clock. Errors are those of the
  // outbox; call again as soon as the outbox works.
  absl::StatusOr<absl::Time> Check(const Moment& now);

 private:
  absl::Status FindChanged(const Moment& now);
  // Does one batch of each. True: there are more.
  absl::StatusOr<bool> BringProbesForward(absl::Time now);

  PostQueue* const outbox_;
  CredentialTurns* const turns_;
  // The origins of the credentials' tokens, at the last look.
  std::map<std::string, std::string> origins_;
  // The credentials whose probes are being brought forward, and the last
  // repository done.
  std::map<std::string, int64_t> changed_;
  absl::Time next_look_ = absl::InfinitePast();  // Steady.
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_POSTER_PARKED_CREDENTIALS_H_
