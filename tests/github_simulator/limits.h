#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_LIMITS_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_LIMITS_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signalbox {

// Limits keeps the hourly budget of each account, and the pauses in which
// GitHub answers an account's requests with a limit. It also keeps what the
// client can know of a pause, so that the rules can tell whether a request in
// it is misbehaviour. Time is an argument.
//
// Not thread-safe.
class Limits {
 public:
  // The time in which GitHub answers an account's requests with a limit.
  struct Pause {
    // Which limit: a value of Fault::name. Empty: there is no pause.
    std::string fault;
    // When GitHub answers requests again.
    absl::Time until = absl::InfinitePast();
    // True: a test ordered it. False: the hourly budget is used up.
    bool by_fault = true;

    // Limits sets the rest.
    // When the client gets the answer from which it knows of the pause.
    absl::Time known_from = absl::InfiniteFuture();
    int64_t told_to = 0;  // The exchange of that answer.
    // When the client may next probe, since it need not believe in a long
    // pause.
    absl::Time next_probe = absl::InfiniteFuture();
    int probes = 0;  // How often it has probed.
  };

  // An account's hourly budget, as the x-ratelimit headers show it.
  struct Budget {
    int limit = 0;
    int remaining = 0;
    absl::Time reset;
  };

  // `enforced` false: there are no budgets.
  Limits(bool enforced, int hourly_limit)
      : enforced_(enforced), hourly_limit_(hourly_limit) {}

  // The pause of an account at `now`; null: there is none.
  const Pause* PauseOf(absl::string_view account, absl::Time now);
  // Begins a pause of the account.
  void Begin(absl::string_view account, Pause pause);
  // Ends the pauses that faults began.
  void ClearFaults();

  // Notes that the answer to `exchange`, which GitHub gave at `now`, tells the
  // client of the account's pause. It reaches the client at `arrival`. Does
  // nothing without a pause.
  void Tell(absl::string_view account, int64_t exchange, absl::Time now,
            absl::Time arrival);
  // Notes that this answer did not reach the client.
  void Untell(absl::string_view account, int64_t exchange);

  // Whether a client may send at `now`, given what it can know of the pause:
  // there is none that it knows of, or it may probe (see
  // GitHubRules::Misbehaviour::in_forbidden_window). If it may probe, the call
  // counts as that probe.
  bool MaySend(absl::string_view account, absl::Time now);

  // Takes one request off the account's budget.
  void Charge(absl::string_view account, absl::Time now);
  Budget BudgetOf(absl::string_view account, absl::Time now);

 private:
  struct Account {
    int used = 0;
    absl::Time reset = absl::InfinitePast();
    Pause pause;
  };

  // The account at `now`. Ends a pause or an hour that is over.
  Account& At(absl::string_view account, absl::Time now);

  const bool enforced_;
  const int hourly_limit_;
  std::map<std::string, Account> accounts_;
};

// The time in whole Unix seconds, rounded up, as in `x-ratelimit-reset`.
int64_t CeilToUnixSeconds(absl::Time time);

// Whether this value of Fault::name is a primary limit (the hourly budget).
bool IsPrimaryLimit(absl::string_view fault);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_LIMITS_H_
