#ifndef SIGNALBOX_COMMON_ADDRESS_H_
#define SIGNALBOX_COMMON_ADDRESS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace signalbox {

// Texts that say where a server is. Nothing here resolves a name.

// Where to listen: HOST:PORT, with an IPv6 host in brackets.
struct Address {
  std::string host;  // Without brackets.
  int port = 0;      // 0: a free port.

  std::string ToString() const;
  // Whether only this machine can reach it: localhost, 127.0.0.0/8 and ::1.
  bool IsLoopback() const;
};

// INVALID_ARGUMENT, reason INVALID_ADDRESS; `field` names the flag or key.
absl::StatusOr<Address> ParseAddress(absl::string_view field,
                                     absl::string_view text);

// As ParseAddress. Also refuses an address that is not loopback, because the
// connection is not encrypted: reason ADDRESS_NOT_LOOPBACK.
absl::StatusOr<Address> ParseLoopbackAddress(absl::string_view field,
                                             absl::string_view text);

// Whether a server is on this machine, so that nobody else reads what is sent
// to it unencrypted. `address` is as gRPC spells it: HOST:PORT, with or without
// dns:/// before it, or unix:PATH. False for any name but localhost, and for
// every other spelling.
bool IsThisMachine(absl::string_view address);

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_ADDRESS_H_
