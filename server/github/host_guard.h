#ifndef SIGNALBOX_SERVER_GITHUB_HOST_GUARD_H_
#define SIGNALBOX_SERVER_GITHUB_HOST_GUARD_H_

#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signalbox {

// HostGuard keeps requests away from a GitHub that is down: after
// kFailuresToPauseHost ends in a row without an answer, or with a 5xx, an API
// address gets one request at a time, further and further apart, until one is
// answered. Whoever sends all it has to a host that does not answer only learns
// the same thing again, and leaves as many requests behind whose end nobody
// knows.
//
// Time is an argument and must not go backwards. Not thread-safe:
// RequestGate's.
class HostGuard {
 public:
  // If a request to `api_url` may begin at `now`: books it and returns `now`.
  // Otherwise when to ask again; absl::InfiniteFuture() if only the end of a
  // request can change it, also since kMaxRequestsPerHost are under way.
  absl::Time Reserve(absl::string_view api_url, absl::Time now);

  // Takes back a Reserve whose request was not made.
  void Return(absl::string_view api_url);

  // A request has ended; `answered`: by an answer below 500.
  void Observe(absl::string_view api_url, bool answered, absl::Time now);

  // Whether the host is taken for down.
  bool IsDown(absl::string_view api_url) const;

  // Whether it has all the requests that it may have at a time.
  bool IsFull(absl::string_view api_url) const;

 private:
  struct Host {
    // In a row; but of those that were under way together when the host went
    // down, only as many as it takes.
    int failures = 0;
    int in_flight = 0;
    bool is_probed = false;  // By the one that is in flight.
    absl::Time paused_until = absl::InfinitePast();
  };

  // Only what has failed or is under way has an entry.
  std::map<std::string, Host, std::less<>> hosts_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_GITHUB_HOST_GUARD_H_
