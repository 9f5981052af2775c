#include "server/core/credential_upkeep.h"

#include <vector>

namespace signalbox {
namespace {

// How old the metrics of the credentials may be.
constexpr absl::Duration kCredentialUpkeepPeriod = absl::Seconds(5);

}  // namespace

absl::Status CredentialUpkeep::Recall() {
  const absl::StatusOr<std::vector<CredentialInstallation>> stored =
      notes_->Installations();
  if (!stored.ok()) return stored.status();
  std::vector<StoredInstallation> installations;
  for (const CredentialInstallation& one : *stored) {
    installations.push_back({one.credential, one.app, one.installation_id});
    stored_[one.credential] = {one.app, one.installation_id};
  }
  credentials_->Recall(installations);
  return absl::OkStatus();
}

absl::Time CredentialUpkeep::RunOnce() {
  const std::vector<CredentialState> states = credentials_->States();
  metrics_.Show(states);
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
  if (!changed.empty() && notes_->SetInstallations(changed).ok()) {
    for (const CredentialInstallation& one : changed) {
      stored_[one.credential] = {one.app, one.installation_id};
    }
  }
  return clock_->Now() + kCredentialUpkeepPeriod;
}

}  // namespace signalbox
