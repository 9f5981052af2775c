#ifndef SIGNALBOX_SERVER_OUTBOX_STATUS_VIEW_H_
#define SIGNALBOX_SERVER_OUTBOX_STATUS_VIEW_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/report/judge.h"
#include "server/report/report.h"
#include "server/report/status_key.h"

namespace signalbox {

// How far the posting of an entry to GitHub has got. The numbers are stored and
// never change.
enum class PostingState {
  kDue = 1,        // To be posted as soon as the budget allows.
  kPosted = 2,     // GitHub acknowledged it.
  kWaiting = 3,    // To be posted later; the reason says why.
  kAbandoned = 4,  // Not to be posted again until something changes.
  kObserved = 5,   // Seen at GitHub, never reported here.
};
constexpr PostingState LastOf(PostingState) { return PostingState::kObserved; }

struct Posting {
  PostingState state = PostingState::kDue;
  std::string reason;  // Why it waits or was abandoned; empty otherwise.
  // With the reason OVERTAKEN: the full sha of the pull request's newer head.
  // Empty: not known.
  std::string overtaken_by;
  int try_count = 0;  // For the newest report.
  // When the next try is due. Nothing while a try is in flight, and if no more
  // tries follow. In the past: the entry waits for its turn.
  std::optional<absl::Time> next_try_time;
  // When GitHub acknowledged the newest report.
  std::optional<absl::Time> post_time;
};

// The public part of an entry.
struct StatusView {
  std::string context;  // As first spelled.
  Phase phase = Phase::kWebhookPending;
  CommitState state = CommitState::kPending;
  std::optional<Result> result;  // Nothing: pending or expired.
  std::string description;
  std::string target_url;
  // The newest accepted run that has a number; attempt 0: there is none.
  int64_t attempt = 0;
  std::string series;
  int64_t sequence = 0;  // Of the newest change, in a report or a posting.
  absl::Time report_time;
  std::optional<absl::Time> expire_time;
  Posting posting;
};

struct CommitView {
  Repository repository;   // As first spelled.
  std::string credential;  // Empty: no credential posts for it.
  std::string sha;
  std::vector<StatusView> statuses;  // Ordered by context.
};

// A status after one change.
struct StatusChange {
  Repository repository;  // With its present name.
  std::string sha;
  StatusView status;  // Its `sequence` is the number of the change.
};

struct CommitSummary {
  Repository repository;  // As first spelled.
  std::string sha;
  CommitState state = CommitState::kPending;
  int status_count = 0;
  absl::Time update_time;
  int64_t sequence = 0;  // The page token: pass it as `before_sequence`.
};

// Reason of an abandoned status whose pull request already had a newer head
// when the status was reported. Such a status does not count for its commit.
inline constexpr char kOvertaken[] = "OVERTAKEN";
// The reason why a status waits if no credential posts for its repository.
inline constexpr char kNoCredential[] = "NO_CREDENTIAL";

// Whether a report of the status was accepted here and counts for its commit.
bool IsReported(const StatusView& status);

// Reason of an abandoned entry whose row was damaged, so that the server cannot
// know what to post. The outbox accepts the next report for its key, whatever
// it says. The poster reads what GitHub shows before it posts that report.
inline constexpr absl::string_view kRowDamaged = "ROW_DAMAGED";

// The combined state of a commit's statuses, by GitHub's rule: failure if any
// is error or failure, else pending if any is pending or there are none, else
// success. Never error. Only statuses for which IsReported is true count.
CommitState CombinedState(absl::Span<const StatusView> statuses);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_STATUS_VIEW_H_
