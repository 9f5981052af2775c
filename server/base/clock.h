#ifndef SIGNALBOX_SERVER_BASE_CLOCK_H_
#define SIGNALBOX_SERVER_BASE_CLOCK_H_

#include "absl/time/time.h"

namespace signalbox {

// Both clocks at one moment.
struct Moment {
  absl::Time wall;    // For the store and for people.
  absl::Time steady;  // For pauses and leases: never jumps.

  // What the wall clock would have shown at the steady time `then`, if nobody
  // had set it since.
  absl::Time WallAt(absl::Time then) const { return wall - (steady - then); }
  absl::Time SteadyAt(absl::Time then) const { return steady - (wall - then); }
};

// Clock tells the time. Decisions take the time as an argument; only the
// outermost loops ask a Clock for it.
//
// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;

  // Wall time. It can jump. Use it for what outlives the process (due times,
  // expiries) and for people.
  virtual absl::Time Now() = 0;

  // Time since a fixed moment. It never jumps, and runs on while the machine is
  // suspended. Use it for deadlines and pauses inside the process.
  virtual absl::Duration Monotonic() = 0;

  // Monotonic as an absl::Time, and both clocks.
  absl::Time Steady() { return absl::UnixEpoch() + Monotonic(); }
  Moment Look() { return {Now(), Steady()}; }

  // The machine's clock. Never destroyed.
  static Clock* System();
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_BASE_CLOCK_H_
