#include "server/outbox/status_view.h"

namespace signalbox {

bool IsReported(const StatusView& status) {
  return status.posting.state != PostingState::kObserved &&
         status.posting.reason != kOvertaken;
}

CommitState CombinedState(absl::Span<const StatusView> statuses) {
  bool pending = false;
  bool reported = false;
  for (const StatusView& status : statuses) {
    if (!IsReported(status)) continue;
    reported = true;
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
  return pending || !reported ? CommitState::kPending : CommitState::kSuccess;
}

}  // namespace signalbox
