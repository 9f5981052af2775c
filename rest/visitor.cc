#include "rest/visitor.h"

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/address.h"
#include "common/names.h"

namespace signalbox {
namespace {

// A token has at most 4,096 bytes, which Basic encodes in a third more.
constexpr size_t kMaxAuthorization = 6 << 10;

// The value of the header Host, taken apart. Nothing: it cannot be in a link.
std::optional<Address> HostOf(const HttpHead& head) {
  const absl::string_view host = head.OnlyValue("host").value_or("");
  if (!absl::StartsWith(host, "[")) {
    if (!IsHost(host)) return std::nullopt;
    return Address{std::string(host.substr(0, host.find(':'))), 0};
  }
  const size_t end = host.find(']');
  if (end == absl::string_view::npos) return std::nullopt;
  const absl::string_view port = host.substr(end + 1);
  const std::string with_port = absl::StrCat(host, port.empty() ? ":80" : "");
  absl::StatusOr<Address> address = ParseAddress("Host", with_port);
  if (!address.ok()) return std::nullopt;
  return *std::move(address);
}

bool SaysForwarded(const HttpHead& head) {
  return std::ranges::any_of(head.headers, [](const auto& header) {
    return header.first == "forwarded" || header.first == "via" ||
           header.first == "x-real-ip" ||
           absl::StartsWith(header.first, "x-forwarded-");
  });
}

}  // namespace

Visitor VisitorOf(const HttpServerRequest& request, bool listener_is_loopback) {
  const HttpHead& head = request.head;
  if (!head.Values("origin").empty() ||
      !head.Values("sec-fetch-site").empty()) {
    return Visitor::kWebPage;
  }
  const std::optional<Address> host = HostOf(head);
  if (!host.has_value()) return Visitor::kNameless;
  const bool is_local = listener_is_loopback && request.peer_is_loopback &&
                        host->IsLoopback() && !SaysForwarded(head);
  return is_local ? Visitor::kLocal : Visitor::kRemote;
}

std::string BaseOf(const HttpHead& head, const std::string& public_url,
                   absl::string_view scheme) {
  if (!public_url.empty()) return public_url;
  return absl::StrCat(scheme, "://", head.OnlyValue("host").value_or(""));
}

std::string AuthorizationOf(const HttpHead& head) {
  const absl::string_view value = head.OnlyValue("authorization").value_or("");
  const bool fits = value.size() <= kMaxAuthorization &&
                    std::ranges::all_of(value, absl::ascii_isprint);
  return fits ? std::string(value) : std::string();
}

}  // namespace signalbox
