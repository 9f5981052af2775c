#ifndef SIGNALBOX_SERVER_REPORT_REPORT_H_
#define SIGNALBOX_SERVER_REPORT_REPORT_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/result.h"
#include "server/report/status_key.h"

namespace signalbox {

// The four states that a commit status can have at GitHub. The numbers are
// those of the proto's CommitState.
enum class CommitState { kError = 1, kFailure = 2, kPending = 3, kSuccess = 4 };

// "error", "failure", "pending" or "success".
absl::string_view CommitStateName(CommitState state);
// The reverse; nothing for any other text.
std::optional<CommitState> ParseCommitState(absl::string_view name);

// The state that GitHub shows for a result. Commit statuses have no word for
// some results: cancelled and timed out become error, skipped and neutral
// become success.
CommitState CommitStateOf(Result result);

// The description for a result without one: "Cancelled", "Timed out", "Skipped"
// or "Neutral". Empty for the other results, which the state already tells.
absl::string_view DefaultDescription(Result result);

// What a farm, the shim or a person reports about a commit: that the work has
// begun (a pending) or how it ended (a result). The texts are already checked
// and repaired.
struct Report {
  Repository repository;
  Sha sha;

  // How the run ended; nothing: a pending.
  std::optional<Result> result;

  // The farm's number of this run; 0: it has none.
  int64_t attempt = 0;
  // The counter that `attempt` belongs to. Numbers of different series are
  // never compared. Empty is a series like any other.
  std::string series;

  std::string description;  // As KeepDescription returns it.
  std::string target_url;   // As KeepTargetUrl returns it.

  // The report also counts if it differs from the held one only in its texts,
  // as at GitHub: the newest text wins. Webhooks do not ask for this.
  bool newest_text_wins = false;

  // Pendings only. If neither a result nor another pending arrives for this
  // long, the server itself reports an error. Infinite: it never does.
  absl::Duration expires_after = absl::Hours(6);
  // Pendings only. The context is to be run again: the report counts although
  // the key has a result.
  bool rerun = false;
  // Pendings only. The report comes from a delivery, not from a farm.
  bool from_webhook = false;

  // GitHub's number for the repository; 0 if the caller does not know it.
  int64_t repository_id = 0;

  // The key that the report is about under this context.
  StatusKey Key(const std::string& context) const {
    return StatusKey::Of(repository, sha, context);
  }
  // What GitHub shows for the report.
  CommitState State() const {
    return result.has_value() ? CommitStateOf(*result) : CommitState::kPending;
  }
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_REPORT_REPORT_H_
