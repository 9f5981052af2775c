#ifndef SIGNALBOX_SERVER_OUTBOX_CREDENTIAL_NOTES_H_
#define SIGNALBOX_SERVER_OUTBOX_CREDENTIAL_NOTES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/outbox/terms.h"
#include "server/report/status_creator.h"

namespace signalbox {

// GitHub has asked for a pause: no requests of this credential for a time.
struct CredentialPause {
  std::string credential;  // The id that Credentials gives it.
  absl::Duration left;     // Not positive: the pause is over.
};

// A GitHub App posts in an account through its *installation* there. To fetch a
// token, the server needs GitHub's number of the installation.
struct CredentialInstallation {
  std::string credential;
  std::string app;              // The App that is installed, for comparison.
  int64_t installation_id = 0;  // 0: the App is not installed any more.
};

// The user that GitHub names as the creator of the statuses that a credential
// posts.
struct CredentialCreator {
  std::string credential;
  StatusCreator creator;
};

// CredentialNotes is the part of the outbox that keeps what a restart must not
// forget about credentials. The poster and Questions store pauses;
// CredentialUpkeep stores installations.
//
// Every method is one transaction. OK means that the change is durable;
// outbox.h lists the errors.
//
// Thread-safe.
class CredentialNotes {
 public:
  virtual ~CredentialNotes() = default;

  // The credential's pause lasts at least this long, from `now` on. Any process
  // may call this, with or without a term: so a pause only gets longer. Deletes
  // all pauses that are over at `now`.
  virtual absl::Status SetPause(const std::string& credential,
                                absl::Duration pause_for, absl::Time now) = 0;
  // All stored pauses, and what is left of them at `now`; some may be over.
  virtual absl::StatusOr<std::vector<CredentialPause>> Pauses(
      absl::Time now) = 0;

  // Replaces the installations of these credentials, and leaves those of others
  // as they are. FAILED_PRECONDITION, reason TERM_OVER: `term` is not the
  // newest, and nothing has changed.
  virtual absl::Status SetInstallations(
      const Term& term,
      absl::Span<const CredentialInstallation> installations) = 0;
  virtual absl::StatusOr<std::vector<CredentialInstallation>>
  Installations() = 0;

  // The newest known creator of each credential. They come with settlements
  // (Settlement::creator).
  virtual absl::StatusOr<std::vector<CredentialCreator>> Creators() = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_CREDENTIAL_NOTES_H_
