#include "server/poster/lane_board.h"

namespace signalbox {

void LaneBoard::Waits(const std::string& lane, absl::string_view reason,
                      absl::Time until) {
  MutexLock lock(&mu_);
  if (reason.empty()) {
    states_.erase(lane);
    return;
  }
  LaneState& state = states_[lane];
  state.reason = std::string(reason);
  state.until = until;
}

LaneState LaneBoard::StateOf(absl::string_view lane) const {
  MutexLock lock(&mu_);
  const auto it = states_.find(lane);
  return it == states_.end() ? LaneState() : it->second;
}

}  // namespace signalbox
