#include "server/github/http_transport.h"

#include "absl/strings/match.h"

namespace signalbox {

absl::string_view HttpResponse::Header(absl::string_view name) const {
  for (const auto& [header, value] : headers) {
    if (absl::EqualsIgnoreCase(header, name)) return value;
  }
  return "";
}

}  // namespace signalbox
