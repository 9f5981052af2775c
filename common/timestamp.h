#ifndef SIGNALBOX_COMMON_TIMESTAMP_H_
#define SIGNALBOX_COMMON_TIMESTAMP_H_

#include <optional>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signalbox {

// Parses a time as GitHub's API writes it: RFC 3339, with a zone and a
// four-digit year. Nothing: the text is something else. (Abseil's parser also
// accepts texts such as `infinite-future`.)
std::optional<absl::Time> ParseTimestamp(absl::string_view text);

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_TIMESTAMP_H_
