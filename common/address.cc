#include "common/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
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

}  // namespace signalbox
