#ifndef SIGNALBOX_COMMON_TIMESTAMP_H_
#define SIGNALBOX_COMMON_TIMESTAMP_H_

#include <optional>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signalbox {

// Reads a time as GitHub's API writes it: RFC 3339, with a zone and a
// four-digit year. Nothing for any other text. Abseil's parser also accepts
// texts such as `infinite-future`, which cannot order anything.
std::optional<absl::Time> ParseTimestamp(absl::string_view text);

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_TIMESTAMP_H_
