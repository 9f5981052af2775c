#ifndef SIGNALBOX_SERVER_POSTER_LANE_BOARD_H_
#define SIGNALBOX_SERVER_POSTER_LANE_BOARD_H_

#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/mutex.h"

namespace signalbox {

// What keeps the work of a lane waiting, for people.
struct LaneState {
  // A stable upper-case word: the credential's (see Credentials::Get), the rate
  // limiter's (see RateLimiter::WaitsFor) or HOST_DOWN; empty: nothing does.
  std::string reason;
  // Until when, as far as is known; InfinitePast: it is not.
  absl::Time until = absl::InfinitePast();
};

// LaneBoard shows how the lanes stand. Nothing is decided by it.
//
// Thread-safe.
class LaneBoard {
 public:
  // The lane waits, or (with an empty reason) goes on.
  void Waits(const std::string& lane, absl::string_view reason,
             absl::Time until);
  void GoesOn(const std::string& lane) {
    Waits(lane, "", absl::InfinitePast());
  }

  LaneState StateOf(absl::string_view lane) const;

 private:
  mutable Mutex mu_;
  std::map<std::string, LaneState, std::less<>> states_ ABSL_GUARDED_BY(mu_);
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_POSTER_LANE_BOARD_H_
