#ifndef SIGNALBOX_SERVER_OUTBOX_MERGE_RULES_H_
#define SIGNALBOX_SERVER_OUTBOX_MERGE_RULES_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "server/outbox/status_view.h"
#include "server/report/judge.h"

namespace signalbox {

// After a rename, a repository can have entries under its old and its new name,
// so that two entries are of one key. These rules make one of them. Pure: the
// store loads both rows, calls MergeEntries, and stores the result.

// The part of an entry that merging needs.
struct MergingEntry {
  int64_t entry_id = 0;
  int64_t version = 0;          // Counts the accepted reports.
  Held held;                    // Set if version > 0.
  int64_t report_sequence = 0;  // Of the newest accepted report.
  // When its pending expires, and how long that was from its report. Nothing:
  // it does not expire.
  std::optional<absl::Time> expire_time;
  std::optional<absl::Duration> expires_after;
  PostingState posting_state = PostingState::kDue;
  int64_t lease_version = 0;  // The version in flight; 0: no try is in flight.
  // When the latest ambiguous try began; nothing: no try is ambiguous.
  std::optional<absl::Time> ambiguous_time;
  // What GitHub shows, and GitHub's number for it; 0: not known.
  int64_t shown_status_id = 0;
  std::optional<std::string> shown_state;  // Nothing: not known.
  std::string shown_description;
  std::string shown_target_url;
  int64_t status_count = 0;  // How many statuses GitHub has for the key.
};

struct MergedEntry {
  // The row that stays, with its new values. Its report is the one that it had;
  // of `held` only the runs can differ. The other report can renew its expiry.
  MergingEntry row;
  bool other_runs_changed = false;  // row.held.other_runs must be stored.
  // When `row` becomes due. Nothing: there is nothing to post. While a try of
  // the row is in flight, the store leaves its due time as it is.
  std::optional<absl::Time> due_time;
  // The row to delete. Its history goes to `row`.
  int64_t removed_id = 0;
  // The reports of the deleted row must not count. The store marks them as
  // superseded in the history.
  bool supersedes_removed = false;
};

// Whose report may count. An entry must not count if it was reported by an old
// name of the repository, and its caller has no right to report by the present
// name.
enum class MayCount {
  kBoth,  // Judge decides.
  kFrom,  // Only the entry `from`.
  kTo,    // Only the entry `to`.
};

// Merges the entry `from`, whose repository is merged into that of `to`. The
// row whose report counts stays. It gets the newer knowledge of the two about
// what GitHub shows. `ambiguous_wait` is that of PostingLimits.
MergedEntry MergeEntries(const MergingEntry& from, const MergingEntry& to,
                         MayCount may_count, absl::Duration ambiguous_wait,
                         absl::Time now);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_MERGE_RULES_H_
