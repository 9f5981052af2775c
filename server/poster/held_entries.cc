#include "server/poster/held_entries.h"

#include <algorithm>

namespace signalbox {

void HeldEntries::HoldUntil(int64_t entry_id, SteadyTime until) {
  until_[entry_id] = until;
  ids_.insert(entry_id);
}

void HeldEntries::Land(int64_t entry_id) {
  const auto held = until_.find(entry_id);
  if (held == until_.end() || held->second != SteadyTime::InfiniteFuture()) {
    return;
  }
  until_.erase(held);
  ids_.erase(entry_id);
}

void HeldEntries::ReleaseUntil(SteadyTime now) {
  for (auto it = until_.begin(); it != until_.end();) {
    if (it->second > now) {
      ++it;
      continue;
    }
    ids_.erase(it->first);
    it = until_.erase(it);
  }
}

SteadyTime HeldEntries::NextRelease() const {
  SteadyTime next = SteadyTime::InfiniteFuture();
  for (const auto& [entry_id, until] : until_) next = std::min(next, until);
  return next;
}

}  // namespace signalbox
