#include "server/github/host_guard.h"

#include <algorithm>

#include "server/base/doubling_wait.h"
#include "server/github/waiting_times.h"

namespace signalbox {

SteadyTime HostGuard::Admit(absl::string_view api_url, SteadyTime now) {
  Host& host = hosts_[std::string(api_url)];
  if (host.failures >= kFailuresToPauseHost) {
    if (host.in_flight > 0) return SteadyTime::InfiniteFuture();
    if (now < host.paused_until) return host.paused_until;
    host.is_probed = true;
  }
  if (host.in_flight >= kMaxRequestsPerHost) {
    return SteadyTime::InfiniteFuture();
  }
  ++host.in_flight;
  return now;
}

void HostGuard::Return(absl::string_view api_url) {
  const auto it = hosts_.find(api_url);
  if (it == hosts_.end()) return;
  it->second.in_flight = std::max(it->second.in_flight - 1, 0);
  it->second.is_probed = false;
}

void HostGuard::Observe(absl::string_view api_url, bool answered,
                        SteadyTime now) {
  Host& host = hosts_[std::string(api_url)];
  const bool was_probe = host.is_probed;
  Return(api_url);
  if (answered) {
    host.failures = 0;
    return;
  }
  // A request from before the host was considered down says nothing new.
  if (was_probe || host.failures < kFailuresToPauseHost) ++host.failures;
  host.paused_until =
      now + DoublingWait(kFirstHostPause, kMaxHostPause,
                         host.failures - kFailuresToPauseHost + 1);
}

bool HostGuard::IsFull(absl::string_view api_url) const {
  const auto it = hosts_.find(api_url);
  return it != hosts_.end() && it->second.in_flight >= kMaxRequestsPerHost;
}

bool HostGuard::IsDown(absl::string_view api_url) const {
  const auto it = hosts_.find(api_url);
  return it != hosts_.end() && it->second.failures >= kFailuresToPauseHost;
}

}  // namespace signalbox
