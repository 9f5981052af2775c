#ifndef SIGNALBOX_SERVER_POSTER_BACKOFF_H_
#define SIGNALBOX_SERVER_POSTER_BACKOFF_H_

#include <optional>

#include "absl/time/time.h"
#include "server/github/classify.h"

namespace signalbox {

// How long an entry must wait before its next try, after a try that ended with
// `verdict`. Nothing: there must be no further try. waiting_times.h has the
// times.
//
// `try_count` counts the tries at the entry's newest report. `refusal_count`
// counts those of them that GitHub certainly refused. Both include the try that
// has just ended.
//
// This is the wait of one entry. RateLimiter makes whole credentials wait, and
// HostGuard whole hosts. The waits have no random part, because one process
// makes all posts. Pure.
std::optional<absl::Duration> Backoff(const Verdict& verdict, int try_count,
                                      int refusal_count);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_POSTER_BACKOFF_H_
