#ifndef SIGNALBOX_SERVER_POSTER_HELD_ENTRIES_H_
#define SIGNALBOX_SERVER_POSTER_HELD_ENTRIES_H_

#include <cstdint>
#include <map>
#include <set>

#include "server/base/steady_time.h"

namespace signalbox {

// HeldEntries holds the entries that the poster must not take out even if the
// outbox says that they are due: a request for the entry is in flight, or its
// last request may still take effect at GitHub. The outbox goes by the wall
// clock, which may be set. `entry_id` is Lease::entry_id.
//
// Not thread-safe: only the poster uses it.
class HeldEntries {
 public:
  // Holds the entry until this time. Replaces an earlier hold of the entry.
  void HoldUntil(int64_t entry_id, SteadyTime until);
  // A request for the entry begins: holds the entry until Land.
  void HoldInFlight(int64_t entry_id) {
    HoldUntil(entry_id, SteadyTime::InfiniteFuture());
  }

  // The entry's request has ended, and its end is stored. Ends a hold by
  // HoldInFlight, but not one by HoldUntil.
  void Land(int64_t entry_id);
  // Ends the holds whose time has come.
  void ReleaseUntil(SteadyTime now);

  // When ReleaseUntil next has something to do; SteadyTime::InfiniteFuture():
  // never.
  SteadyTime NextRelease() const;
  // The entries that are held.
  const std::set<int64_t>& Ids() const { return ids_; }

 private:
  std::map<int64_t, SteadyTime> until_;
  std::set<int64_t> ids_;  // The keys of `until_`, for LeaseRequest::held.
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_POSTER_HELD_ENTRIES_H_
