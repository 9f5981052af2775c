#ifndef SIGNALBOX_COMMON_ADDRESS_H_
#define SIGNALBOX_COMMON_ADDRESS_H_

#include <array>
#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct sockaddr;

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

// Checks unix:PATH, the address of a Unix socket: PATH has 1 to 107 bytes, as
// many as the kernel takes. `field` and the error are those of ParseAddress.
absl::Status CheckUnixAddress(absl::string_view field, absl::string_view text);

// Whether the server at `address` is on this machine, so that a client can send
// it a token without encryption. `address` is as gRPC accepts it: HOST:PORT,
// with or without dns:/// before it, or unix:PATH. False for host names other
// than localhost, and for all other forms.
bool IsThisMachine(absl::string_view address);

// A range of IP addresses: those whose first bits are the same.
class AddressRange {
 public:
  // Whether it contains the IP address of `peer`, an IPv4 or IPv6 socket's.
  // IPv6's form of an IPv4 address is that IPv4 address.
  bool Contains(const sockaddr& peer) const;

 private:
  friend absl::StatusOr<AddressRange> ParseAddressRange(absl::string_view,
                                                        absl::string_view);

  std::array<unsigned char, 16> first_ = {};  // As IPv6.
  size_t bits_ = 128;
};

// Parses an IP address, or a range such as 10.1.0.0/16 or fd00::/8. `field` is
// the name of the flag or key, for the error: INVALID_ARGUMENT, reason
// INVALID_ADDRESS.
absl::StatusOr<AddressRange> ParseAddressRange(absl::string_view field,
                                               absl::string_view text);

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_ADDRESS_H_
