#include "server/github/rate_limiter.h"

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "server/base/doubling_wait.h"
#include "server/github/waiting_times.h"

namespace signalbox {
namespace {

std::optional<int64_t> HeaderNumber(const HttpResponse& answer,
                                    absl::string_view name) {
  int64_t number = 0;
  if (!absl::SimpleAtoi(answer.Header(name), &number) || number < 0) {
    return std::nullopt;
  }
  return number;
}

// The host of a URL, in lower case.
std::string HostOf(absl::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme != absl::string_view::npos) url.remove_prefix(scheme + 3);
  return absl::AsciiStrToLower(url.substr(0, url.find_first_of(":/?#")));
}

}  // namespace

PaceOptions DefaultPace(absl::string_view api_url) {
  const std::string host = HostOf(api_url);
  if (host == "api.github.com" || absl::EndsWith(host, ".ghe.com")) {
    return PaceOptions();
  }
  PaceOptions pace;
  pace.per_minute = 0;
  pace.max_in_flight = 8;
  return pace;
}

struct RateLimiter::Budget {
  PaceOptions pace;
  int in_flight = 0;

  // The pace, as in the generic cell rate algorithm: the time by which a pace
  // without bursts would have made all requests so far.
  SteadyTime paced_until;

  // GitHub's hourly budget; nothing: not known.
  std::optional<int64_t> remaining;
  int64_t limit = 0;
  int64_t reset_epoch = 0;  // By GitHub's clock: which hour it is.
  SteadyTime reset_time;    // By ours, with the margin.

  // After a limit the credential sends nothing until `blocked_until`, then one
  // probe at a time until an answer is not a limit.
  SteadyTime blocked_until;
  bool limited = false;
  bool probing = false;
  int blind_waits = 0;  // Limits that named no time, since the last success.

  bool known = false;  // GitHub has answered at all.

  bool Paced() const { return pace.per_minute > 0; }

  absl::Duration Interval() const { return absl::Minutes(1) / pace.per_minute; }

  // When the pace allows the next request.
  SteadyTime NextByPace() const {
    if (!Paced()) return SteadyTime::InfinitePast();
    return paced_until - Interval() * (std::max(pace.burst, 1) - 1);
  }

  // When the hourly budget allows the next request. GitHub may not have counted
  // the requests in flight yet.
  SteadyTime NextByBudget(bool pending) const {
    if (!remaining.has_value()) return SteadyTime::InfinitePast();
    const double kept =
        pending ? pace.reserve * static_cast<double>(limit) : 0.0;
    const auto left = static_cast<double>(*remaining - in_flight);
    return left > kept ? SteadyTime::InfinitePast() : reset_time;
  }

  void NoteBudget(const HttpResponse& answer, absl::Time github_time,
                  SteadyTime now);
  void NoteLimit(const Verdict& verdict, bool was_probe, absl::Time github_time,
                 SteadyTime now);
};

void RateLimiter::Budget::NoteBudget(const HttpResponse& answer,
                                     absl::Time github_time, SteadyTime now) {
  const absl::string_view resource = answer.Header("x-ratelimit-resource");
  if (!resource.empty() && resource != "core") return;
  const auto new_remaining = HeaderNumber(answer, "x-ratelimit-remaining");
  const auto new_reset = HeaderNumber(answer, "x-ratelimit-reset");
  if (!new_remaining.has_value() || !new_reset.has_value()) return;
  // Answers can arrive out of order. Within an hour the smaller number is
  // newer, and an answer about an earlier hour is old.
  const bool same_hour = remaining.has_value() && *new_reset == reset_epoch;
  if (remaining.has_value() && *new_reset < reset_epoch) return;
  remaining = same_hour ? std::min(*remaining, *new_remaining) : *new_remaining;
  limit = HeaderNumber(answer, "x-ratelimit-limit").value_or(0);
  reset_epoch = *new_reset;
  const absl::Duration until_reset =
      absl::UnixEpoch() + absl::Seconds(*new_reset) - github_time;
  reset_time = now + std::min(until_reset, kMaxReset) + kLimitMargin;
}

void RateLimiter::Budget::NoteLimit(const Verdict& verdict, bool was_probe,
                                    absl::Time github_time, SteadyTime now) {
  // Several requests in flight may hit the same limit, which counts once.
  const bool is_new = !limited || was_probe;
  limited = true;
  absl::Duration wait;
  if (verdict.retry_after.has_value()) {
    wait = std::min(*verdict.retry_after, kMaxRetryAfter) + kLimitMargin;
  } else if (verdict.reset_time.has_value() &&
             *verdict.reset_time >= github_time) {
    wait =
        std::min(*verdict.reset_time - github_time, kMaxReset) + kLimitMargin;
  } else {
    if (is_new || blind_waits == 0) ++blind_waits;
    wait = DoublingWait(kFirstBlindWait, kMaxBlindWait, blind_waits);
  }
  blocked_until = std::max(blocked_until, now + wait);
  // No burst after the pause: the burst counts as used up.
  if (Paced()) {
    paced_until =
        std::max(paced_until,
                 blocked_until + Interval() * (std::max(pace.burst, 1) - 1));
  }
}

RateLimiter::RateLimiter(std::function<PaceOptions(absl::string_view)> pace_of)
    : pace_of_(std::move(pace_of)) {}
RateLimiter::~RateLimiter() = default;

void RateLimiter::SetPace(absl::string_view credential_id,
                          const PaceOptions& pace) {
  BudgetOf(credential_id).pace = pace;
}

PaceOptions RateLimiter::PaceOf(absl::string_view credential_id) const {
  const auto it = budgets_.find(credential_id);
  if (it != budgets_.end()) return it->second.pace;
  return pace_of_ ? pace_of_(credential_id) : PaceOptions();
}

void RateLimiter::Block(absl::string_view credential_id, SteadyTime until) {
  Budget& budget = BudgetOf(credential_id);
  budget.limited = true;
  budget.blocked_until = std::max(budget.blocked_until, until);
}

bool RateLimiter::Knows(absl::string_view credential_id) const {
  const auto found = budgets_.find(credential_id);
  return found != budgets_.end() && found->second.known;
}

SteadyTime RateLimiter::BlockedUntil(absl::string_view credential_id) const {
  const auto found = budgets_.find(credential_id);
  return found == budgets_.end() ? SteadyTime::InfinitePast()
                                 : found->second.blocked_until;
}

absl::string_view RateLimiter::WaitsFor(absl::string_view credential_id,
                                        bool pending, SteadyTime now) const {
  const auto found = budgets_.find(credential_id);
  if (found == budgets_.end()) return "";
  const Budget& budget = found->second;
  if (now < budget.blocked_until) return "RATE_LIMITED";
  if (now < budget.NextByBudget(pending)) {
    return now < budget.NextByBudget(/*pending=*/false) ? "BUDGET_SPENT"
                                                        : "BUDGET_RESERVED";
  }
  return now < budget.NextByPace() ? "PACE" : "";
}

RateLimiter::BudgetView RateLimiter::View(
    absl::string_view credential_id) const {
  const auto found = budgets_.find(credential_id);
  if (found == budgets_.end() || !found->second.remaining.has_value()) {
    return {};
  }
  const Budget& budget = found->second;
  return {budget.limit, *budget.remaining,
          absl::FromUnixSeconds(budget.reset_epoch)};
}

RateLimiter::Budget& RateLimiter::BudgetOf(absl::string_view credential_id) {
  const auto found = budgets_.find(credential_id);
  if (found != budgets_.end()) return found->second;
  Budget& budget = budgets_[std::string(credential_id)];
  if (pace_of_) budget.pace = pace_of_(credential_id);
  return budget;
}

SteadyTime RateLimiter::WhenAdmitted(absl::string_view credential_id,
                                     bool pending, SteadyTime now) {
  Budget& budget = BudgetOf(credential_id);
  if (now < budget.blocked_until) return budget.blocked_until;
  const int allowed =
      budget.limited ? 1 : std::max(budget.pace.max_in_flight, 1);
  if (budget.in_flight >= allowed) return SteadyTime::InfiniteFuture();
  if (budget.remaining.has_value() && now >= budget.reset_time) {
    budget.remaining.reset();
  }
  const SteadyTime next =
      std::max(budget.NextByPace(), budget.NextByBudget(pending));
  return std::max(next, now);
}

SteadyTime RateLimiter::Admit(absl::string_view credential_id, bool pending,
                              SteadyTime now) {
  const SteadyTime when = WhenAdmitted(credential_id, pending, now);
  if (when > now) return when;
  Budget& budget = BudgetOf(credential_id);
  ++budget.in_flight;
  budget.probing = budget.limited;
  if (budget.Paced()) {
    budget.paced_until = std::max(budget.paced_until, now) + budget.Interval();
  }
  return now;
}

void RateLimiter::Return(absl::string_view credential_id) {
  Budget& budget = BudgetOf(credential_id);
  budget.in_flight = std::max(budget.in_flight - 1, 0);
  budget.probing = false;
  if (budget.Paced()) budget.paced_until -= budget.Interval();
}

bool RateLimiter::LendSlot(absl::string_view credential_id) {
  Budget& budget = BudgetOf(credential_id);
  if (budget.limited || budget.in_flight == 0) return false;
  --budget.in_flight;
  return true;
}

void RateLimiter::ReclaimSlot(absl::string_view credential_id) {
  ++BudgetOf(credential_id).in_flight;
}

void RateLimiter::Observe(absl::string_view credential_id,
                          const absl::StatusOr<HttpResponse>& answer,
                          const Verdict& verdict, const Moment& now) {
  Budget& budget = BudgetOf(credential_id);
  budget.in_flight = std::max(budget.in_flight - 1, 0);
  const bool was_probe = budget.probing;
  budget.probing = false;
  if (!answer.ok()) return;

  const absl::Time github_time = verdict.github_time == absl::InfinitePast()
                                     ? now.wall
                                     : verdict.github_time;
  budget.NoteBudget(*answer, github_time, now.steady);
  if (answer->status >= 500) return;
  budget.known = true;
  if (verdict.action == Action::kWait) {
    budget.NoteLimit(verdict, was_probe, github_time, now.steady);
    return;
  }
  // A request from before the limit says nothing about its end.
  if (budget.limited && !was_probe) return;
  budget.limited = false;
  if (verdict.action == Action::kDone) budget.blind_waits = 0;
}

}  // namespace signalbox
