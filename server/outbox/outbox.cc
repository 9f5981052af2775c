#include "server/outbox/outbox.h"

namespace signalbox {

CommitState CombinedState(absl::Span<const StatusView> statuses) {
  bool pending = statuses.empty();
  for (const StatusView& status : statuses) {
    switch (status.state) {
      case CommitState::kError:
      case CommitState::kFailure:
        return CommitState::kFailure;
      case CommitState::kPending:
        pending = true;
        break;
      case CommitState::kSuccess:
        break;
    }
  }
  return pending ? CommitState::kPending : CommitState::kSuccess;
}

}  // namespace signalbox
