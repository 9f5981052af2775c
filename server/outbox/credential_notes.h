#ifndef SIGNALBOX_SERVER_OUTBOX_CREDENTIAL_NOTES_H_
#define SIGNALBOX_SERVER_OUTBOX_CREDENTIAL_NOTES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

namespace signalbox {

// GitHub has asked for a pause of this credential.
struct CredentialPause {
  std::string credential;
  absl::Time until;
};

// GitHub's number for the installation behind a credential.
struct CredentialInstallation {
  std::string credential;
  std::string app;
  int64_t installation_id = 0;  // 0: the App is no longer installed.
};

// What a restart must not forget about credentials.
//
// Every method is one transaction. OK means that the change is durable;
// outbox.h lists the errors.
//
// Thread-safe.
class CredentialNotes {
 public:
  virtual ~CredentialNotes() = default;

  // Stores until when a credential must make no requests, so that a restart
  // does not forget it. Forgets pauses that are over at `now`.
  virtual absl::Status SetPause(const std::string& credential, absl::Time until,
                                absl::Time now) = 0;
  virtual absl::StatusOr<std::vector<CredentialPause>> Pauses() = 0;

  // Stores the installations of these credentials, so that a restart does not
  // forget them.
  virtual absl::Status SetInstallations(
      absl::Span<const CredentialInstallation> installations) = 0;
  virtual absl::StatusOr<std::vector<CredentialInstallation>>
  Installations() = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_CREDENTIAL_NOTES_H_
