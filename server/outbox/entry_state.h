#ifndef SIGNALBOX_SERVER_OUTBOX_ENTRY_STATE_H_
#define SIGNALBOX_SERVER_OUTBOX_ENTRY_STATE_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
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

// The store keeps a sha as 20 or 32 bytes. Empty unless `sha` is 40 or 64
// hexadecimal digits.
std::string ShaToBytes(absl::string_view sha);
// The hexadecimal digits of `bytes`, in lower case.
std::string ShaFromBytes(absl::string_view bytes);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_ENTRY_STATE_H_
