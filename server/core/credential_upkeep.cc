#include "server/core/credential_upkeep.h"

#include <set>
#include <vector>

namespace signalbox {
namespace {

// How old the metrics of the credentials may be.
constexpr absl::Duration kCredentialUpkeepPeriod = absl::Seconds(5);

constexpr size_t kMaxSeries = 1000;

}  // namespace

absl::Status CredentialUpkeep::Recall() {
  const absl::StatusOr<std::vector<CredentialInstallation>> stored =
      notes_->Installations();
  if (!stored.ok()) return stored.status();
  std::vector<CredentialState> states;
  for (const CredentialInstallation& one : *stored) {
    states.push_back({.id = one.credential,
                      .app = one.app,
                      .installation_id = one.installation_id});
    stored_[one.credential] = {one.app, one.installation_id};
  }
  credentials_->Recall(states);
  return absl::OkStatus();
}

void CredentialUpkeep::Show(const std::vector<CredentialState>& states) {
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
    metrics_->Set(
        "signalbox_credential_stopped",
        "1 while GitHub refuses the credential for this reason, then 0.", now,
        {{"credential", series.first}, {"reason", series.second}});
  }
}

absl::Time CredentialUpkeep::RunOnce() {
  const std::vector<CredentialState> states = credentials_->States();
  Show(states);
  std::vector<CredentialInstallation> changed;
  for (const CredentialState& state : states) {
    const auto stored = stored_.find(state.id);
    const bool is_known =
        stored == stored_.end()
            ? state.installation_id == 0
            : stored->second == std::pair(state.app, state.installation_id);
    if (is_known) continue;
    changed.push_back({state.id, state.app, state.installation_id});
  }
  const Term term = held_term_->Get();
  if (!changed.empty() && term != Term()) {
    const absl::Status kept = notes_->SetInstallations(term, changed);
    held_term_->NoteOver(term, kept);
    for (const CredentialInstallation& one : changed) {
      if (kept.ok()) stored_[one.credential] = {one.app, one.installation_id};
    }
  }
  return clock_->Now() + kCredentialUpkeepPeriod;
}

}  // namespace signalbox
