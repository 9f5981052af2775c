#include "server/poster/credential_board.h"

namespace signalbox {

void CredentialBoard::Waits(const std::string& credential,
                            absl::string_view reason, absl::Time until) {
  MutexLock lock(&mu_);
  if (reason.empty()) {
    states_.erase(credential);
    return;
  }
  CredentialWait& state = states_[credential];
  state.reason = std::string(reason);
  state.until = until;
}

CredentialWait CredentialBoard::StateOf(absl::string_view credential) const {
  MutexLock lock(&mu_);
  const auto it = states_.find(credential);
  return it == states_.end() ? CredentialWait() : it->second;
}

bool CredentialBoard::NoteCreator(const CredentialCreator& note) {
  MutexLock lock(&mu_);
  StatusCreator& creator = creators_[note.credential];
  if (creator == note.creator) return false;
  creator = note.creator;
  return true;
}

std::optional<StatusCreator> CredentialBoard::CreatorOf(
    absl::string_view credential) const {
  MutexLock lock(&mu_);
  const auto it = creators_.find(credential);
  if (it == creators_.end()) return std::nullopt;
  return it->second;
}

}  // namespace signalbox
