#include "server/report/sha.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "common/error.h"
#include "common/hex.h"
#include "common/names.h"

namespace signalbox {

Sha Sha::OfBytes(absl::string_view bytes) {
  Sha sha;
  if (bytes.size() != 20 && bytes.size() != 32) return sha;
  std::copy(bytes.begin(), bytes.end(), sha.bytes_.begin());
  sha.size_ = bytes.size();
  return sha;
}

std::string Sha::Hex() const { return absl::BytesToHexString(bytes()); }

absl::StatusOr<Sha> ParseSha(absl::string_view text) {
  if (IsSha(text)) {
    std::array<char, 32> bytes{};
    for (size_t i = 0; i < text.size() / 2; ++i) {
      bytes[i] = static_cast<char>(HexValue(text[2 * i]) * 16 +
                                   HexValue(text[2 * i + 1]));
    }
    return Sha::OfBytes({bytes.data(), text.size() / 2});
  }
  const bool is_null = (text.size() == 40 || text.size() == 64) &&
                       text.find_first_not_of('0') == absl::string_view::npos;
  return InvalidField("sha", text,
                      is_null
                          ? "is all zeros, which names no commit"
                          : "is not a full SHA (40 or 64 hexadecimal digits)",
                      "INVALID_SHA");
}

}  // namespace signalbox
