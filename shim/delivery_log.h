#ifndef SIGNALBOX_SHIM_DELIVERY_LOG_H_
#define SIGNALBOX_SHIM_DELIVERY_LOG_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
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

// Refusals remembers why the server refused calls of this shim, so that the log
// shows a reason once and not for each delivery.
//
// Thread-safe.
class Refusals {
 public:
  // Whether to log the refusal `why`, that is whether it is new.
  // `ends_with_success`: the server refuses every call of that method (no
  // token, a missing right), so the refusal is new again after such a call has
  // succeeded. Other refusals are new only once. After 100 different refusals
  // none is new.
  bool IsNews(absl::string_view method, absl::string_view why,
              bool ends_with_success) {
    MutexLock lock(&mu_);
    if (methods_.size() >= kMost) return false;
    return methods_
        .emplace(std::string(why),
                 ends_with_success ? std::string(method) : std::string())
        .second;
  }

  // A call of that method succeeded.
  void NoteSuccess(absl::string_view method) {
    MutexLock lock(&mu_);
    std::erase_if(methods_,
                  [method](const auto& one) { return one.second == method; });
  }

 private:
  static constexpr size_t kMost = 100;

  Mutex mu_;
  // By `why`: the method whose success ends it; empty: no success ends it.
  std::map<std::string, std::string, std::less<>> methods_ ABSL_GUARDED_BY(mu_);
};

}  // namespace signalbox

#endif  // SIGNALBOX_SHIM_DELIVERY_LOG_H_
