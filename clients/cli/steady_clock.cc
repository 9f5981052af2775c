#include "clients/cli/steady_clock.h"

#include <chrono>

namespace signalbox {

absl::Time SteadyNow() {
  return absl::UnixEpoch() +
         absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace signalbox
