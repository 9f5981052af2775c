#ifndef SIGNALBOX_COMMON_ADDRESS_H_
#define SIGNALBOX_COMMON_ADDRESS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace signalbox {

// Network addresses from flags and configuration files. These functions only
// look at the text; they do not resolve names.

// Where a program listens: HOST:PORT, with an IPv6 host in brackets.
struct Address {
  std::string host;  // Without brackets.
  int port = 0;      // 0: the system chooses a free port.

  // HOST:PORT.
  std::string ToString() const;
  // Whether only programs on this machine can connect: the host is localhost,
  // in 127.0.0.0/8, or ::1.
  bool IsLoopback() const;
};

// Parses HOST:PORT. `field` is the name of the flag or key, for the error:
// INVALID_ARGUMENT, reason INVALID_ADDRESS.
absl::StatusOr<Address> ParseAddress(absl::string_view field,
                                     absl::string_view text);

// As ParseAddress, for a listener whose connections are not encrypted. An
// address that is not loopback is an error, too: INVALID_ARGUMENT, reason
// ADDRESS_NOT_LOOPBACK.
absl::StatusOr<Address> ParseLoopbackAddress(absl::string_view field,
                                             absl::string_view text);

// Whether the server at `address` is on this machine, so that a client can send
// it a token without encryption. `address` is as gRPC accepts it: HOST:PORT,
// with or without dns:/// before it, or unix:PATH. False for host names other
// than localhost, and for all other forms.
bool IsThisMachine(absl::string_view address);

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_ADDRESS_H_
