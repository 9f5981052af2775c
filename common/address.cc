#include "common/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/error.h"

namespace signalbox {
namespace {

bool IsIpv6(absl::string_view text) {
  in6_addr ignored = {};
  return inet_pton(AF_INET6, std::string(text).c_str(), &ignored) == 1;
}

// A text of digits and dots must be a complete IPv4 address: the system would
// also read `127.1` as one.
bool IsNameOrIpv4(absl::string_view text) {
  if (text.find_first_not_of("0123456789.") == absl::string_view::npos) {
    in_addr ignored = {};
    return inet_pton(AF_INET, std::string(text).c_str(), &ignored) == 1;
  }
  const std::vector<absl::string_view> labels = absl::StrSplit(text, '.');
  return text.size() <= 253 &&
         std::ranges::all_of(labels, [](absl::string_view label) {
           return !label.empty() && label.front() != '-' &&
                  label.back() != '-' &&
                  std::ranges::all_of(label, [](unsigned char c) {
                    return absl::ascii_isalnum(c) || c == '-';
                  });
         });
}

// `host` is without brackets.
bool IsLoopbackHost(absl::string_view host) {
  const std::string text(host);
  in_addr v4 = {};
  if (inet_pton(AF_INET, text.c_str(), &v4) == 1) {
    return ntohl(v4.s_addr) >> 24 == 127;
  }
  in6_addr v6 = {};
  if (inet_pton(AF_INET6, text.c_str(), &v6) == 1) {
    return IN6_IS_ADDR_LOOPBACK(&v6) != 0;
  }
  return absl::EqualsIgnoreCase(host, "localhost");
}

// The form of an IPv4 address in IPv6.
std::array<unsigned char, 16> AsIpv6(const in_addr& v4) {
  std::array<unsigned char, 16> address = {};
  address[10] = address[11] = 0xff;
  std::memcpy(&address[12], &v4, sizeof(v4));
  return address;
}

bool ParsePort(absl::string_view text, int* port) {
  return text.size() <= 5 && std::ranges::all_of(text, absl::ascii_isdigit) &&
         absl::SimpleAtoi(text, port) && *port <= 65535;
}

}  // namespace

std::string Address::ToString() const {
  return absl::StrContains(host, ':') ? absl::StrCat("[", host, "]:", port)
                                      : absl::StrCat(host, ":", port);
}

bool Address::IsLoopback() const { return IsLoopbackHost(host); }

absl::StatusOr<Address> ParseAddress(absl::string_view field,
                                     absl::string_view text) {
  const size_t colon = text.rfind(':');
  absl::string_view host = text.substr(0, colon);
  const bool is_host = absl::ConsumePrefix(&host, "[")
                           ? absl::ConsumeSuffix(&host, "]") && IsIpv6(host)
                           : IsNameOrIpv4(host);
  Address address = {absl::AsciiStrToLower(host), 0};
  if (colon == absl::string_view::npos || !is_host ||
      !ParsePort(text.substr(colon + 1), &address.port)) {
    return InvalidField(field, text,
                        "is not HOST:PORT, such as 127.0.0.1:8080 or "
                        "[::1]:8080",
                        "INVALID_ADDRESS");
  }
  return address;
}

absl::StatusOr<Address> ParseLoopbackAddress(absl::string_view field,
                                             absl::string_view text) {
  absl::StatusOr<Address> address = ParseAddress(field, text);
  if (!address.ok() || address->IsLoopback()) return address;
  return InvalidField(
      field, text,
      "is not a loopback address; wanted one such as 127.0.0.1:50051, "
      "because the server does not encrypt connections",
      "ADDRESS_NOT_LOOPBACK");
}

absl::Status CheckUnixAddress(absl::string_view field, absl::string_view text) {
  constexpr size_t kMaxPath = sizeof(sockaddr_un::sun_path) - 1;
  absl::string_view path = text;
  if (absl::ConsumePrefix(&path, "unix:") && !path.empty() &&
      path.size() <= kMaxPath) {
    return absl::OkStatus();
  }
  return InvalidField(
      field, text,
      absl::StrCat("is not unix:PATH with a path of 1 to ", kMaxPath, " bytes"),
      "INVALID_ADDRESS");
}

bool IsThisMachine(absl::string_view address) {
  if (absl::StartsWith(address, "unix:")) return true;
  absl::ConsumePrefix(&address, "dns:///");
  absl::string_view host = address.substr(0, address.rfind(':'));
  if (absl::ConsumePrefix(&host, "[")) {
    return absl::ConsumeSuffix(&host, "]") && IsLoopbackHost(host);
  }
  // gRPC takes `::1:5005` for an address of eight groups without a port.
  return !absl::StrContains(host, ':') && IsLoopbackHost(host);
}

bool AddressRange::Contains(const sockaddr& peer) const {
  std::array<unsigned char, 16> address = {};
  if (peer.sa_family == AF_INET) {
    address = AsIpv6(reinterpret_cast<const sockaddr_in&>(peer).sin_addr);
  } else if (peer.sa_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(peer).sin6_addr;
    std::copy_n(v6.s6_addr, address.size(), address.begin());
  } else {
    return false;
  }
  for (size_t bit = 0; bit < bits_; ++bit) {
    const int mask = 0x80 >> (bit % 8);
    if (((address[bit / 8] ^ first_[bit / 8]) & mask) != 0) return false;
  }
  return true;
}

absl::StatusOr<AddressRange> ParseAddressRange(absl::string_view field,
                                               absl::string_view text) {
  const size_t slash = text.find('/');
  const std::string ip(text.substr(0, slash));
  AddressRange range;
  in_addr v4 = {};
  size_t before = 0;  // Bits of the IPv6 form before the IPv4 address.
  bool is_valid = inet_pton(AF_INET6, ip.c_str(), range.first_.data()) == 1;
  if (!is_valid && inet_pton(AF_INET, ip.c_str(), &v4) == 1) {
    is_valid = true;
    before = 96;
    range.first_ = AsIpv6(v4);
  }
  if (is_valid && slash != absl::string_view::npos) {
    const absl::string_view bits = text.substr(slash + 1);
    is_valid = bits.size() <= 3 &&
               std::ranges::all_of(bits, absl::ascii_isdigit) &&
               absl::SimpleAtoi(bits, &range.bits_);
    range.bits_ += before;
    is_valid = is_valid && range.bits_ <= 128;
  }
  if (is_valid) return range;
  return InvalidField(
      field, text,
      "is not an IP address or a range of them, such as 10.1.0.0/16",
      "INVALID_ADDRESS");
}

}  // namespace signalbox
