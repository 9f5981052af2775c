#include "tests/github_simulator/call.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace signalbox {

const std::string* FindHeader(const SimulatedRequest& request,
                              absl::string_view name) {
  for (const auto& [key, value] : request.headers) {
    if (absl::EqualsIgnoreCase(key, name)) return &value;
  }
  return nullptr;
}

absl::string_view HeaderOf(const SimulatedRequest& request,
                           absl::string_view name) {
  const std::string* const value = FindHeader(request, name);
  return value == nullptr ? absl::string_view() : *value;
}

absl::string_view TokenOf(const SimulatedRequest& request, bool* is_bearer) {
  const absl::string_view value = HeaderOf(request, "authorization");
  const size_t space = value.find(' ');
  if (space == absl::string_view::npos) return {};
  const absl::string_view scheme = value.substr(0, space);
  *is_bearer = absl::EqualsIgnoreCase(scheme, "bearer");
  if (!*is_bearer && !absl::EqualsIgnoreCase(scheme, "token")) return {};
  return absl::StripAsciiWhitespace(value.substr(space));
}

}  // namespace signalbox
