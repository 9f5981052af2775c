#ifndef SIGNALBOX_SERVER_REPORT_DIAGNOSIS_H_
#define SIGNALBOX_SERVER_REPORT_DIAGNOSIS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace signalbox {

// What server/diagnosis finds out when a person runs `signalbox doctor`.
// server/rpc turns it into a `DiagnoseRepositoryResponse`.

// A problem that keeps statuses or webhooks of a repository from working.
struct Problem {
  // A stable upper-case word, for programs.
  std::string code;
  // For people, in a sentence or two: what is wrong and how to repair it.
  std::string message;

  friend bool operator==(const Problem&, const Problem&) = default;
};

// Whether the server can set statuses in a repository, and whether webhooks of
// it arrive. All is well if there are no problems.
struct Diagnosis {
  // The id of the credential that posts for the repository ("github.com/acme").
  // Empty: none does, which is also a problem.
  std::string credential;
  // Those of the credential's token, as GitHub names them.
  std::vector<std::string> permissions;
  // GitHub's rate limit for the credential, in requests per hour; 0: unlimited
  // or not known.
  int64_t rate_limit = 0;
  int64_t rate_limit_remaining = 0;  // How many are left of it.
  // When GitHub refills it; nothing: not known.
  std::optional<absl::Time> rate_limit_reset_time;
  std::vector<Problem> problems;
  // How the hooks that send webhooks are set up; a sentence each.
  std::vector<std::string> hook_settings;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_REPORT_DIAGNOSIS_H_
