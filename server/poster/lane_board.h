#ifndef SIGNALBOX_SERVER_POSTER_LANE_BOARD_H_
#define SIGNALBOX_SERVER_POSTER_LANE_BOARD_H_

#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/mutex.h"

namespace signalbox {

// Why the work of a lane waits, for people.
struct LaneState {
  // A stable upper-case word: the credential's (see Credentials::Get), the rate
  // limiter's (see RateLimiter::WaitsFor), HOST_DOWN or HOST_FULL. Empty: the
  // lane does not wait.
  std::string reason;
  // Until when the lane waits; InfinitePast: not known.
  absl::Time until = absl::InfinitePast();
};

// LaneBoard shows what each lane waits for. No decision depends on it.
//
// Thread-safe.
class LaneBoard {
 public:
  // The lane waits. An empty reason: the lane no longer waits.
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
