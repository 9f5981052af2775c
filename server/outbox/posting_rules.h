#ifndef SIGNALBOX_SERVER_OUTBOX_POSTING_RULES_H_
#define SIGNALBOX_SERVER_OUTBOX_POSTING_RULES_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "server/outbox/lease.h"
#include "server/outbox/status_view.h"
#include "server/report/posting_limits.h"

namespace signalbox {

// What the end of a try does to its entry. Pure functions: the store loads the
// entry when the poster settles a lease, calls them, and writes the entry back.

// The part of an entry that the end of a try reads or changes.
struct LeasedEntry {
  int64_t version = 0;          // Counts the accepted reports.
  int64_t report_sequence = 0;  // Of the newest accepted report.
  int64_t change_sequence = 0;  // Of the newest change, also of the posting.
  PostingState posting_state = PostingState::kDue;
  std::string posting_reason;           // Why it waits or was abandoned.
  int64_t try_count = 0;                // For the newest report.
  int64_t refusal_count = 0;            // Those that GitHub certainly refused.
  std::optional<absl::Time> post_time;  // When GitHub acknowledged a report.
  absl::Time first_due_time;            // When the newest report became due.
  std::optional<absl::Time> due_time;   // Of the next try; nothing: none.
  int64_t lease_version = 0;            // The version in flight; 0: none.
  int64_t lease_epoch = 0;              // These are the fields of Lease.
  int64_t lease_number = 0;
  absl::Time lease_begin_time;               // When the entry was taken out.
  absl::Time lease_due_time;                 // Its due time before that.
  std::optional<absl::Time> ambiguous_time;  // Lease::ambiguous_since.
  int64_t posted_version = 0;  // The newest acknowledged; 0: none.
  // What GitHub shows, and GitHub's number for it; 0 and nothing: not known.
  int64_t posted_status_id = 0;
  std::optional<std::string> shown_state;
  std::string shown_description;
  std::string shown_target_url;
  int64_t status_count = 0;    // How many statuses GitHub has for the key.
  int64_t repository_key = 0;  // The store's own number of the repository.
};

// Whether `settlement` ends a lease that the entry no longer has: another lease
// began after it was over, or PostQueue::Confess ended it. Then only the
// history may change, and EndTry must not be called.
bool IsLost(const LeasedEntry& entry, const Settlement& settlement);

// Ends the lease, which must not be lost. `entry` gets what the try showed
// about GitHub in any case. Its posting changes only if the entry still holds
// the report that was tried; if not, the newer report is due. True: the posting
// changed, and `next_sequence` is the number of that change.
bool EndTry(const Settlement& settlement, const PostingLimits& limits,
            int64_t next_sequence, absl::Time now, LeasedEntry* entry);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_POSTING_RULES_H_
