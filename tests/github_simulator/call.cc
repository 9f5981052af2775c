#include "tests/github_simulator/call.h"

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"

namespace signalbox {
namespace {

std::string TokenOfBasic(absl::string_view encoded) {
  std::string pair;
  if (!absl::Base64Unescape(encoded, &pair)) return {};
  const size_t colon = pair.find(':');
  if (colon == std::string::npos) return {};
  const std::string password = pair.substr(colon + 1);
  const bool is_user = password.empty() || password == "x-oauth-basic";
  return is_user ? pair.substr(0, colon) : password;
}

}  // namespace

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

std::string TokenOf(const SimulatedRequest& request, bool* is_bearer) {
  const absl::string_view value = HeaderOf(request, "authorization");
  const size_t space = value.find(' ');
  if (space == absl::string_view::npos) return {};
  const absl::string_view scheme = value.substr(0, space);
  *is_bearer = absl::EqualsIgnoreCase(scheme, "bearer");
  const absl::string_view rest =
      absl::StripAsciiWhitespace(value.substr(space));
  if (absl::EqualsIgnoreCase(scheme, "basic")) return TokenOfBasic(rest);
  if (!*is_bearer && !absl::EqualsIgnoreCase(scheme, "token")) return {};
  return std::string(rest);
}

}  // namespace signalbox
