#ifndef SIGNALBOX_SHIM_WEBHOOK_CONTEXT_H_
#define SIGNALBOX_SHIM_WEBHOOK_CONTEXT_H_

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"

namespace signalbox {

// Whether the server accepts `text` as the context of a report: 1 to 255
// printable ASCII characters, no space at either end.
inline bool IsContext(absl::string_view text) {
  return !text.empty() && text.size() <= 255 && text.front() != ' ' &&
         text.back() != ' ' &&
         std::all_of(text.begin(), text.end(), absl::ascii_isprint);
}

}  // namespace signalbox

#endif  // SIGNALBOX_SHIM_WEBHOOK_CONTEXT_H_
