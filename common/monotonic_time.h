#ifndef SIGNALBOX_COMMON_MONOTONIC_TIME_H_
#define SIGNALBOX_COMMON_MONOTONIC_TIME_H_

#include "absl/time/time.h"

namespace signalbox {

// The time since a fixed moment. It never jumps, and runs on while the machine
// is suspended. Thread-safe.
absl::Duration MonotonicTime();

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_MONOTONIC_TIME_H_
