#ifndef SIGNALBOX_SERVER_OUTBOX_POSTING_RULES_H_
#define SIGNALBOX_SERVER_OUTBOX_POSTING_RULES_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "server/outbox/lease.h"
#include "server/outbox/status_view.h"

namespace signalbox {

// What the end of a try does to an entry. Pure functions: a store loads the
// entry before, and stores it afterwards.

// The part of an entry that the end of a try changes.
struct LeasedEntry {
  int64_t version = 0;
  int64_t report_sequence = 0;
  int64_t change_sequence = 0;
  PostingState posting_state = PostingState::kDue;
  std::string posting_reason;
  int64_t try_count = 0;
  int64_t refusal_count = 0;
  std::optional<absl::Time> post_time;
  absl::Time first_due_time;
  std::optional<absl::Time> due_time;
  int64_t lease_version = 0;
  int64_t lease_epoch = 0;
  int64_t lease_number = 0;
  absl::Time lease_begin_time;
  absl::Time lease_due_time;
  std::optional<absl::Time> ambiguous_time;
  int64_t posted_version = 0;
  int64_t posted_status_id = 0;
  std::optional<std::string> shown_state;
  std::string shown_description;
  std::string shown_target_url;
  int64_t status_count = 0;
  int64_t repository_key = 0;
};

// Whether the lease that `settlement` ends was taken over after its deadline,
// or by PostQueue::Confess. The end then changes nothing but the history.
bool IsLost(const LeasedEntry& entry, const Settlement& settlement);

// Ends the lease, which must not be lost. What the try showed about GitHub
// holds for the key in any case. Its posting changes only if the entry still
// holds the report that was tried; otherwise the newer report is due. True: the
// posting changed and got `next_sequence`.
bool EndTry(const Settlement& settlement, int64_t next_sequence, absl::Time now,
            LeasedEntry* entry);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_POSTING_RULES_H_
