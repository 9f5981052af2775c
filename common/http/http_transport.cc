#include "common/http/http_transport.h"

#include <algorithm>

#include "absl/strings/match.h"

namespace signalbox {
namespace {

bool IsOneLine(absl::string_view text) {
  return std::ranges::none_of(
      text, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

}  // namespace

bool HttpRequest::IsWellFormed() const {
  return IsOneLine(method) && IsOneLine(url) && IsOneLine(bearer.Reveal()) &&
         std::ranges::all_of(headers, [](const auto& header) {
           return IsOneLine(header.first) && IsOneLine(header.second);
         });
}

absl::string_view HttpResponse::Header(absl::string_view name) const {
  for (const auto& [header, value] : headers) {
    if (absl::EqualsIgnoreCase(header, name)) return value;
  }
  return "";
}

}  // namespace signalbox
