#ifndef SIGNALBOX_COMMON_ADDRESS_H_
#define SIGNALBOX_COMMON_ADDRESS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace signalbox {

// Where to listen: HOST:PORT, with an IPv6 host in brackets.
struct Address {
  std::string host;  // Without brackets.
  int port = 0;      // 0: a free port.

  std::string ToString() const;
  bool IsLoopback() const;
};

// INVALID_ARGUMENT, reason INVALID_ADDRESS; `field` names the flag or key.
absl::StatusOr<Address> ParseAddress(absl::string_view field,
                                     absl::string_view text);

// As ParseAddress. Also refuses an address that is not loopback, because the
// connection is not encrypted: reason ADDRESS_NOT_LOOPBACK.
absl::StatusOr<Address> ParseLoopbackAddress(absl::string_view field,
                                             absl::string_view text);

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_ADDRESS_H_
