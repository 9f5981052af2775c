#ifndef SIGNALBOX_SERVER_BASE_TIMESTAMP_H_
#define SIGNALBOX_SERVER_BASE_TIMESTAMP_H_

#include <optional>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace signalbox {

// Reads a moment as GitHub's API writes it: RFC 3339, with a zone and a year of
// four digits. Nothing for any other text; above all for what Abseil's parser
// takes besides, such as `infinite-future`, by which nothing can be ordered.
std::optional<absl::Time> ParseTimestamp(absl::string_view text);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_BASE_TIMESTAMP_H_
