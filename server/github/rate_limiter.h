#ifndef SIGNALBOX_SERVER_GITHUB_RATE_LIMITER_H_
#define SIGNALBOX_SERVER_GITHUB_RATE_LIMITER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/github/classify.h"

namespace signalbox {

// How fast a credential may post.
struct PaceOptions {
  double per_minute = 80;  // Posts; 0: no pace of its own.
  int burst = 20;          // Posts that may follow each other at once.
  int max_in_flight = 1;
  double reserve = 0.1;  // Part of the hourly budget kept for results.
};

// 80 a minute and one in flight where GitHub limits requests (api.github.com,
// *.ghe.com); no pace and 8 in flight elsewhere.
PaceOptions DefaultPace(absl::string_view api_url);

// RateLimiter decides when a credential may make its next request, from
// GitHub's headers and its own pace. Time is an argument: it does not wait or
// read a clock. `now` must never go backwards. It may come from a steady clock
// if the verdicts have a `github_time`, because GitHub's times are then read
// relative to that.
//
// After a rate limit, RateLimiter sends nothing until the time that GitHub
// named, plus a second. It believes a Retry-After up to 1 h and a reset up to
// 65 min. If GitHub named no time, it waits 60 s, doubled each time up to 15
// min; a success resets the wait. Then it sends one request at a time until an
// answer is not a limit, and allows no burst afterwards.
//
// Not thread-safe: see RequestGate.
class RateLimiter {
 public:
  // `pace_of` gives the pace of a credential at its first use; without it,
  // PaceOptions().
  explicit RateLimiter(
      std::function<PaceOptions(absl::string_view)> pace_of = nullptr);
  ~RateLimiter();

  // Sets the pace of a credential.
  void SetPace(absl::string_view credential_id, const PaceOptions& pace);

  PaceOptions PaceOf(absl::string_view credential_id) const;

  // If `credential_id` may make a request at `now`, books one in flight and
  // returns `now`. Else books nothing and returns when to ask again.
  // absl::InfiniteFuture(): only the end of a request can change the answer. A
  // pending may not use the reserve.
  absl::Time Admit(absl::string_view credential_id, bool pending,
                   absl::Time now);

  // What Admit would return, but books nothing.
  absl::Time WhenAdmitted(absl::string_view credential_id, bool pending,
                          absl::Time now);

  // Makes a credential wait until `until`, as after a limit. For pauses that a
  // former process stored.
  void Block(absl::string_view credential_id, absl::Time until);

  // Whether GitHub has answered this credential, so that its budget is known.
  bool Knows(absl::string_view credential_id) const;

  // Until when a limit lasts; InfinitePast: there is none.
  absl::Time BlockedUntil(absl::string_view credential_id) const;

  // Why a credential must wait, for people: RATE_LIMITED (GitHub told it to
  // wait), BUDGET_SPENT, BUDGET_RESERVED (for results), PACE, or "" if only
  // other requests in flight keep it waiting.
  absl::string_view WaitsFor(absl::string_view credential_id, bool pending,
                             absl::Time now) const;

  // GitHub's hourly budget from its last answer; all zero: not known.
  struct BudgetView {
    int64_t limit = 0;
    int64_t remaining = 0;
    absl::Time reset_time;  // By GitHub's clock.
  };
  BudgetView View(absl::string_view credential_id) const;

  // Undoes an Admit whose request was not made.
  void Return(absl::string_view credential_id);

  // Frees the slot of the last booked request before its end, so that another
  // request may go. Does nothing while a limit is probed. True: the slot is
  // free, and ReclaimSlot must be called before Observe or Return.
  bool LendSlot(absl::string_view credential_id);
  void ReclaimSlot(absl::string_view credential_id);

  // A request has ended: notes GitHub's headers about the budget, and the
  // verdict about limits.
  void Observe(absl::string_view credential_id,
               const absl::StatusOr<HttpResponse>& answer,
               const Verdict& verdict, absl::Time now);

 private:
  struct Budget;

  Budget& BudgetOf(absl::string_view credential_id);

  const std::function<PaceOptions(absl::string_view)> pace_of_;
  std::map<std::string, Budget, std::less<>> budgets_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_GITHUB_RATE_LIMITER_H_
