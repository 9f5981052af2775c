#ifndef SIGNALBOX_TESTS_SIMULATION_RIVAL_H_
#define SIGNALBOX_TESTS_SIMULATION_RIVAL_H_

#include <memory>
#include <optional>

#include "absl/time/time.h"
#include "common/http/http_transport.h"
#include "server/base/clock.h"
#include "server/base/metrics.h"
#include "server/base/wake_up.h"
#include "server/github/credentials.h"
#include "server/github/github_client.h"
#include "server/github/rate_limiter.h"
#include "server/github/request_gate.h"
#include "server/outbox/held_term.h"
#include "server/outbox/housekeeper.h"
#include "server/outbox/outbox.h"
#include "server/outbox/terms.h"
#include "server/poster/poster.h"
#include "tests/support/forwarding_outbox.h"

namespace signalbox {

// Poster and housekeeper of a second server process on the same store. It takes
// the term over, also from a process that still works. The simulation uses it
// while the first process is frozen.
//
// Not thread-safe.
class Rival {
 public:
  // All are borrowed.
  Rival(Outbox* outbox, HttpTransport* transport, Clock* clock,
        const PaceOptions& pace);

  // The name of the time up to which recovery has read a list (RecoveryNotes).
  static constexpr char kCursor[] = "cursor";

  // Claims the term, and stores that it has read the list up to now. False: the
  // store refused, or failed.
  bool TakeOver();
  // Does what can be done now. Returns when it next wants to run, which is
  // within a second: it must look for what the other process has accepted.
  absl::Time RunOnce();

  // It begins no more requests.
  void Close() { poster_.Close(); }
  // Call it after Close until it returns true: gives the term back once the
  // last request has ended. False: a request is still under way.
  bool Leave();

 private:
  // Standing requests are in the memory of the process that left them.
  class Session : public ForwardingOutbox {
   public:
    using ForwardingOutbox::ForwardingOutbox;
    void LeaveRequests(StandingRequests /*requests*/) override {}
    StandingRequests TakeRequestsBack(
        std::vector<StandingLease>* /*leases*/) override {
      return {};
    }
  };

  Clock* const clock_;
  Session session_;
  Metrics metrics_;
  const std::unique_ptr<Credentials> credentials_;
  GitHubClient github_;
  RateLimiter limiter_;
  RequestGate gate_;
  WakeUp wake_up_;
  HeldTerm held_term_{&wake_up_};
  Poster poster_;
  Housekeeper housekeeper_;
  absl::Time housekeeping_ = absl::InfinitePast();
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SIMULATION_RIVAL_H_
