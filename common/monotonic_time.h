#ifndef SIGNALBOX_COMMON_MONOTONIC_TIME_H_
#define SIGNALBOX_COMMON_MONOTONIC_TIME_H_

#include "absl/time/time.h"

namespace signalbox {

// The time that has passed since some moment before the process began. Use
// differences of it to measure time: unlike the wall clock, it never jumps. It
// also counts while the machine is suspended. Thread-safe.
absl::Duration MonotonicTime();

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_MONOTONIC_TIME_H_
