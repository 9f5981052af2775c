#ifndef SIGNALBOX_SERVER_OUTBOX_STANDING_REQUESTS_H_
#define SIGNALBOX_SERVER_OUTBOX_STANDING_REQUESTS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/mutex.h"
#include "server/base/clock.h"
#include "server/outbox/lease.h"
#include "server/outbox/terms.h"

namespace signalbox {

// A credential that could post a result at once, if there were one. The
// transaction that makes a result due takes it out for this request, so the
// post needs no transaction of its own.
struct StandingRequest {
  // `credential` and `after_repository` count.
  LeaseRequest request;
  // The rate limiter lets the request begin from this steady time on.
  absl::Time not_before;
};

// What the poster leaves while it waits.
struct StandingRequests {
  std::map<std::string, StandingRequest, std::less<>> by_credential;
  // Entries that must not be taken (see LeaseRequest).
  std::shared_ptr<const std::set<int64_t>> held;
  absl::Duration lease_time;
  Term term;               // In which the poster takes entries out.
  Clock* clock = nullptr;  // Borrowed.
};

// An entry that was taken out for a standing request.
struct StandingLease {
  std::string credential;
  Lease lease;
  absl::Time lease_end;  // Steady.
  // A newer report of the entry was accepted since, so the lease must be
  // returned.
  bool is_outdated = false;
};

// StandingDesk passes standing requests to the transactions, and their leases
// back.
//
// Thread-safe, but only one transaction at a time may use it.
class StandingDesk {
 public:
  // Replaces what was left before.
  void Leave(StandingRequests requests);
  // Takes back the requests that are not used yet, and adds the leases that
  // are durable to `leases`.
  StandingRequests TakeBack(std::vector<StandingLease>* leases);

  // The request of this credential, to be used in a transaction, which must end
  // with End. Sets its deadline, and `now` to the present time. Nothing: there
  // is none of the term `newest`.
  struct Used {
    LeaseRequest request;
    std::shared_ptr<const std::set<int64_t>> held;  // For `request.held`.
    Moment now;
    absl::Duration lease_time;
  };
  std::optional<Used> Use(absl::string_view credential, const Term& newest);
  void Take(const Used& used, Lease lease);
  // The transaction is durable, or was rolled back.
  void End(bool is_durable);

 private:
  Mutex mu_;
  StandingRequests requests_ ABSL_GUARDED_BY(mu_);
  std::vector<StandingLease> taken_ ABSL_GUARDED_BY(mu_);
  std::vector<StandingLease> durable_ ABSL_GUARDED_BY(mu_);
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_STANDING_REQUESTS_H_
