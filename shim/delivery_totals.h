#ifndef SIGNALBOX_SHIM_DELIVERY_TOTALS_H_
#define SIGNALBOX_SHIM_DELIVERY_TOTALS_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace signalbox {

// Counts the answers to deliveries by the name of their event, so that the log
// can say what a hook sends in vain.
//
// Thread-safe.
class DeliveryTotals {
 public:
  struct Line {
    std::string event;
    int64_t accepted = 0;  // 202
    int64_t ignored = 0;   // 200
    int64_t refused = 0;   // 4xx
    int64_t failed = 0;    // 5xx
  };

  // `event` is empty where nobody vouches for the name. After the 100th name
  // the rest are counted as `others`.
  void Count(absl::string_view event, int status);

  // The totals so far, by name.
  std::vector<Line> Lines() const;

  // True once an hour, and first an hour after it was asked first: it is time
  // to log the totals.
  bool IsTime(std::chrono::steady_clock::time_point now);

 private:
  mutable std::mutex mu_;
  std::map<std::string, Line> lines_;
  std::chrono::steady_clock::time_point next_{};
};

}  // namespace signalbox

#endif  // SIGNALBOX_SHIM_DELIVERY_TOTALS_H_
