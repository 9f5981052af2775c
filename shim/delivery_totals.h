#ifndef SIGNALBOX_SHIM_DELIVERY_TOTALS_H_
#define SIGNALBOX_SHIM_DELIVERY_TOTALS_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "common/mutex.h"

namespace signalbox {

// Counts the answers to deliveries by event name, so that the log can show what
// a hook sends without effect.
//
// Thread-safe.
class DeliveryTotals {
 public:
  struct Answers {
    int64_t accepted = 0;  // 202
    int64_t ignored = 0;   // 200
    int64_t refused = 0;   // 4xx
    int64_t failed = 0;    // 5xx
  };

  // `event` is empty if the name is not verified. After 100 names, further
  // names count as `others`.
  void Count(absl::string_view event, int status);

  // The totals so far, by name.
  std::map<std::string, Answers> Get() const {
    MutexLock lock(&mu_);
    return answers_;
  }

  // Whether to log the totals now. True once an hour, for the first time an
  // hour after the first call.
  bool IsTime(std::chrono::steady_clock::time_point now);

 private:
  mutable Mutex mu_;
  std::map<std::string, Answers> answers_ ABSL_GUARDED_BY(mu_);
  std::chrono::steady_clock::time_point next_ ABSL_GUARDED_BY(mu_){};
};

}  // namespace signalbox

#endif  // SIGNALBOX_SHIM_DELIVERY_TOTALS_H_
