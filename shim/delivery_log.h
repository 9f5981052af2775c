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

// DeliveryTotals counts the shim's answers to deliveries by event.
// WebhookHandler logs the totals once an hour, so that an operator sees which
// events a hook sends without effect.
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

  // Counts one delivery, by the HTTP status of its answer. `event` is the name
  // in X-GitHub-Event; empty: the signature was not verified. After 100 names,
  // further names count as `others`.
  void Count(absl::string_view event, int status);

  // The totals so far, by event.
  std::map<std::string, Answers> Get() const {
    MutexLock lock(&mu_);
    return answers_;
  }

  // Whether the caller should log the totals now. True once an hour; for the
  // first time an hour after the first call.
  bool IsTime(std::chrono::steady_clock::time_point now);

 private:
  mutable Mutex mu_;
  std::map<std::string, Answers> answers_ ABSL_GUARDED_BY(mu_);
  std::chrono::steady_clock::time_point next_ ABSL_GUARDED_BY(mu_){};
};

// Refusals remembers for which reasons the server has refused calls of this
// shim. So WebhookHandler can log each reason once, and not for each delivery.
//
// Thread-safe.
class Refusals {
 public:
  // Whether the refusal with the message `why` is new, so that the caller
  // should log it. Notes it. `method` is the method of the call.
  //
  // `ends_with_success`: the server refuses every call of this method (because
  // of a wrong token or a missing right). Such a refusal is new again after a
  // call of the method has succeeded. Others are new only once. After 100
  // different refusals, no refusal is new.
  bool IsNews(absl::string_view method, absl::string_view why,
              bool ends_with_success) {
    MutexLock lock(&mu_);
    if (methods_.size() >= kMost) return false;
    return methods_
        .emplace(std::string(why),
                 ends_with_success ? std::string(method) : std::string())
        .second;
  }

  // Call it when a call of this method has succeeded.
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
