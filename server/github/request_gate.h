#ifndef SIGNALBOX_SERVER_GITHUB_REQUEST_GATE_H_
#define SIGNALBOX_SERVER_GITHUB_REQUEST_GATE_H_

#include <set>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/mutex.h"
#include "server/base/clock.h"
#include "server/github/credentials.h"
#include "server/github/github_client.h"
#include "server/github/host_guard.h"
#include "server/github/rate_limiter.h"

namespace signalbox {

// Reasons of Answer: the credential's host is down, or it has as many requests
// in flight as allowed (see HostGuard).
inline constexpr absl::string_view kHostDown = "HOST_DOWN";
inline constexpr absl::string_view kHostFull = "HOST_FULL";

// RequestGate decides when a request to GitHub may begin. The poster and
// Questions ask it before each request and report each end to it. So together
// they keep within the budget, pace and limits of a credential (RateLimiter),
// and do not flood a host that is down (HostGuard).
//
// A caller first calls Admit or AdmitQuestion. If the answer admits the
// request, the caller makes it, and calls Leave or LeaveQuestion at its end.
// The poster can also give an admission back with Return, without a request.
//
// A caller's `now` may be a little behind another caller's. `credential` is the
// credential's id.
//
// Thread-safe.
class RequestGate {
 public:
  // Both are borrowed, and no one else may use `limiter` from now on.
  RequestGate(RateLimiter* limiter, Credentials* credentials)
      : limiter_(limiter), credentials_(credentials) {}

  struct Answer {
    // `now` or earlier: the request is admitted. Later: it must not begin, and
    // the caller should ask again at this time. SteadyTime::InfiniteFuture():
    // only the end of another request can change the answer.
    SteadyTime when;
    // Why the request must wait: a reason of RateLimiter::WaitsFor, kHostDown
    // or kHostFull. Empty if it is admitted.
    absl::string_view reason;
  };

  // Asks to begin a request with `token` of `credential`. `pending`: the
  // request posts a pending, and may not use the reserve.
  Answer Admit(absl::string_view credential, const Token& token, bool pending,
               SteadyTime now);

  // Asks to begin a question. Posts are more urgent: the question may not use
  // the reserve, and it does not count as one of the requests that may be in
  // flight for the credential, so it delays no post. The caller lets at most
  // one question of a credential be in flight, makes a question that was
  // admitted, and reports its end with LeaveQuestion, as with Leave.
  Answer AdmitQuestion(absl::string_view credential, const Token& token,
                       SteadyTime now);
  void LeaveQuestion(absl::string_view credential, const Token& token,
                     const GitHubReply& reply, bool proves_token,
                     const Moment& now);

  // When the rate limiter would admit a result of the credential (`now` if it
  // would now). Admits nothing: the caller must still call Admit.
  SteadyTime WhenResultAdmitted(absl::string_view credential, SteadyTime now);

  // Takes an Admit back that has admitted a request: the caller does not make
  // it. There is no such function for questions.
  void Return(absl::string_view credential, const Token& token);

  // A request has ended with `reply`. RequestGate passes this on to the rate
  // limiter, the host's guard and the credential, and logs a limit.
  // `proves_token`: true for GET /rate_limit, to which GitHub answers anything
  // but a refusal of the token only if the token is good; false for all other
  // requests, where an error says nothing about the token.
  void Leave(absl::string_view credential, const Token& token,
             const GitHubReply& reply, bool proves_token, const Moment& now);

  // Requests have ended since the last TakeFreed. For these credentials Admit
  // may answer differently now:
  struct Freed {
    std::set<std::string> credentials;
    // True: and for all credentials that wait with the reason kHostDown.
    bool hosts = false;
  };
  // For one caller only, the poster. After Admit has made a credential wait,
  // the poster asks for it again at `when`, or when TakeFreed names it.
  Freed TakeFreed();

  // The time between two probes of parked repositories, so that all probes take
  // at most a tenth of the credential's pace.
  absl::Duration ProbeGap(absl::string_view credential) const;
  // The time between a question and the next, so that questions take at most a
  // quarter of the credential's pace. An App itself posts nothing, so its
  // questions may take all of it.
  absl::Duration QuestionGap(absl::string_view credential) const;

  // These call the methods of RateLimiter with the same names, and BudgetOf
  // calls View.
  bool Knows(absl::string_view credential) const;
  void Block(absl::string_view credential, SteadyTime until);
  SteadyTime BlockedUntil(absl::string_view credential) const;
  RateLimiter::BudgetView BudgetOf(absl::string_view credential) const;

 private:
  // The time between requests that take one part in `parts` of the pace.
  absl::Duration GapOf(absl::string_view credential, int parts) const;
  Answer AdmitLocked(absl::string_view credential, const Token& token,
                     bool pending, SteadyTime now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  RateLimiter* const limiter_ ABSL_PT_GUARDED_BY(mu_);
  Credentials* const credentials_;

  mutable Mutex mu_;
  HostGuard hosts_ ABSL_GUARDED_BY(mu_);
  SteadyTime latest_ ABSL_GUARDED_BY(mu_);
  Freed freed_ ABSL_GUARDED_BY(mu_);
  // Credentials whose question in flight does not count (see AdmitQuestion).
  std::set<std::string, std::less<>> lent_ ABSL_GUARDED_BY(mu_);
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_GITHUB_REQUEST_GATE_H_
