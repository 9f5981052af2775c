#include "server/poster/lane_board.h"

namespace signalbox {

void LaneBoard::Waits(const std::string& lane, absl::string_view reason,
                      absl::Time until) {
  MutexLock lock(&mu_);
  LaneState& state = states_[lane];
  state.reason = std::string(reason);
  state.until = until;
}

void LaneBoard::Stopped(const std::string& lane, const std::string& reason) {
  MutexLock lock(&mu_);
  const auto it = stopped_.find(lane);
  const std::string former = it == stopped_.end() ? "" : it->second;
  if (former == reason) return;
  const auto set = [&](const std::string& why, double value) {
    if (why.empty()) return;
    metrics_->Set("signalbox_credential_stopped",
                  "1 while a credential is stopped: its work is parked.", value,
                  {{"credential", lane}, {"reason", why}});
  };
  set(former, 0);
  set(reason, 1);
  stopped_[lane] = reason;
}

LaneState LaneBoard::StateOf(absl::string_view lane) const {
  MutexLock lock(&mu_);
  const auto it = states_.find(lane);
  return it == states_.end() ? LaneState() : it->second;
}

}  // namespace signalbox
