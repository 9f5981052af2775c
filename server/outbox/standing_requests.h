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

// A request for a result that is not due yet. The poster leaves it for a
// credential that could post at once, but has no due result. The transaction
// that later makes a result due also takes it out for this request. So the post
// needs no transaction of its own.
struct StandingRequest {
  // Only `credential` and `after_repository` count.
  LeaseRequest request;
  // From then on the rate limiter lets the request begin. Until then the
  // standing request is not used.
  SteadyTime not_before;
};

// All that the poster leaves while it waits.
struct StandingRequests {
  std::map<std::string, StandingRequest, std::less<>> by_credential;
  // The numbers (entry_id) of entries that no request may take out yet, as in
  // LeaseRequest::held; null: there are none.
  std::shared_ptr<const std::set<int64_t>> held;
  absl::Duration lease_time;  // How long a lease lasts.
  Term term;                  // The poster's. No request is used after it.
  Clock* clock = nullptr;     // Borrowed.
};

// An entry that was taken out for a standing request.
struct StandingLease {
  std::string credential;
  Lease lease;
  SteadyTime lease_end;
  // A newer report of the entry was accepted since. The poster must not post,
  // and ends the lease as kReturned.
  bool is_outdated = false;
};

// StandingDesk is where the poster leaves its standing requests, where the
// store's transactions find them, and where the poster collects the leases. The
// poster calls Leave and TakeBack. A transaction calls Use, then Take if it
// found an entry, for each credential with new results. End follows when the
// transaction has ended.
//
// Thread-safe, but only one transaction at a time may use it.
class StandingDesk {
 public:
  // Replaces the requests that were left before.
  void Leave(StandingRequests requests);
  // Returns the requests that were not used, and adds the leases that are
  // durable to `leases`.
  StandingRequests TakeBack(std::vector<StandingLease>* leases);

  // A request that a transaction uses.
  struct Used {
    LeaseRequest request;                           // With its lease time.
    std::shared_ptr<const std::set<int64_t>> held;  // Owns `request.held`.
    Moment now;                                     // When it was used.
  };
  // Removes the request of this credential and returns it. It is gone then,
  // also if the transaction takes nothing out or is rolled back; the poster
  // leaves a new one. Nothing: there is none, it may not begin yet, or its term
  // is not `newest`.
  std::optional<Used> Use(absl::string_view credential, const Term& newest);
  // Notes the entry that the transaction took out for the request.
  void Take(const Used& used, Lease lease);
  // The transaction that called Use has ended. False: it was rolled back, so
  // its leases never began.
  void End(bool is_durable);

 private:
  Mutex mu_;
  StandingRequests requests_ ABSL_GUARDED_BY(mu_);
  std::vector<StandingLease> taken_ ABSL_GUARDED_BY(mu_);
  std::vector<StandingLease> durable_ ABSL_GUARDED_BY(mu_);
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_OUTBOX_STANDING_REQUESTS_H_
