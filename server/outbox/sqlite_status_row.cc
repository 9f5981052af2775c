#include "server/outbox/sqlite_status_row.h"

#include <utility>

#include "server/outbox/entry_state.h"

namespace signalbox {
namespace {

// An entry with a try in flight shows as due. The end of its lease is internal
// and does not show.
Posting PostingOf(Posting stored, int64_t lease_version,
                  std::optional<absl::Time> due_time) {
  if (lease_version == 0) {
    stored.next_try_time = due_time;
  } else {
    stored.state = PostingState::kDue;
    stored.reason.clear();
  }
  return stored;
}

}  // namespace

StatusView StatusRow::View(const Sha& overtaken_by) && {
  if (version > 0) {
    status.state = StateOf(status.phase, status.result);
    status.posting =
        PostingOf(std::move(status.posting), lease_version, due_time);
    return std::move(status);
  }
  status.state = ParseCommitState(shown_state.value_or(""))
                     .value_or(CommitState::kPending);
  status.description = std::move(shown_description);
  status.target_url = std::move(shown_target_url);
  status.result.reset();
  status.posting = Posting();
  if (shown_state.has_value()) {
    status.posting.state = PostingState::kObserved;
    return std::move(status);
  }
  // Every report for the key was superseded.
  status.posting.state = PostingState::kAbandoned;
  status.posting.reason = kOvertaken;
  status.posting.overtaken_by = overtaken_by;
  return std::move(status);
}

}  // namespace signalbox
