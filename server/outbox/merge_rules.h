#ifndef SIGNALBOX_SERVER_OUTBOX_MERGE_RULES_H_
#define SIGNALBOX_SERVER_OUTBOX_MERGE_RULES_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "server/outbox/status_view.h"
#include "server/report/judge.h"

namespace signalbox {

// What becomes of two entries that turn out to be of one key, after a rename.
// Pure: a store loads both rows before, and stores the result afterwards.

// The part of an entry that merging two of one key needs.
struct MergingEntry {
  int64_t entry_id = 0;
  int64_t version = 0;
  Held held;  // Set if version > 0.
  int64_t report_sequence = 0;
  PostingState posting_state = PostingState::kDue;
  int64_t lease_version = 0;  // 0: no try is in flight.
  std::optional<absl::Time> ambiguous_time;
  int64_t shown_status_id = 0;
  std::optional<std::string> shown_state;
  std::string shown_description;
  std::string shown_target_url;
  int64_t status_count = 0;
};

struct MergedEntry {
  // The row that stays, as it is now. Of `held` only the runs differ.
  MergingEntry row;
  bool other_runs_changed = false;
  // Nothing: there is nothing to post. If a try of the row is in flight, its
  // due time stays as it is.
  std::optional<absl::Time> due_time;
  // The row that goes. Its history and its tries join those of the other.
  int64_t removed_id = 0;
  // Its reports do not count, so they join the history as superseded.
  bool supersedes_removed = false;
};

// Which of two entries may count.
enum class MayCount {
  kBoth,  // Judge decides.
  // Only this one. The other was reported by an old name of the repository, and
  // its caller may not report by the present name.
  kFrom,
  kTo,
};

// Merges the entry `from` into the repository of the entry `to`. The row whose
// report counts stays, with the newest knowledge about GitHub.
MergedEntry MergeEntries(const MergingEntry& from, const MergingEntry& to,
                         MayCount may_count, absl::Time now);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_MERGE_RULES_H_
