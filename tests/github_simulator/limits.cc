#include "tests/github_simulator/limits.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"

namespace signalbox {

int64_t CeilToUnixSeconds(absl::Time time) {
  return absl::ToUnixSeconds(time + absl::Seconds(1) - absl::Nanoseconds(1));
}

bool IsPrimaryLimit(absl::string_view fault) {
  return absl::StartsWith(fault, "primary_limit_");
}

Limits::Account& Limits::At(absl::string_view token, absl::Time now) {
  Account& account = accounts_[std::string(token)];
  const bool primary_is_over =
      IsPrimaryLimit(account.pause.fault) && account.pause.until <= now;
  if (account.reset <= now || primary_is_over) {
    account.used = 0;
    account.reset = now + absl::Hours(1);
  }
  if (account.pause.until <= now) {
    account.pause = Pause();
  }
  return account;
}

const Limits::Pause* Limits::PauseOf(absl::string_view token, absl::Time now) {
  const Account& account = At(token, now);
  return account.pause.fault.empty() ? nullptr : &account.pause;
}

void Limits::Begin(absl::string_view token, Pause pause) {
  accounts_[std::string(token)].pause = std::move(pause);
}

void Limits::ClearFaults() {
  for (auto& [token, account] : accounts_) {
    if (account.pause.by_fault) {
      account.pause = Pause();
    }
  }
}

void Limits::Charge(absl::string_view token, absl::Time now,
                    absl::Time answer_time) {
  Account& account = At(token, now);
  ++account.used;
  if (!enforced_ || account.used < hourly_limit_) return;
  if (!account.pause.fault.empty()) return;
  account.pause = {.fault = "primary_limit_403",
                   .until = account.reset,
                   .known_from = answer_time,
                   .by_fault = false};
}

Limits::Budget Limits::BudgetOf(absl::string_view token, absl::Time now) {
  const Account& account = At(token, now);
  if (IsPrimaryLimit(account.pause.fault)) {
    return {hourly_limit_, 0, account.pause.until};
  }
  return {hourly_limit_, std::max(0, hourly_limit_ - account.used),
          account.reset};
}

}  // namespace signalbox
