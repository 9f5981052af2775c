#ifndef SIGNALBOX_SERVER_POSTER_HELD_ENTRIES_H_
#define SIGNALBOX_SERVER_POSTER_HELD_ENTRIES_H_

#include <cstdint>
#include <map>
#include <set>

#include "absl/time/time.h"

namespace signalbox {

// HeldEntries holds the entries that the poster must not take out even if they
// are due: a request of theirs is in flight, or their last request may still
// take effect. All times are steady.
//
// Not thread-safe: only the poster uses it.
class HeldEntries {
 public:
  // Until a time, or until Land.
  void HoldUntil(int64_t entry_id, absl::Time until);
  void HoldInFlight(int64_t entry_id) {
    HoldUntil(entry_id, absl::InfiniteFuture());
  }

  // The entry's request has ended and is settled. If the entry was meanwhile
  // held until a time, it remains held.
  void Land(int64_t entry_id);
  void ReleaseUntil(absl::Time now);

  // When ReleaseUntil next has something to do.
  absl::Time NextRelease() const;
  const std::set<int64_t>& Ids() const { return ids_; }

 private:
  std::map<int64_t, absl::Time> until_;
  std::set<int64_t> ids_;  // The keys of `until_`, for LeaseRequest.
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_POSTER_HELD_ENTRIES_H_
