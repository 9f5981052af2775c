#ifndef SIGNALBOX_SERVER_OUTBOX_COMMIT_REPORTS_H_
#define SIGNALBOX_SERVER_OUTBOX_COMMIT_REPORTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/report/report.h"
#include "server/report/status_key.h"

namespace signalbox {

// The accepted reports of a commit over all contexts, as GitHub lists the
// statuses of a commit. `ListReports` returns them.

// An accepted report, or a status that another program set at GitHub.
struct CommitReport {
  std::string context;     // As first spelled.
  int64_t sequence = 0;    // No two have the same.
  absl::Time accept_time;  // When the report was accepted, or the status seen.
  CommitState state = CommitState::kPending;
  std::optional<Result> result;  // Nothing: pending, expired or observed.
  // As GitHub shows them.
  std::string description;
  std::string target_url;
  // Empty: the server has no configured callers, or the report is an expiry or
  // observed.
  std::string caller;
  int64_t status_id = 0;      // GitHub's number; 0: it is a report.
  std::string creator_login;  // Of an observed status; empty: not known.
};

struct CommitReports {
  Repository repository;  // As first spelled; as asked if nothing is known.
  std::vector<CommitReport> reports;  // Newest first.
  // Whether older ones follow.
  bool has_more = false;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_COMMIT_REPORTS_H_
