#ifndef SIGNALBOX_SERVER_GITHUB_REQUEST_GATE_H_
#define SIGNALBOX_SERVER_GITHUB_REQUEST_GATE_H_

#include <set>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/mutex.h"
#include "server/github/credentials.h"
#include "server/github/github_client.h"
#include "server/github/host_guard.h"
#include "server/github/rate_limiter.h"

namespace signalbox {

// Why Enter makes a credential wait: its host is down, or has as many requests
// as it may have (see HostGuard).
inline constexpr absl::string_view kHostDown = "HOST_DOWN";
inline constexpr absl::string_view kHostFull = "HOST_FULL";

// RequestGate is where every request to GitHub goes through, whoever makes it:
// it obeys the budget, the pace and the limits of the credential (RateLimiter)
// and spares a host that is down (HostGuard), and tells those and the
// credential how the request ended.
//
// `now` is a steady clock's time throughout; a caller may be a little behind
// another one.
//
// Thread-safe.
class RequestGate {
 public:
  // Both are borrowed, and `limiter` is nobody else's from now on.
  RequestGate(RateLimiter* limiter, Credentials* credentials)
      : limiter_(limiter), credentials_(credentials) {}

  struct Answer {
    // When to ask again; in the past or now: the request is booked.
    // absl::InfiniteFuture(): only the end of a request can change it.
    absl::Time when;
    // What it waits for: RateLimiter::WaitsFor, kHostDown or kHostFull.
    absl::string_view reason;
  };

  // Whether a request with `token` of `credential` may be made now, and books
  // it. `pending`: it may not touch what is kept for results.
  Answer Enter(absl::string_view credential, const Token& token, bool pending,
               absl::Time now);

  // The same for a question, which need not be a post: it touches nothing that
  // is kept for results, begins only while the credential has nothing else
  // under way, and once it is booked, a post may go beside it. It ends by
  // LeaveQuestion. One at a time.
  Answer EnterQuestion(absl::string_view credential, const Token& token,
                       absl::Time now);
  void LeaveQuestion(absl::string_view credential, const Token& token,
                     const GitHubReply& reply, bool proves_token,
                     absl::Time now, absl::Time wall_now);

  // Takes back an Enter whose request was not made.
  void Return(absl::string_view credential, const Token& token);

  // A request has ended. `proves_token`: any answer but a refusal of the token
  // means that it is good, as with GET /rate_limit.
  void Leave(absl::string_view credential, const Token& token,
             const GitHubReply& reply, bool proves_token, absl::Time now,
             absl::Time wall_now);

  // What may have changed the answers of Enter since the last TakeFreed.
  struct Freed {
    std::set<std::string> credentials;
    bool hosts = false;  // Of every credential that waits for a host.
  };
  // For one caller alone: it must not keep an answer of Enter for longer than
  // until it finds the credential, or its host, here.
  Freed TakeFreed();

  // How far apart probes of parked repositories are, so that all of them take
  // at most a tenth of the credential's pace.
  absl::Duration ProbeGap(absl::string_view credential) const;

  // As RateLimiter.
  bool Knows(absl::string_view credential) const;
  void Block(absl::string_view credential, absl::Time until);
  absl::Time BlockedUntil(absl::string_view credential) const;
  RateLimiter::BudgetView BudgetOf(absl::string_view credential) const;

 private:
  Answer EnterLocked(absl::string_view credential, const Token& token,
                     bool pending, absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  RateLimiter* const limiter_ ABSL_PT_GUARDED_BY(mu_);
  Credentials* const credentials_;

  mutable Mutex mu_;
  HostGuard hosts_ ABSL_GUARDED_BY(mu_);
  absl::Time latest_ ABSL_GUARDED_BY(mu_) = absl::InfinitePast();
  Freed freed_ ABSL_GUARDED_BY(mu_);
  // Credentials whose question has lent its slot.
  std::set<std::string, std::less<>> lent_ ABSL_GUARDED_BY(mu_);
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_GITHUB_REQUEST_GATE_H_
