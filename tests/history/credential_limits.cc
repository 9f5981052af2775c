#include "tests/history/credential_limits.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"

namespace signalbox::history {
namespace {

// A process may not have stored what it learnt this shortly before its end: its
// thread can be without a processor for a second.
constexpr absl::Duration kJustNow = absl::Milliseconds(1100);

}  // namespace

std::optional<std::string> CredentialLimits::CheckSilence(
    const Began& event) const {
  const auto silence = silences_.find(event.credential);
  if (silence == silences_.end() || event.is_budget ||
      event.time >= silence->second.until) {
    return std::nullopt;
  }
  return absl::StrCat(
      "began although GitHub asked for a pause until ",
      absl::FormatTime(silence->second.until, absl::UTCTimeZone()));
}

std::optional<std::string> CredentialLimits::CheckBudget(
    const Began& event) const {
  const auto found = budgets_.find(event.credential);
  if (found == budgets_.end() || event.posted->state != "pending") {
    return std::nullopt;
  }
  const Budget& budget = found->second;
  if (event.time >= budget.reset_time ||
      budget.remaining >= budget.limit / 10) {
    return std::nullopt;
  }
  return absl::StrCat("a pending used the reserve for results (",
                      budget.remaining, " of ", budget.limit, ")");
}

void CredentialLimits::Learn(const std::string& credential,
                             const Ended& event) {
  if (event.silent_until > event.time) {
    Silence& silence = silences_[credential];
    silence.until = std::max(silence.until, event.silent_until);
    silence.learnt_at = event.time;
  }
  // After a redirect, the server learns the budget from the final answer.
  if (event.remaining >= 0 &&
      (event.http_status < 300 || event.http_status > 399)) {
    budgets_[credential] = {event.remaining, event.limit, event.reset_time};
  }
}

void CredentialLimits::Follow(const Crashed& event) {
  is_down_ = true;
  budgets_.clear();
  for (auto it = silences_.begin(); it != silences_.end();) {
    const bool remembered = event.time - it->second.learnt_at > kJustNow &&
                            !disk_trouble_ &&
                            it->second.learnt_at > disk_trouble_over_ &&
                            it->second.learnt_at > clock_set_;
    it = remembered ? std::next(it) : silences_.erase(it);
  }
}

void CredentialLimits::Follow(const Started&) { is_down_ = false; }

void CredentialLimits::Follow(const DiskTrouble& event) {
  disk_trouble_ = !event.is_over;
  if (event.is_over) disk_trouble_over_ = event.time;
}

// Times on disk are wall-clock times.
void CredentialLimits::Follow(const ClockSet& event) {
  clock_set_ = event.time;
  if (is_down_) silences_.clear();
}

}  // namespace signalbox::history
