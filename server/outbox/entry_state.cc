#include "server/outbox/entry_state.h"

#include "absl/strings/escaping.h"
#include "common/hex.h"

namespace signalbox {

std::string ShaToBytes(absl::string_view sha) {
  if (sha.size() != 40 && sha.size() != 64) return "";
  return BytesOfHex(sha).value_or("");
}

std::string ShaFromBytes(absl::string_view bytes) {
  return absl::BytesToHexString(bytes);
}

}  // namespace signalbox
