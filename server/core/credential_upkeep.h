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

namespace signalbox {

// CredentialUpkeep stores the installations that the credentials find, so that
// a restart does not ask GitHub for them again.
//
// It also shows which credentials are stopped as
// `signalbox_credential_stopped{credential,reason}`: 1 while stopped, 0
// afterwards. Requests name the accounts that "*" stands for. So only the first
// 1,000 pairs that were ever stopped get a series; the log has all of them.
//
// Not thread-safe.
class CredentialUpkeep {
 public:
  // All pointers are borrowed.
  CredentialUpkeep(Credentials* credentials, CredentialNotes* notes,
                   Metrics* metrics, Clock* clock)
      : credentials_(credentials),
        notes_(notes),
        metrics_(metrics),
        clock_(clock) {}

  // Passes what a former process stored to the credentials. Errors are the
  // store's.
  absl::Status Recall();

  // Stores and shows what has changed. Returns when to call it again. If the
  // store fails, the next call tries again.
  absl::Time RunOnce();

 private:
  void Show(const std::vector<CredentialState>& states);

  Credentials* const credentials_;
  CredentialNotes* const notes_;
  Metrics* const metrics_;
  Clock* const clock_;
  // The value of each series, by credential and reason.
  std::map<std::pair<std::string, std::string>, bool> shown_;
  // What the store has: by credential, its App and GitHub's number.
  std::map<std::string, std::pair<std::string, int64_t>> stored_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_CORE_CREDENTIAL_UPKEEP_H_
