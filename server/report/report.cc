#include "server/report/report.h"

namespace signalbox {

absl::string_view CommitStateName(CommitState state) {
  switch (state) {
    case CommitState::kError:
      return "error";
    case CommitState::kFailure:
      return "failure";
    case CommitState::kPending:
      return "pending";
    case CommitState::kSuccess:
      return "success";
  }
  return "error";
}

std::optional<CommitState> ParseCommitState(absl::string_view name) {
  for (const CommitState state :
       {CommitState::kError, CommitState::kFailure, CommitState::kPending,
        CommitState::kSuccess}) {
    if (CommitStateName(state) == name) return state;
  }
  return std::nullopt;
}

CommitState CommitStateOf(Result result) {
  switch (result) {
    case Result::kSuccess:
    case Result::kSkipped:
    case Result::kNeutral:
      return CommitState::kSuccess;
    case Result::kFailure:
      return CommitState::kFailure;
    case Result::kError:
    case Result::kCancelled:
    case Result::kTimedOut:
      return CommitState::kError;
  }
  return CommitState::kError;
}

absl::string_view DefaultDescription(Result result) {
  switch (result) {
    case Result::kCancelled:
      return "Cancelled";
    case Result::kSkipped:
      return "Skipped";
    case Result::kTimedOut:
      return "Timed out";
    case Result::kNeutral:
      return "Neutral";
    case Result::kSuccess:
    case Result::kFailure:
    case Result::kError:
      return "";
  }
  return "";
}

}  // namespace signalbox
