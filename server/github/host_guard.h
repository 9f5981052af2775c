#ifndef SIGNALBOX_SERVER_GITHUB_HOST_GUARD_H_
#define SIGNALBOX_SERVER_GITHUB_HOST_GUARD_H_

#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "server/base/steady_time.h"

namespace signalbox {

// HostGuard keeps requests away from a GitHub that is down: they would tell the
// server nothing new, and would leave many tries ambiguous.
//
// A request fails if it gets no answer or a 5xx. After kFailuresToPauseHost
// consecutive failures at an API address, the address is considered down. Then
// HostGuard admits one request at a time, with growing pauses, until one gets
// another answer. HostGuard also limits the requests in flight to an address to
// kMaxRequestsPerHost. waiting_times.h has these numbers.
//
// Time is an argument and must not go backwards. Not thread-safe: only
// RequestGate uses it.
class HostGuard {
 public:
  // If a request to `api_url` may begin at `now`, admits it and returns `now`.
  // The caller must then call Observe or Return. Else returns when to ask
  // again; SteadyTime::InfiniteFuture(): only the end of a request can change
  // the answer.
  SteadyTime Admit(absl::string_view api_url, SteadyTime now);

  // Takes an Admit back: the request was not made, or its end says nothing
  // about the host.
  void Return(absl::string_view api_url);

  // An admitted request has ended. `answered`: GitHub answered with a code
  // below 500.
  void Observe(absl::string_view api_url, bool answered, SteadyTime now);

  // Whether the address is considered down.
  bool IsDown(absl::string_view api_url) const;

  // Whether kMaxRequestsPerHost requests to the address are in flight.
  bool IsFull(absl::string_view api_url) const;

 private:
  struct Host {
    // Consecutive failures. Requests sent before the host was considered down
    // count only up to the threshold.
    int failures = 0;
    int in_flight = 0;
    bool is_probed = false;  // It is down, and a probe is in flight.
    SteadyTime paused_until;
  };

  // Only hosts with failures or requests in flight have an entry.
  std::map<std::string, Host, std::less<>> hosts_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_GITHUB_HOST_GUARD_H_
