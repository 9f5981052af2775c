#ifndef SIGNALBOX_SERVER_OUTBOX_ENTRY_STATE_H_
#define SIGNALBOX_SERVER_OUTBOX_ENTRY_STATE_H_

#include <optional>

#include "server/report/judge.h"

namespace signalbox {

// Small conversions that the store and the rules of accepting share.

// The state that GitHub is to show for an entry that holds a report of this
// phase and result. `result` is nothing for a pending or an expired one.
inline CommitState StateOf(Phase phase, std::optional<Result> result) {
  if (result.has_value()) return CommitStateOf(*result);
  return phase == Phase::kExpired ? CommitState::kError : CommitState::kPending;
}

inline bool IsFailed(CommitState state) {
  return state == CommitState::kError || state == CommitState::kFailure;
}

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_ENTRY_STATE_H_
