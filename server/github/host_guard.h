#ifndef SIGNALBOX_SERVER_GITHUB_HOST_GUARD_H_
#define SIGNALBOX_SERVER_GITHUB_HOST_GUARD_H_

#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signalbox {

// HostGuard keeps requests away from a GitHub that is down. After
// kFailuresToPauseHost consecutive requests to an API address without an answer
// or with a 5xx, the address gets one request at a time, with growing pauses,
// until one is answered. More requests would tell the server nothing new, and
// would leave many requests with an unknown end.
//
// Time is an argument and must not go backwards. Not thread-safe: only
// RequestGate uses it.
class HostGuard {
 public:
  // If a request to `api_url` may begin at `now`, books it and returns `now`.
  // Else returns when to ask again. absl::InfiniteFuture(): only the end of a
  // request can change the answer, also because kMaxRequestsPerHost are in
  // flight.
  absl::Time Admit(absl::string_view api_url, absl::Time now);

  // Undoes an Admit whose request was not made.
  void Return(absl::string_view api_url);

  // A request has ended. `answered`: with an answer below 500.
  void Observe(absl::string_view api_url, bool answered, absl::Time now);

  // Whether the host is considered down.
  bool IsDown(absl::string_view api_url) const;

  // Whether the host has as many requests in flight as allowed.
  bool IsFull(absl::string_view api_url) const;

 private:
  struct Host {
    // Consecutive failures. Requests sent before the host was considered down
    // count only up to the threshold.
    int failures = 0;
    int in_flight = 0;
    bool is_probed = false;  // By the request in flight.
    absl::Time paused_until = absl::InfinitePast();
  };

  // Only hosts with failures or requests in flight have an entry.
  std::map<std::string, Host, std::less<>> hosts_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_GITHUB_HOST_GUARD_H_
