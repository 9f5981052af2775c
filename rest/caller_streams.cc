#include "rest/caller_streams.h"

#include <algorithm>
#include <utility>

namespace signalbox {

std::shared_ptr<SharedStream> CallerStreams::Find(const Secret& authorization) {
  MutexLock lock(&mu_);
  const auto found = Position(authorization);
  if (found == entries_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found);
  return found->stream;
}

void CallerStreams::Add(const Secret& authorization) {
  // Ends after the lock, if no thread uses it.
  Entry dropped;
  MutexLock lock(&mu_);
  if (Position(authorization) != entries_.end()) return;
  entries_.push_front(
      {authorization, std::make_shared<SharedStream>(server_, authorization)});
  if (entries_.size() > kMost) {
    dropped = std::move(entries_.back());
    entries_.pop_back();
  }
}

// Compares in constant time: what is looked up comes from a stranger.
std::list<CallerStreams::Entry>::iterator CallerStreams::Position(
    const Secret& authorization) {
  return std::ranges::find_if(entries_, [&](const Entry& entry) {
    return entry.authorization.Equals(authorization);
  });
}

}  // namespace signalbox
