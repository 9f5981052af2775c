#include "tests/github_simulator/limits.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"

namespace signalbox {
namespace {

// How soon after an answer an obedient client may probe again; `probes` counts
// the probes since the limit began.
absl::Duration BelievedWait(absl::string_view fault, int probes) {
  if (IsPrimaryLimit(fault)) return absl::Minutes(65);
  if (fault == "secondary_limit") return absl::Hours(1);
  absl::Duration wait = absl::Minutes(1);
  for (int i = 0; i < probes && wait < absl::Minutes(15); ++i) wait *= 2;
  return std::min(wait, absl::Minutes(15));
}

}  // namespace

int64_t CeilToUnixSeconds(absl::Time time) {
  return absl::ToUnixSeconds(time + absl::Seconds(1) - absl::Nanoseconds(1));
}

bool IsPrimaryLimit(absl::string_view fault) {
  return absl::StartsWith(fault, "primary_limit_");
}

Limits::Account& Limits::At(absl::string_view account, absl::Time now) {
  Account& found = accounts_[std::string(account)];
  const bool primary_is_over =
      IsPrimaryLimit(found.pause.fault) && found.pause.until <= now;
  if (found.reset <= now || primary_is_over) {
    found.used = 0;
    found.reset = now + absl::Hours(1);
  }
  if (found.pause.until <= now) found.pause = Pause();
  return found;
}

const Limits::Pause* Limits::PauseOf(absl::string_view account,
                                     absl::Time now) {
  const Account& found = At(account, now);
  return found.pause.fault.empty() ? nullptr : &found.pause;
}

void Limits::Begin(absl::string_view account, Pause pause) {
  accounts_[std::string(account)].pause = std::move(pause);
}

void Limits::ClearFaults() {
  for (auto& [name, account] : accounts_) {
    if (account.pause.by_fault) account.pause = Pause();
  }
}

void Limits::Tell(absl::string_view account, int64_t exchange, absl::Time now,
                  absl::Time arrival) {
  Pause& pause = At(account, now).pause;
  if (pause.fault.empty() || pause.known_from <= arrival) return;
  pause.known_from = arrival;
  pause.told_to = exchange;
  pause.next_probe = now + BelievedWait(pause.fault, pause.probes);
}

void Limits::Untell(absl::string_view account, int64_t exchange) {
  Pause& pause = accounts_[std::string(account)].pause;
  if (pause.told_to == exchange) pause.known_from = absl::InfiniteFuture();
}

bool Limits::MaySend(absl::string_view account, absl::Time now) {
  Pause& pause = At(account, now).pause;
  if (pause.fault.empty() || now < pause.known_from) return true;
  if (now < pause.next_probe) return false;
  ++pause.probes;
  pause.next_probe = now + BelievedWait(pause.fault, pause.probes);
  return true;
}

void Limits::Charge(absl::string_view account, absl::Time now) {
  Account& found = At(account, now);
  ++found.used;
  if (!enforced_ || found.used < hourly_limit_) return;
  if (!found.pause.fault.empty()) return;
  found.pause = {
      .fault = "primary_limit_403", .until = found.reset, .by_fault = false};
}

Limits::Budget Limits::BudgetOf(absl::string_view account, absl::Time now) {
  const Account& found = At(account, now);
  if (IsPrimaryLimit(found.pause.fault)) {
    return {hourly_limit_, 0, found.pause.until};
  }
  return {hourly_limit_, std::max(0, hourly_limit_ - found.used), found.reset};
}

}  // namespace signalbox
