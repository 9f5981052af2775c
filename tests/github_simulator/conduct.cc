#include "tests/github_simulator/conduct.h"

#include <algorithm>

namespace signalbox {

int64_t Conduct::Open(const std::string& account, absl::Time now) {
  std::erase_if(exchanges_,
                [now](const auto& item) { return item.second.over_at <= now; });
  const auto in_flight =
      1 +
      static_cast<int>(std::count_if(
          exchanges_.begin(), exchanges_.end(), [&account](const auto& item) {
            return !item.second.is_given_up && item.second.account == account;
          }));
  max_in_flight_ = std::max(max_in_flight_, in_flight);
  if (max_concurrent_ > 0 && in_flight > max_concurrent_) {
    ++misbehaviour.concurrent_requests;
  }
  const int64_t exchange = next_exchange_++;
  exchanges_[exchange] = {.account = account, .opened_at = now};
  return exchange;
}

Conduct::Exchange* Conduct::Find(int64_t exchange) {
  const auto it = exchanges_.find(exchange);
  return it == exchanges_.end() ? nullptr : &it->second;
}

void Conduct::Judge(const Key& key, const GitHubRules::Row& shown,
                    const GitHubRules::Row& row, int* reruns_allowed) {
  if (shown.state == row.state && shown.description == row.description &&
      shown.target_url == row.target_url && lost_.erase(key) == 0) {
    ++misbehaviour.identical_repeats;
  }
  if (row.state != "pending" || shown.state == "pending") return;
  if (*reruns_allowed > 0) {
    --*reruns_allowed;
  } else {
    ++misbehaviour.regressions;
  }
}

}  // namespace signalbox
