#ifndef SIGNALBOX_SERVER_OUTBOX_FILE_CHECK_H_
#define SIGNALBOX_SERVER_OUTBOX_FILE_CHECK_H_

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/outbox/upkeep.h"

namespace signalbox {

// Has the outbox check its file after a start, if the file needs that, and logs
// whether the check runs, why, and how it ends. Returns when to call it again:
// while too much is written for a check, it tries again from time to time.
//
// The check keeps a core busy for at most a tenth of the time. `cpu_time` says
// how long the calling thread has done so. After some milliseconds of work the
// check calls `pause`, which sleeps, perhaps for no time. If that returns
// false, because the server stops, the check ends. `on_failure` gets the
// damage, or another error after which the process must end.
absl::Time CheckFileSlowly(
    Upkeep* outbox, Clock* clock, absl::FunctionRef<absl::Duration()> cpu_time,
    absl::FunctionRef<bool(absl::Duration)> pause,
    absl::FunctionRef<void(const absl::Status&)> on_failure);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_FILE_CHECK_H_
