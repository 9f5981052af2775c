#ifndef SIGNALBOX_SERVER_BASE_CLOCK_H_
#define SIGNALBOX_SERVER_BASE_CLOCK_H_

#include "absl/time/time.h"
#include "server/base/steady_time.h"

namespace signalbox {

// What the wall clock and the steady clock show at one moment (see Clock).
struct Moment {
  absl::Time wall;    // Clock::Now.
  SteadyTime steady;  // Clock::Steady.

  // These convert `then` as if the wall clock was never set between it and this
  // moment.
  absl::Time WallAt(SteadyTime then) const { return wall - (steady - then); }
  SteadyTime SteadyAt(absl::Time then) const { return steady - (wall - then); }
};

// Clock tells the time. Only the outermost loops ask it, and pass the time as
// an argument to the functions that decide. Tests and the simulation have
// clocks of their own.
//
// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;

  // The wall clock. It jumps when somebody sets it. Use it for times that
  // outlive the process (due times, expiries) and for people.
  virtual absl::Time Now() = 0;

  // The steady clock. It never jumps, and runs on while the machine is
  // suspended. Use it for deadlines and pauses inside the process.
  virtual SteadyTime Steady() = 0;

  // Both clocks.
  Moment Look() { return {Now(), Steady()}; }

  // The machine's clock. Never destroyed.
  static Clock* System();
};

// How long the calling thread has kept a core busy since it began.
absl::Duration ThreadCpuTime();

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_BASE_CLOCK_H_
