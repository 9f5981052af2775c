#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_LIMITS_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_LIMITS_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signalbox {

// Limits keeps the hourly budget of each account, and the pauses that limits
// impose on it. Time is an argument.
//
// Not thread-safe.
class Limits {
 public:
  // A time in which an account gets a limit's answer.
  struct Pause {
    // The name of the limit, as Fault has it.
    std::string fault;
    // When GitHub answers requests again.
    absl::Time until = absl::InfinitePast();
    // False: the budget is spent.
    bool by_fault = true;

    // Kept by Limits: since when and from which answer the client knows; when
    // it may next probe, as it need not believe a moment too far away; and how
    // often it did.
    absl::Time known_from = absl::InfiniteFuture();
    int64_t told_to = 0;
    absl::Time next_probe = absl::InfiniteFuture();
    int probes = 0;
  };

  struct Budget {
    int limit = 0;
    int remaining = 0;
    absl::Time reset;
  };

  // `enforced` false: budgets are never spent.
  Limits(bool enforced, int hourly_limit)
      : enforced_(enforced), hourly_limit_(hourly_limit) {}

  // The pause of an account at `now`; null: there is none.
  const Pause* PauseOf(absl::string_view account, absl::Time now);
  void Begin(absl::string_view account, Pause pause);
  // Ends the pauses that faults began.
  void ClearFaults();

  // Notes that the answer to `exchange`, given at `now`, tells the client of
  // the account's pause, if there is one. The client has it at `arrival`.
  void Tell(absl::string_view account, int64_t exchange, absl::Time now,
            absl::Time arrival);
  // The answer to `exchange` did not reach the client.
  void Untell(absl::string_view account, int64_t exchange);

  // Whether a client that knows what GitHub told it may send at `now`. It may
  // send one probe after each Retry-After of more than an hour, reset more than
  // 65 minutes away or, where GitHub named no moment, wait of a minute,
  // doubling up to 15. A true answer uses up the probe.
  bool MaySend(absl::string_view account, absl::Time now);

  // Takes one request off the budget.
  void Charge(absl::string_view account, absl::Time now);
  Budget BudgetOf(absl::string_view account, absl::Time now);

 private:
  struct Account {
    int used = 0;
    absl::Time reset = absl::InfinitePast();
    Pause pause;
  };

  // The account at `now`, without a pause or an hour that has ended.
  Account& At(absl::string_view account, absl::Time now);

  const bool enforced_;
  const int hourly_limit_;
  std::map<std::string, Account> accounts_;
};

// In the form of `x-ratelimit-reset`.
int64_t CeilToUnixSeconds(absl::Time time);

// "primary_limit_403" and "primary_limit_429".
bool IsPrimaryLimit(absl::string_view fault);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_LIMITS_H_
