#ifndef SIGNALBOX_SERVER_BASE_RECENT_MAP_H_
#define SIGNALBOX_SERVER_BASE_RECENT_MAP_H_

#include <cstddef>
#include <utility>

#include "absl/container/flat_hash_map.h"

namespace signalbox {

// RecentMap is a cache of at most `bound` values. When it is full, it forgets
// values that were not used for long; the `bound / 2` values that were found or
// put last are always in it.
//
// Not thread-safe.
template <typename Key, typename Value>
class RecentMap {
 public:
  explicit RecentMap(size_t bound) : half_(bound / 2) {}

  // nullptr: there is no value. The result of Find and Put is valid until the
  // next call.
  Value* Find(const Key& key) {
    const auto young = young_.find(key);
    if (young != young_.end()) return &young->second;
    const auto old = old_.find(key);
    if (old == old_.end()) return nullptr;
    Value value = std::move(old->second);
    old_.erase(old);
    return Put(key, std::move(value));
  }

  // Replaces the value of `key`.
  Value* Put(const Key& key, Value value) {
    if (young_.size() >= half_ && !young_.contains(key)) {
      old_ = std::move(young_);
      young_.clear();
    }
    old_.erase(key);
    return &young_.insert_or_assign(key, std::move(value)).first->second;
  }

  void Erase(const Key& key) {
    young_.erase(key);
    old_.erase(key);
  }

  void Clear() {
    young_.clear();
    old_.clear();
  }

  size_t size() const { return young_.size() + old_.size(); }

 private:
  const size_t half_;
  // When `young_` is full, it replaces `old_`. No key is in both.
  absl::flat_hash_map<Key, Value> young_;
  absl::flat_hash_map<Key, Value> old_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_BASE_RECENT_MAP_H_
