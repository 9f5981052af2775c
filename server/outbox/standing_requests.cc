#include "server/outbox/standing_requests.h"

#include <iterator>
#include <utility>

#include "absl/algorithm/container.h"

namespace signalbox {

void StandingDesk::Leave(StandingRequests requests) {
  MutexLock lock(&mu_);
  requests_ = std::move(requests);
}

StandingRequests StandingDesk::TakeBack(std::vector<StandingLease>* leases) {
  MutexLock lock(&mu_);
  absl::c_move(std::exchange(durable_, {}), std::back_inserter(*leases));
  return std::exchange(requests_, {});
}

std::optional<StandingDesk::Used> StandingDesk::Use(
    absl::string_view credential, const Term& newest) {
  MutexLock lock(&mu_);
  if (requests_.term != newest) return std::nullopt;
  const auto found = requests_.by_credential.find(credential);
  if (found == requests_.by_credential.end()) return std::nullopt;
  Used used;
  used.now = requests_.clock->Look();
  if (used.now.steady < found->second.not_before) return std::nullopt;
  used.request = std::move(found->second.request);
  requests_.by_credential.erase(found);
  used.request.lease_time = requests_.lease_time;
  used.held = requests_.held;
  used.request.held = used.held.get();
  return used;
}

void StandingDesk::Take(const Used& used, Lease lease) {
  MutexLock lock(&mu_);
  taken_.push_back({used.request.credential, std::move(lease),
                    used.now.steady + used.request.lease_time});
}

void StandingDesk::End(bool is_durable) {
  MutexLock lock(&mu_);
  std::vector<StandingLease> taken = std::exchange(taken_, {});
  if (is_durable) absl::c_move(taken, std::back_inserter(durable_));
}

}  // namespace signalbox
