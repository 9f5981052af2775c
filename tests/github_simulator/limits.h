#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_LIMITS_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_LIMITS_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signalbox {

// Limits keeps the hourly budget of each token, and the times in which a token
// is to be silent. Time is an argument.
//
// Not thread-safe.
class Limits {
 public:
  // A time in which a token gets a limit's answer.
  struct Pause {
    // The name of the limit, as Fault has it.
    std::string fault;
    // When requests are answered again.
    absl::Time until = absl::InfinitePast();
    // When the client has been told.
    absl::Time known_from = absl::InfinitePast();
    // Or because the budget is spent.
    bool by_fault = true;
  };

  struct Budget {
    int limit = 0;
    int remaining = 0;
    absl::Time reset;
  };

  // `enforced` false: budgets are never spent.
  Limits(bool enforced, int hourly_limit)
      : enforced_(enforced), hourly_limit_(hourly_limit) {}

  // The pause of a token at `now`; null: it may speak.
  const Pause* PauseOf(absl::string_view token, absl::Time now);
  void Begin(absl::string_view token, Pause pause);
  // Ends the pauses that faults began.
  void ClearFaults();

  // Takes one request off the budget. `answer_time` is when the client gets the
  // answer, and with it learns that nothing remains.
  void Charge(absl::string_view token, absl::Time now, absl::Time answer_time);
  Budget BudgetOf(absl::string_view token, absl::Time now);

 private:
  struct Account {
    int used = 0;
    absl::Time reset = absl::InfinitePast();
    Pause pause;
  };

  // The account as it is at `now`: what is over is over.
  Account& At(absl::string_view token, absl::Time now);

  const bool enforced_;
  const int hourly_limit_;
  std::map<std::string, Account> accounts_;
};

// As `x-ratelimit-reset` has a time.
int64_t CeilToUnixSeconds(absl::Time time);

// "primary_limit_403" and "primary_limit_429".
bool IsPrimaryLimit(absl::string_view fault);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_LIMITS_H_
