#ifndef SIGNALBOX_SERVER_POSTER_BACKOFF_H_
#define SIGNALBOX_SERVER_POSTER_BACKOFF_H_

#include <optional>

#include "absl/time/time.h"
#include "server/github/classify.h"

namespace signalbox {

// How long an entry waits before its next try, after a verdict that lets it be
// tried again, by the times of waiting_times.h. Waits of whole credentials are
// RateLimiter's, those of whole hosts HostGuard's. `try_count` counts the
// tries at the entry's newest report, `refusal_count` those that GitHub
// definitely refused, both with this one. Nothing: no more tries, abandon it.
//
// Pure; there is no jitter, because one process posts, one after another.
std::optional<absl::Duration> Backoff(const Verdict& verdict, int try_count,
                                      int refusal_count);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_POSTER_BACKOFF_H_
