#ifndef SIGNALBOX_SHIM_REFUSALS_H_
#define SIGNALBOX_SHIM_REFUSALS_H_

#include <cstddef>
#include <functional>
#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "common/mutex.h"

namespace signalbox {

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

#endif  // SIGNALBOX_SHIM_REFUSALS_H_
