#ifndef SIGNALBOX_COMMON_HEX_H_
#define SIGNALBOX_COMMON_HEX_H_

#include <optional>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"

namespace signalbox {

// Hexadecimal text, such as signatures of webhooks and `%2F` in forms. Letters
// may have either case.

// The value of one hexadecimal digit, 0 to 15. Call it only with a character
// that is a digit.
inline int HexValue(char digit) {
  return absl::ascii_isdigit(digit) ? digit - '0'
                                    : absl::ascii_tolower(digit) - 'a' + 10;
}

// Decodes a text of hexadecimal digits, two for each byte. Nothing: the text
// has other characters, or an odd number of digits. (Abseil's function is
// deprecated in Debian 13, and its successor is missing in Debian 12.)
std::optional<std::string> BytesOfHex(absl::string_view hex);

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_HEX_H_
