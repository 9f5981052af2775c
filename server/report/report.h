#ifndef SIGNALBOX_SERVER_REPORT_REPORT_H_
#define SIGNALBOX_SERVER_REPORT_REPORT_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/report/status_key.h"

namespace signalbox {

// The four states that a commit status can have at GitHub.
enum class CommitState { kError, kFailure, kPending, kSuccess };

// "error", "failure", "pending" or "success".
absl::string_view CommitStateName(CommitState state);
// The opposite; nothing for any other text.
std::optional<CommitState> ParseCommitState(absl::string_view name);

// How a run ended. The numbers are stored and never change.
enum class Result {
  kSuccess = 1,
  kFailure = 2,
  kError = 3,
  kCancelled = 4,
  kSkipped = 5,
  kTimedOut = 6,
  kNeutral = 7,
};
constexpr Result LastOf(Result) { return Result::kNeutral; }

// Commit statuses have no word for some results: cancelled and timed out are
// shown as error, skipped and neutral as success.
CommitState CommitStateOf(Result result);

// What the description says of a result when its farm says nothing:
// "Cancelled", "Timed out", "Skipped", "Neutral"; empty for the others, whose
// state says it.
absl::string_view DefaultDescription(Result result);

// What a farm or the shim says about a key.
struct Report {
  Repository repository;
  std::string sha;      // Lower case.
  std::string context;  // As spelled.

  // How the run ended; nothing for a pending.
  std::optional<Result> result;

  // The caller's number for this run; 0: unnumbered.
  int64_t attempt = 0;

  std::string description;  // By KeepDescription.
  std::string target_url;   // By KeepTargetUrl.

  // Pendings only. How long without a sign of life until the server itself
  // reports an error.
  absl::Duration expires_after = absl::Hours(6);
  // Pendings only. The context is to be run again.
  bool rerun = false;
  // Pendings only. The report comes from a delivery, not from a farm.
  bool from_webhook = false;

  // GitHub's number for the repository; 0 if the caller does not know it.
  int64_t repository_id = 0;

  StatusKey Key() const { return StatusKey::Of(repository, sha, context); }
  CommitState State() const {
    return result.has_value() ? CommitStateOf(*result) : CommitState::kPending;
  }
};

// What kind of report an entry holds. The numbers are stored and never change.
enum class Phase {
  kWebhookPending = 1,
  kFarmPending = 2,
  kNumberedResult = 3,
  kUnnumberedResult = 4,
  kExpired = 5,  // The server's own error after a pending without a result.
};
constexpr Phase LastOf(Phase) { return Phase::kExpired; }

// The part of an entry that Judge decides by.
struct Held {
  Phase phase = Phase::kWebhookPending;
  // The largest number seen for the key; 0 if none was.
  int64_t attempt = 0;
  // The server's own count of reruns within the attempt.
  int64_t round = 0;
  // Set for kNumberedResult and kUnnumberedResult.
  std::optional<Result> result;
  // Only those of a farm's pending matter.
  std::string description;
  std::string target_url;
};

enum class Disposition {
  kAccepted,
  // Says what the entry says already.
  kUnchanged,
  // Older than what the entry says: recorded in the history, never posted.
  kSuperseded,
  // Contradicts a numbered result: to be answered with ALREADY_EXISTS.
  kConflict,
};

struct Judgement {
  Disposition disposition;
  // The entry's standing if the report is accepted.
  Phase phase;
  int64_t attempt;
  int64_t round;
  // The entry's expiry begins anew (pendings only; also when unchanged).
  bool renews_expiry;
};

// The whole ordering rule: what becomes of `arriving` where `held` is the
// entry's newest report, or nullptr if the key was never heard of.
Judgement Judge(const Held* held, const Report& arriving);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_REPORT_REPORT_H_
