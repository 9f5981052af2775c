#include "server/github/credential_metrics.h"

#include <set>
#include <utility>

namespace signalbox {
namespace {

constexpr size_t kMaxSeries = 1000;

}  // namespace

void CredentialMetrics::Show(const std::vector<CredentialState>& states) {
  std::set<std::pair<std::string, std::string>> stopped;
  for (const CredentialState& state : states) {
    if (state.stop_reason.empty()) continue;
    stopped.emplace(state.id, state.stop_reason);
    if (shown_.size() < kMaxSeries) {
      shown_.emplace(std::pair(state.id, state.stop_reason), false);
    }
  }
  for (auto& [series, is_stopped] : shown_) {
    const bool now = stopped.contains(series);
    if (now == is_stopped) continue;
    is_stopped = now;
    metrics_->Set("signalbox_credential_stopped",
                  "Credentials that GitHub refuses, by reason.", now,
                  {{"credential", series.first}, {"reason", series.second}});
  }
}

}  // namespace signalbox
