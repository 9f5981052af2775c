#ifndef SIGNALBOX_SERVER_BASE_LOG_LIMIT_H_
#define SIGNALBOX_SERVER_BASE_LOG_LIMIT_H_

#include <cstdint>
#include <optional>
#include <utility>

#include "common/mutex.h"
#include "server/base/steady_time.h"
#include "server/base/token_bucket.h"

namespace signalbox {

// LogLimit limits the log lines that callers can cause, so that a caller cannot
// fill the log: ten lines at once, then one a second. Ask Allow before each
// line.
//
// Thread-safe.
class LogLimit {
 public:
  // Nothing: leave this line out. A number: write the line; so many lines were
  // left out since the last written one.
  std::optional<int64_t> Allow(SteadyTime now) {
    MutexLock lock(&mu_);
    bucket_.Refill(now);
    if (bucket_.IsEmpty()) {
      ++left_out_;
      return std::nullopt;
    }
    bucket_.Take();
    return std::exchange(left_out_, 0);
  }

 private:
  Mutex mu_;
  TokenBucket bucket_ ABSL_GUARDED_BY(mu_){/*per_second=*/1, /*burst=*/10};
  int64_t left_out_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_BASE_LOG_LIMIT_H_
