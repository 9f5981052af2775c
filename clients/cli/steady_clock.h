#ifndef SIGNALBOX_CLIENTS_CLI_STEADY_CLOCK_H_
#define SIGNALBOX_CLIENTS_CLI_STEADY_CLOCK_H_

#include <chrono>

#include "absl/time/time.h"

namespace signalbox {

// The time of a clock that does not jump when the machine's clock is set. It
// counts from an unknown moment, so only differences mean something.
inline absl::Time SteadyNow() {
  return absl::UnixEpoch() +
         absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_STEADY_CLOCK_H_
