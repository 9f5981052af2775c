#include "server/identity/token_text.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"

namespace signalbox {
namespace {

// Removes a scheme, such as `Bearer`, and the space after it. False: the value
// has another scheme, or none.
bool ConsumeScheme(absl::string_view* value, absl::string_view scheme) {
  if (!absl::StartsWithIgnoreCase(*value, scheme)) return false;
  absl::string_view rest = value->substr(scheme.size());
  if (!absl::ConsumePrefix(&rest, " ")) return false;
  *value = absl::StripAsciiWhitespace(rest);
  return true;
}

Secret TokenOfBasic(absl::string_view base64) {
  std::string decoded;
  if (!absl::Base64Unescape(base64, &decoded)) return Secret();
  const Secret pair(std::move(decoded));
  const absl::string_view text = pair.Reveal();
  const size_t colon = text.find(':');
  const absl::string_view password = colon == absl::string_view::npos
                                         ? absl::string_view()
                                         : text.substr(colon + 1);
  const bool user_is_token = password.empty() || password == "x-oauth-basic";
  return Secret(std::string(user_is_token ? text.substr(0, colon) : password));
}

// A token of GitHub's without a prefix, as it made them until 2021.
bool IsOldGitHubToken(absl::string_view token) {
  absl::ConsumePrefix(&token, "v1.");
  return token.size() == 40 && std::ranges::all_of(token, absl::ascii_isxdigit);
}

}  // namespace

Secret TokenIn(absl::string_view authorization) {
  absl::string_view value = absl::StripLeadingAsciiWhitespace(authorization);
  if (ConsumeScheme(&value, "basic")) return TokenOfBasic(value);
  if (!ConsumeScheme(&value, "bearer")) ConsumeScheme(&value, "token");
  return Secret(std::string(absl::StripAsciiWhitespace(value)));
}

bool LooksLikeGitHubToken(absl::string_view token) {
  constexpr absl::string_view kPrefixes[] = {"ghp_", "gho_", "ghu_",
                                             "ghs_", "ghr_", "github_pat_"};
  return IsOldGitHubToken(token) ||
         std::ranges::any_of(kPrefixes, [token](absl::string_view prefix) {
           return absl::StartsWithIgnoreCase(token, prefix);
         });
}

}  // namespace signalbox
