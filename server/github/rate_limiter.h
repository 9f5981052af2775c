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
  double per_minute = 80;  // Posts; 0: no pace of our own.
  int burst = 20;          // Posts that may follow each other at once.
  int max_in_flight = 1;
  double reserve = 0.1;  // Of the hourly budget, kept for results.
};

// 80 a minute and one at a time where GitHub limits (api.github.com,
// *.ghe.com); no pace and 8 at a time anywhere else.
PaceOptions DefaultPace(absl::string_view api_url);

// RateLimiter says when a credential may make its next request, by GitHub's
// headers and its own pace. Time is an argument: nothing here waits or reads a
// clock. `now` must never go backwards; it may be a steady clock's time if the
// verdicts have a `github_time`, by which GitHub's moments are read.
//
// After a limit nothing is sent until the moment that GitHub named, and a
// second: a Retry-After is believed up to 1 h, a reset up to 65 min. Where it
// named none: 60 s, doubled each time up to 15 min, from the beginning again
// after a success. Then one request at a time is sent until an answer is not a
// limit, and then no burst.
//
// Not thread-safe: see RequestGate.
class RateLimiter {
 public:
  // `pace_of` says the pace of a credential when it is first met; without it,
  // PaceOptions().
  explicit RateLimiter(
      std::function<PaceOptions(absl::string_view)> pace_of = nullptr);
  ~RateLimiter();

  // Sets the pace of a credential.
  void SetPace(absl::string_view credential_id, const PaceOptions& pace);

  PaceOptions PaceOf(absl::string_view credential_id) const;

  // If `credential_id` may make a request at `now`, books one in flight and
  // returns `now`. Otherwise books nothing and returns when to ask again:
  // absl::InfiniteFuture() if only the end of a request can change it. A
  // pending may not touch the reserve.
  absl::Time Reserve(absl::string_view credential_id, bool pending,
                     absl::Time now);

  // Makes a credential wait until `until`, as after a limit: what a former
  // process was told.
  void Block(absl::string_view credential_id, absl::Time until);

  // Whether GitHub has answered this credential, so that its budget is known.
  bool Knows(absl::string_view credential_id) const;

  // Until when a limit lasts; InfinitePast: there was none.
  absl::Time BlockedUntil(absl::string_view credential_id) const;

  // What keeps a credential from a request, for people: RATE_LIMITED (GitHub
  // told it to wait), BUDGET_SPENT, BUDGET_RESERVED (for results), PACE, or ""
  // if nothing but other requests does.
  absl::string_view WaitsFor(absl::string_view credential_id, bool pending,
                             absl::Time now) const;

  // GitHub's hourly budget as it was last told; nothing known: all zero.
  struct BudgetView {
    int64_t limit = 0;
    int64_t remaining = 0;
    absl::Time reset_time;  // By GitHub's clock.
  };
  BudgetView View(absl::string_view credential_id) const;

  // Takes back a Reserve whose request was not made.
  void Return(absl::string_view credential_id);

  // The request that was booked last lets others go before its end, as if it
  // was not in flight, but while a limit is probed. True: it does, and
  // ReclaimSlot must be called before Observe or Return.
  bool LendSlot(absl::string_view credential_id);
  void ReclaimSlot(absl::string_view credential_id);

  // Notes that a request has ended: what GitHub's headers say of the budget,
  // and what the verdict says of limits.
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
