#ifndef SIGNALBOX_SHIM_REFUSALS_H_
#define SIGNALBOX_SHIM_REFUSALS_H_

#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "absl/strings/string_view.h"

namespace signalbox {

// Remembers why the server refused calls of this shim, so that the log says it
// once and not for each delivery.
//
// Thread-safe.
class Refusals {
 public:
  // Whether `why` was not noted before. `ends_with_success`: the refusal is of
  // every call of that method (no token, a right that is missing), and is news
  // again after one of them has succeeded. Others are news once. Beyond 100
  // kinds nothing is news.
  bool IsNews(absl::string_view method, absl::string_view why,
              bool ends_with_success);

  // A call of that method succeeded.
  void NoteSuccess(absl::string_view method);

 private:
  std::mutex mu_;
  // By `why`: the method whose success ends it; empty: none does.
  std::map<std::string, std::string, std::less<>> methods_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SHIM_REFUSALS_H_
