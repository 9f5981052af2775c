#include "server/outbox/posting_rules.h"

#include <algorithm>

namespace signalbox {
namespace {

void NoteShown(const Settlement& settlement, LeasedEntry* entry) {
  const Shown shown = settlement.shown.value_or(Shown());
  entry->shown_state.reset();
  if (settlement.shown.has_value()) {
    entry->shown_state = std::string(CommitStateName(shown.state));
  }
  entry->shown_description = shown.description;
  entry->shown_target_url = shown.target_url;
}

void NotePosted(const Settlement& settlement, LeasedEntry* entry) {
  entry->ambiguous_time.reset();
  // If a delivery has shown this status before, it is counted already.
  const bool was_seen = settlement.status_id != 0 &&
                        settlement.status_id == entry->posted_status_id;
  if (settlement.attempted.has_value() && !was_seen) entry->status_count++;
  // After PostQueue::Confess a version is posted again, because GitHub showed
  // something else.
  const bool is_repeated = settlement.version == entry->posted_version &&
                           settlement.attempted.has_value();
  if (settlement.version <= entry->posted_version && !is_repeated) return;
  entry->posted_version = settlement.version;
  // GitHub shows a later status, which was observed meanwhile.
  if (settlement.status_id != 0 &&
      settlement.status_id < entry->posted_status_id) {
    return;
  }
  // Without a post there is no new number: the shown status keeps its own.
  if (settlement.status_id != 0) {
    entry->posted_status_id = settlement.status_id;
  }
  NoteShown(settlement, entry);
}

void NoteRead(const Settlement& settlement, LeasedEntry* entry) {
  entry->ambiguous_time.reset();
  if (settlement.status_id != 0 &&
      settlement.status_id < entry->posted_status_id) {
    return;
  }
  entry->posted_status_id =
      std::max(settlement.status_id, entry->posted_status_id);
  NoteShown(settlement, entry);
}

// Notes what the try showed about GitHub. This holds for the key, even if a
// newer report arrived.
void NoteGitHub(const Settlement& settlement, const PostingLimits& limits,
                LeasedEntry* entry) {
  if (settlement.full) {
    entry->status_count =
        std::max<int64_t>(entry->status_count, limits.most_statuses);
  }
  switch (settlement.kind) {
    case Settlement::Kind::kPosted:
      return NotePosted(settlement, entry);
    case Settlement::Kind::kRead:
      return NoteRead(settlement, entry);
    case Settlement::Kind::kReturned:
      return;
    case Settlement::Kind::kRetry:
    case Settlement::Kind::kParked:
    case Settlement::Kind::kAbandoned:
      break;
  }
  if (settlement.ambiguous) {
    // If this lease made no post, an older one is ambiguous.
    absl::Time begin = entry->ambiguous_time.value_or(entry->lease_begin_time);
    if (settlement.attempted.has_value() && !settlement.reading) {
      begin = settlement.attempted->begin_time;
      // GitHub may have accepted it, and the count must not fall behind
      // GitHub's.
      entry->status_count++;
    }
    entry->ambiguous_time = begin;
  } else if (settlement.attempted.has_value()) {
    entry->ambiguous_time.reset();
  }
}

// Updates the posting of the report that was tried. False: the entry is only
// due again as it was.
bool Move(const Settlement& settlement, int64_t next_sequence, absl::Time now,
          LeasedEntry* entry) {
  if (settlement.kind == Settlement::Kind::kReturned) {
    entry->due_time = settlement.retry_in <= absl::ZeroDuration()
                          ? entry->lease_due_time
                          : now + settlement.retry_in;
    return false;
  }
  if (settlement.kind == Settlement::Kind::kRead) {
    entry->due_time = std::min(entry->lease_due_time, now);
    return false;
  }
  entry->change_sequence = next_sequence;
  entry->posting_reason.clear();
  entry->due_time.reset();
  if (settlement.attempted.has_value() ||
      settlement.kind == Settlement::Kind::kRetry) {
    entry->try_count++;
  }
  // An entry that was made due again during its last try stays due.
  const bool goes_on = settlement.kind == Settlement::Kind::kAbandoned &&
                       settlement.attempted.has_value() &&
                       entry->refusal_count < settlement.refusal_count;
  if (settlement.refused) entry->refusal_count++;
  switch (goes_on ? Settlement::Kind::kParked : settlement.kind) {
    case Settlement::Kind::kPosted:
      entry->posting_state = PostingState::kPosted;
      entry->post_time = now;
      break;
    case Settlement::Kind::kRetry:
      entry->posting_state = PostingState::kWaiting;
      entry->posting_reason = settlement.reason;
      entry->due_time = now + settlement.retry_in;
      break;
    case Settlement::Kind::kParked:
      entry->posting_state = PostingState::kWaiting;
      entry->posting_reason = settlement.reason;
      entry->due_time = entry->lease_due_time;
      break;
    case Settlement::Kind::kAbandoned:
      entry->posting_state = PostingState::kAbandoned;
      entry->posting_reason = settlement.reason;
      break;
    case Settlement::Kind::kReturned:
    case Settlement::Kind::kRead:
      break;
  }
  return true;
}

}  // namespace

bool IsLost(const LeasedEntry& entry, const Settlement& settlement) {
  return entry.lease_version == 0 ||
         entry.lease_version != settlement.version ||
         (settlement.lease_number != 0 &&
          (settlement.lease_epoch != entry.lease_epoch ||
           settlement.lease_number != entry.lease_number));
}

bool EndTry(const Settlement& settlement, const PostingLimits& limits,
            int64_t next_sequence, absl::Time now, LeasedEntry* entry) {
  NoteGitHub(settlement, limits, entry);
  bool changed = false;
  if (settlement.version == entry->version) {
    changed = Move(settlement, next_sequence, now, entry);
  } else {
    entry->due_time = entry->first_due_time;
  }
  // Nothing is sent for the key while an ambiguous try can still take effect.
  if (entry->due_time.has_value() && entry->ambiguous_time.has_value()) {
    entry->due_time = std::max(*entry->due_time,
                               *entry->ambiguous_time + limits.ambiguous_wait);
  }
  return changed;
}

}  // namespace signalbox
