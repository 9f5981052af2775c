#include "server/outbox/entry_state.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"

namespace signalbox {

std::string ShaToBytes(absl::string_view sha) {
  if ((sha.size() != 40 && sha.size() != 64) ||
      !std::all_of(sha.begin(), sha.end(), absl::ascii_isxdigit)) {
    return "";
  }
  return absl::HexStringToBytes(sha);
}

std::string ShaFromBytes(absl::string_view bytes) {
  return absl::BytesToHexString(bytes);
}

}  // namespace signalbox
