#include "server/base/hex.h"

#include <cstddef>

#include "absl/strings/ascii.h"

namespace signalbox {
namespace {

int ValueOfDigit(char digit) {
  return absl::ascii_isdigit(digit) ? digit - '0'
                                    : absl::ascii_tolower(digit) - 'a' + 10;
}

}  // namespace

std::optional<std::string> BytesOfHex(absl::string_view hex) {
  if (hex.size() % 2 != 0) return std::nullopt;
  for (const char c : hex) {
    if (!absl::ascii_isxdigit(c)) return std::nullopt;
  }
  std::string bytes;
  bytes.reserve(hex.size() / 2);
  for (size_t i = 0; i < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(ValueOfDigit(hex[i]) * 16 +
                                      ValueOfDigit(hex[i + 1])));
  }
  return bytes;
}

}  // namespace signalbox
