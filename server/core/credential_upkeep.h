#ifndef SIGNALBOX_SERVER_CORE_CREDENTIAL_UPKEEP_H_
#define SIGNALBOX_SERVER_CORE_CREDENTIAL_UPKEEP_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/metrics.h"
#include "server/github/credentials.h"
#include "server/outbox/credential_notes.h"
#include "server/outbox/held_term.h"

namespace signalbox {

// CredentialUpkeep does what credentials need besides posting.
//
// In the process's term, it stores the installations of Apps that they have
// found at GitHub, so that they need not ask again after a restart.
//
// It sets the metric `signalbox_credential_stopped{credential,reason}`: 1 while
// the credential is stopped for that reason, 0 afterwards. A credential for the
// accounts `*` has one id per account, and callers choose accounts. So only the
// first 1,000 pairs of id and reason get a value; the log has all of them.
//
// Not thread-safe.
class CredentialUpkeep {
 public:
  // All pointers are borrowed.
  CredentialUpkeep(Credentials* credentials, CredentialNotes* notes,
                   HeldTerm* held_term, Metrics* metrics, Clock* clock)
      : credentials_(credentials),
        notes_(notes),
        held_term_(held_term),
        metrics_(metrics),
        clock_(clock) {}

  // Passes the stored installations to the credentials. Call it once, at the
  // start. Errors are the store's.
  absl::Status Recall();

  // Stores new installations and updates the metric. Returns when to call it
  // again. If the store fails, the next call tries again.
  absl::Time RunOnce();

 private:
  // Updates the metric.
  void Show(const std::vector<CredentialState>& states);

  Credentials* const credentials_;
  CredentialNotes* const notes_;
  HeldTerm* const held_term_;
  Metrics* const metrics_;
  Clock* const clock_;
  // The values of the metric, by credential and reason.
  std::map<std::pair<std::string, std::string>, bool> shown_;
  // What the store has: by credential, its App and GitHub's number.
  std::map<std::string, std::pair<std::string, int64_t>> stored_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_CORE_CREDENTIAL_UPKEEP_H_
