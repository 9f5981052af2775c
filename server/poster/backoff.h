#ifndef SIGNALBOX_SERVER_POSTER_BACKOFF_H_
#define SIGNALBOX_SERVER_POSTER_BACKOFF_H_

#include <optional>

#include "absl/time/time.h"
#include "server/github/classify.h"

namespace signalbox {

// How long an entry waits before its next try, after a verdict that allows one.
// waiting_times.h has the times. RateLimiter makes whole credentials wait, and
// HostGuard whole hosts. `try_count` counts the tries at the entry's newest
// report, and `refusal_count` those that GitHub certainly refused; both include
// the try that just ended. Nothing: no more tries, abandon the entry.
//
// Pure. There is no jitter, because one process makes all posts, one after
// another.
std::optional<absl::Duration> Backoff(const Verdict& verdict, int try_count,
                                      int refusal_count);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_POSTER_BACKOFF_H_
