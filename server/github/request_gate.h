#ifndef SIGNALBOX_SERVER_GITHUB_REQUEST_GATE_H_
#define SIGNALBOX_SERVER_GITHUB_REQUEST_GATE_H_

#include <set>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/mutex.h"
#include "server/github/credentials.h"
#include "server/github/github_client.h"
#include "server/github/host_guard.h"
#include "server/github/rate_limiter.h"

namespace signalbox {

// Reasons why Admit makes a credential wait: its host is down, or has the
// maximum of requests in flight (see HostGuard).
inline constexpr absl::string_view kHostDown = "HOST_DOWN";
inline constexpr absl::string_view kHostFull = "HOST_FULL";

// Every request to GitHub goes through RequestGate. It obeys the budget, pace
// and limits of the credential (RateLimiter) and protects a host that is down
// (HostGuard). It passes the end of each request on to both and to the
// credential.
//
// `now` is always a steady clock's time. A caller's time may be a little behind
// another caller's.
//
// Thread-safe.
class RequestGate {
 public:
  // Both are borrowed, and no one else may use `limiter` from now on.
  RequestGate(RateLimiter* limiter, Credentials* credentials)
      : limiter_(limiter), credentials_(credentials) {}

  struct Answer {
    // When to ask again; not after `now`: the request is admitted.
    // absl::InfiniteFuture(): only the end of a request can change the answer.
    absl::Time when;
    // Why it waits: RateLimiter::WaitsFor, kHostDown or kHostFull.
    absl::string_view reason;
  };

  // Admits a request with `token` of `credential`, if it may be made now.
  // `pending`: it may not use the budget that is kept for results.
  Answer Admit(absl::string_view credential, const Token& token, bool pending,
               absl::Time now);

  // The same for a question, which is less urgent than posts. It uses no budget
  // that is kept for results, and begins only if the credential may have
  // another request in flight. Once it is admitted, one more post may go beside
  // it. Only one question per credential may be in flight; LeaveQuestion ends
  // it.
  Answer AdmitQuestion(absl::string_view credential, const Token& token,
                       absl::Time now);
  void LeaveQuestion(absl::string_view credential, const Token& token,
                     const GitHubReply& reply, bool proves_token,
                     absl::Time now, absl::Time wall_now);

  // When the rate limiter would admit a result of the credential; not after
  // `now`: now. Books nothing. Admit must still be asked.
  absl::Time WhenResultAdmitted(absl::string_view credential, absl::Time now);

  // Undoes an Admit whose request was not made.
  void Return(absl::string_view credential, const Token& token);

  // A request has ended. `proves_token`: any answer except a refusal of the
  // token proves the token, as with GET /rate_limit.
  void Leave(absl::string_view credential, const Token& token,
             const GitHubReply& reply, bool proves_token, absl::Time now,
             absl::Time wall_now);

  // What may have changed the answers of Admit since the last TakeFreed.
  struct Freed {
    std::set<std::string> credentials;
    bool hosts = false;  // All credentials that wait for a host.
  };
  // For one caller only. It must ask Admit again once it finds the credential,
  // or its host, in here.
  Freed TakeFreed();

  // The time between two probes of parked repositories, so that all probes take
  // at most a tenth of the credential's pace.
  absl::Duration ProbeGap(absl::string_view credential) const;
  // The time between a question and the next, so that questions take at most a
  // quarter of the credential's pace. An App itself posts nothing, so its
  // questions may take all of it.
  absl::Duration QuestionGap(absl::string_view credential) const;

  // As in RateLimiter.
  bool Knows(absl::string_view credential) const;
  void Block(absl::string_view credential, absl::Time until);
  absl::Time BlockedUntil(absl::string_view credential) const;
  RateLimiter::BudgetView BudgetOf(absl::string_view credential) const;

 private:
  // The time between requests that take one part in `parts` of the pace.
  absl::Duration GapOf(absl::string_view credential, int parts) const;
  Answer AdmitLocked(absl::string_view credential, const Token& token,
                     bool pending, absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  RateLimiter* const limiter_ ABSL_PT_GUARDED_BY(mu_);
  Credentials* const credentials_;

  mutable Mutex mu_;
  HostGuard hosts_ ABSL_GUARDED_BY(mu_);
  absl::Time latest_ ABSL_GUARDED_BY(mu_) = absl::InfinitePast();
  Freed freed_ ABSL_GUARDED_BY(mu_);
  // Credentials whose question has freed its slot.
  std::set<std::string, std::less<>> lent_ ABSL_GUARDED_BY(mu_);
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_GITHUB_REQUEST_GATE_H_
