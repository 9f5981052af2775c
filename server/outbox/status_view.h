#ifndef SIGNALBOX_SERVER_OUTBOX_STATUS_VIEW_H_
#define SIGNALBOX_SERVER_OUTBOX_STATUS_VIEW_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/outbox/change_cursor.h"
#include "server/report/judge.h"
#include "server/report/report.h"
#include "server/report/status_key.h"

namespace signalbox {

// What a reader of the outbox gets to see of entries: statuses, commits, and
// changes of statuses.

// How far the posting of an entry to GitHub has got. The numbers are stored and
// never change.
enum class PostingState {
  kDue = 1,        // To be posted as soon as the budget allows.
  kPosted = 2,     // GitHub acknowledged it.
  kWaiting = 3,    // To be posted later; the reason says why.
  kAbandoned = 4,  // Not to be posted again until something changes.
  kObserved = 5,   // Seen at GitHub, never reported here.
};
// The largest number, so that code that reads a stored number can check it.
constexpr PostingState LastOf(PostingState) { return PostingState::kObserved; }

struct Posting {
  PostingState state = PostingState::kDue;
  // Why it waits or was abandoned (see reasons.h); empty otherwise.
  std::string reason;
  // With the reason OVERTAKEN: the pull request's newer head; empty: not known.
  Sha overtaken_by;
  int try_count = 0;  // For the newest report.
  // When the next try is due. Nothing while a try is in flight, and if no more
  // tries follow. In the past: the entry waits for its turn.
  std::optional<absl::Time> next_try_time;
  // When GitHub acknowledged the newest report.
  std::optional<absl::Time> post_time;
};

// The public part of an entry; proto `CommitStatus`.
struct StatusView {
  std::string context;  // As first spelled.
  Phase phase = Phase::kWebhookPending;
  CommitState state = CommitState::kPending;
  std::optional<Result> result;  // Nothing: pending or expired.
  std::string description;
  std::string target_url;
  // The numbered run whose report was accepted last; attempt 0: there is none.
  int64_t attempt = 0;
  std::string series;
  int64_t sequence = 0;         // Of the newest status change.
  int64_t report_sequence = 0;  // Of the newest accepted report; 0: none.
  absl::Time report_time;       // When the newest report was accepted.
  std::optional<absl::Time> expire_time;  // Nothing: it does not expire.
  Posting posting;
};

// All statuses of one commit.
struct CommitView {
  Repository repository;   // As first spelled.
  std::string credential;  // Empty: no credential posts for it.
  Sha sha;
  std::vector<StatusView> statuses;  // Ordered by context.
};

// A status as it was after one status change.
struct StatusChange {
  Repository repository;  // With its present name.
  Sha sha;
  StatusView status;
  ChangeCursor cursor;  // Just after this change.
};

// A commit in a list of commits.
struct CommitSummary {
  Repository repository;  // As first spelled.
  Sha sha;
  CommitState state = CommitState::kPending;  // As CombinedState.
  int status_count = 0;    // Statuses with an accepted report.
  absl::Time update_time;  // When its newest report was accepted.
  // Of its newest report. The last one of a page is the `before_sequence` of
  // the next page.
  int64_t sequence = 0;
};

// The posting reason of an abandoned status whose pull request already had a
// newer head when the status was reported. It does not count for its commit.
inline constexpr char kOvertaken[] = "OVERTAKEN";
// The posting reason of a waiting status if no credential posts for its
// repository.
inline constexpr char kNoCredential[] = "NO_CREDENTIAL";
// The posting reason of an abandoned entry whose row was damaged, so that the
// server cannot know what to post. The outbox accepts the next report for its
// key, whatever it says. The poster reads what GitHub shows before it posts
// that report.
inline constexpr absl::string_view kRowDamaged = "ROW_DAMAGED";

// Whether the status counts for its commit: a report of it was accepted here,
// and was not overtaken.
bool IsReported(const StatusView& status);

// The combined state of a commit's statuses, by GitHub's rule: failure if any
// is error or failure, else pending if any is pending or there are none, else
// success. Never error. Only statuses for which IsReported is true count.
CommitState CombinedState(absl::Span<const StatusView> statuses);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_STATUS_VIEW_H_
