#ifndef SIGNALBOX_SERVER_REPORT_DIAGNOSIS_H_
#define SIGNALBOX_SERVER_REPORT_DIAGNOSIS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace signalbox {

// A problem that keeps statuses or webhooks of a repository from working.
struct Problem {
  // A stable upper-case word, for programs.
  std::string code;
  // For people, in a sentence or two: what is wrong and how to repair it.
  std::string message;

  friend bool operator==(const Problem&, const Problem&) = default;
};

// Whether the server can set statuses in a repository, for people. Proto
// `DiagnoseRepositoryResponse` without the expected contexts.
struct Diagnosis {
  std::string credential;                // Empty: none posts.
  std::vector<std::string> permissions;  // As GitHub names them.
  int64_t rate_limit = 0;                // 0: unlimited or not known.
  int64_t rate_limit_remaining = 0;
  std::optional<absl::Time> rate_limit_reset_time;
  std::vector<Problem> problems;
  std::vector<std::string> hook_settings;  // A sentence each.
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_REPORT_DIAGNOSIS_H_
