#ifndef SIGNALBOX_CLIENTS_CLI_STEADY_CLOCK_H_
#define SIGNALBOX_CLIENTS_CLI_STEADY_CLOCK_H_

#include "absl/time/time.h"

namespace signalbox {

// The time of a clock that does not jump when the machine's clock is set. It
// counts from an unknown moment, so only differences mean something.
absl::Time SteadyNow();

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_STEADY_CLOCK_H_
