#include "common/http/http_transport.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace signalbox {
namespace {

bool IsOneLine(absl::string_view text) {
  return std::ranges::none_of(
      text, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

}  // namespace

std::string HttpRequest::MalformedPart() const {
  if (!IsOneLine(method)) return "method";
  if (!IsOneLine(url)) return "URL";
  if (!IsOneLine(bearer.Reveal())) return "token";
  for (const auto& [name, value] : headers) {
    if (!IsOneLine(name)) return "name of a header";
    if (!IsOneLine(value)) return absl::StrCat("header ", name);
  }
  return "";
}

absl::string_view HttpResponse::Header(absl::string_view name) const {
  for (const auto& [header, value] : headers) {
    if (absl::EqualsIgnoreCase(header, name)) return value;
  }
  return "";
}

}  // namespace signalbox
