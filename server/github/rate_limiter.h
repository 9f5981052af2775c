#ifndef SIGNALBOX_SERVER_GITHUB_RATE_LIMITER_H_
#define SIGNALBOX_SERVER_GITHUB_RATE_LIMITER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/github/classify.h"

namespace signalbox {

// How fast a credential may make requests.
struct PaceOptions {
  double per_minute = 80;  // On average; 0: no limit besides GitHub's.
  // How many requests may follow each other without the pause that
  // `per_minute` demands, after a time without requests.
  int burst = 20;
  int max_in_flight = 1;  // Requests at the same time.
  double reserve = 0.1;   // Part of the hourly budget kept for results, 0 to 1.
};

// The pace for an API address that the configuration gives none. Where GitHub
// limits requests (api.github.com, *.ghe.com): PaceOptions(). Elsewhere: no
// `per_minute`, and 8 requests in flight.
PaceOptions DefaultPace(absl::string_view api_url);

// RateLimiter decides when a credential may make its next request, so that
// GitHub need not refuse requests. It knows GitHub's hourly budget from the
// headers of the answers, and adds a pace of its own (PaceOptions).
//
// When GitHub answers that a rate limit is exceeded, RateLimiter admits nothing
// until the time that the answer names, plus a second. It believes a
// Retry-After up to 1 h and a reset up to 65 min. If the answer names no time,
// RateLimiter waits 60 s, doubled each time up to 15 min; a success resets this
// wait. After the wait, it admits one request at a time until an answer is not
// a limit, and allows no burst.
//
// Time is an argument: RateLimiter does not wait or read a clock. `now` must
// never go backwards.
//
// Not thread-safe: see RequestGate.
class RateLimiter {
 public:
  // RateLimiter calls `pace_of` with the id of each new credential, to get its
  // pace. Null: all have PaceOptions().
  explicit RateLimiter(
      std::function<PaceOptions(absl::string_view)> pace_of = nullptr);
  ~RateLimiter();

  // Changes the pace of a credential from now on.
  void SetPace(absl::string_view credential_id, const PaceOptions& pace);

  PaceOptions PaceOf(absl::string_view credential_id) const;

  // If the credential may make a request at `now`, admits it and returns `now`.
  // The caller must report the request's end with Observe, or take it back with
  // Return. Else returns when to ask again; SteadyTime::InfiniteFuture(): only
  // the end of another request can change the answer. `pending`: the request
  // posts a pending, and may not use the reserve.
  SteadyTime Admit(absl::string_view credential_id, bool pending,
                   SteadyTime now);

  // What Admit would return, but admits nothing.
  SteadyTime WhenAdmitted(absl::string_view credential_id, bool pending,
                          SteadyTime now);

  // Makes a credential wait until `until`, as if GitHub had demanded it. For
  // the waits that a former process has stored.
  void Block(absl::string_view credential_id, SteadyTime until);

  // Whether GitHub has answered this credential, so that its budget is known.
  bool Knows(absl::string_view credential_id) const;

  // Until when GitHub wants no requests, after an exceeded rate limit. The time
  // may be past; InfinitePast: there was no limit.
  SteadyTime BlockedUntil(absl::string_view credential_id) const;

  // Why Admit makes a credential wait, for people: RATE_LIMITED (GitHub
  // demanded a wait), BUDGET_SPENT (nothing is left of the hourly budget),
  // BUDGET_RESERVED (only the reserve is left), PACE (PaceOptions), or "" if
  // `max_in_flight` requests are in flight.
  absl::string_view WaitsFor(absl::string_view credential_id, bool pending,
                             SteadyTime now) const;

  // GitHub's hourly budget for the credential, from its last answer. All zero:
  // not known.
  struct BudgetView {
    int64_t limit = 0;      // Requests an hour.
    int64_t remaining = 0;  // Requests left until `reset_time`.
    absl::Time reset_time;  // When the next hour begins, by GitHub's clock.
  };
  BudgetView View(absl::string_view credential_id) const;

  // Takes an Admit back: the caller does not make the request.
  void Return(absl::string_view credential_id);

  // From now on, one admitted request that is in flight does not count against
  // `max_in_flight`, so that it does not delay another one. Call it right after
  // Admit. True: done, and the caller must call ReclaimSlot before it calls
  // Observe or Return for this request. False: a limit is being probed with one
  // request at a time, and nothing has changed.
  bool LendSlot(absl::string_view credential_id);
  void ReclaimSlot(absl::string_view credential_id);

  // An admitted request has ended. RateLimiter learns the budget from the
  // headers of `answer`, and from `verdict` whether a rate limit was exceeded.
  // If the answer does not tell GitHub's time, `now.wall` takes its place.
  void Observe(absl::string_view credential_id,
               const absl::StatusOr<HttpResponse>& answer,
               const Verdict& verdict, const Moment& now);

 private:
  struct Budget;

  Budget& BudgetOf(absl::string_view credential_id);

  const std::function<PaceOptions(absl::string_view)> pace_of_;
  std::map<std::string, Budget, std::less<>> budgets_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_GITHUB_RATE_LIMITER_H_
