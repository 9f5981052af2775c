#include "server/base/address.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/base/error.h"

namespace signalbox {

std::string Address::ToString() const {
  return absl::StrContains(host, ':') ? absl::StrCat("[", host, "]:", port)
                                      : absl::StrCat(host, ":", port);
}

bool Address::IsLoopback() const {
  return host == "localhost" || host == "::1" ||
         (absl::StartsWith(host, "127.") &&
          host.find_first_not_of("0123456789.") == std::string::npos);
}

absl::StatusOr<Address> ParseAddress(absl::string_view field,
                                     absl::string_view text) {
  const size_t colon = text.rfind(':');
  Address address;
  bool valid = colon != absl::string_view::npos;
  if (valid) {
    absl::string_view host = text.substr(0, colon);
    const absl::string_view port = text.substr(colon + 1);
    if (absl::StartsWith(host, "[") && absl::EndsWith(host, "]")) {
      host = host.substr(1, host.size() - 2);
      valid = absl::StrContains(host, ':');
    } else {
      valid = !absl::StrContains(host, ':');
    }
    address.host = absl::AsciiStrToLower(host);
    valid = valid && !host.empty() && host.size() <= 253 &&
            std::all_of(host.begin(), host.end(),
                        [](unsigned char c) {
                          return absl::ascii_isalnum(c) || c == '.' ||
                                 c == '-' || c == ':';
                        }) &&
            !port.empty() && port.size() <= 5 &&
            std::all_of(port.begin(), port.end(), absl::ascii_isdigit) &&
            absl::SimpleAtoi(port, &address.port) && address.port <= 65535;
  }
  if (!valid) {
    return InvalidField(field, text, "is not HOST:PORT, such as 127.0.0.1:8080",
                        "INVALID_ADDRESS");
  }
  return address;
}

absl::StatusOr<Address> ParseLoopbackAddress(absl::string_view field,
                                             absl::string_view text) {
  absl::StatusOr<Address> address = ParseAddress(field, text);
  if (!address.ok() || address->IsLoopback()) return address;
  return InvalidField(field, text,
                      "is not a loopback address, and connections are not "
                      "encrypted; wanted one such as 127.0.0.1:50051",
                      "ADDRESS_NOT_LOOPBACK");
}

}  // namespace signalbox
