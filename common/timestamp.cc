#include "common/timestamp.h"

#include <string>

#include "absl/strings/ascii.h"

namespace signalbox {

std::optional<absl::Time> ParseTimestamp(absl::string_view text) {
  absl::Time time;
  std::string ignored;
  if (text.size() < 5 || text[4] != '-' ||
      !absl::ascii_isdigit(static_cast<unsigned char>(text[0])) ||
      !absl::ParseTime(absl::RFC3339_full, text, &time, &ignored)) {
    return std::nullopt;
  }
  return time;
}

}  // namespace signalbox
