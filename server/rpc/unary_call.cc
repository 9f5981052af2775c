#include "server/rpc/unary_call.h"

#include <vector>

#include "common/error.h"

namespace signalbox {

CallDeadlines::CallDeadlines(absl::Duration max_call_time, Clock* clock)
    : max_call_time_(max_call_time),
      clock_(clock),
      expirer_("call-deadlines", clock, [this] { return ExpireCalls(); }) {}

void CallDeadlines::Add(const std::shared_ptr<UnaryCall>& call) {
  MutexLock lock(&mu_);
  while (!calls_.empty()) {
    const std::shared_ptr<UnaryCall> oldest = calls_.front().second.lock();
    if (oldest != nullptr && !oldest->ended()) break;
    calls_.pop_front();
  }
  calls_.emplace_back(clock_->Monotonic(), call);
}

// Runs once a second, because the limit need not be exact.
absl::Time CallDeadlines::ExpireCalls() {
  std::vector<std::shared_ptr<UnaryCall>> overdue;
  {
    MutexLock lock(&mu_);
    const absl::Duration limit = clock_->Monotonic() - max_call_time_;
    while (!calls_.empty() && calls_.front().first <= limit) {
      std::shared_ptr<UnaryCall> call = calls_.front().second.lock();
      if (call != nullptr) overdue.push_back(std::move(call));
      calls_.pop_front();
    }
  }
  for (const std::shared_ptr<UnaryCall>& call : overdue) {
    call->Fail(Error(absl::StatusCode::kDeadlineExceeded, "SERVER_TOO_SLOW",
                     "the server could not answer in time; repeat the call"));
  }
  return clock_->Now() + absl::Seconds(1);
}

}  // namespace signalbox
