#include "server/identity/token_text.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "server/identity/issued_token.h"
#include "server/identity/new_token.h"

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

// The user and the password of Basic. Both are empty if it is not valid Base64.
struct Pair {
  Secret user;
  Secret password;
};

Pair PairOf(absl::string_view base64) {
  std::string decoded;
  if (!absl::Base64Unescape(base64, &decoded)) return {};
  const Secret pair(std::move(decoded));
  const absl::string_view text = pair.Reveal();
  const size_t colon = text.find(':');
  if (colon == absl::string_view::npos) return {Secret(std::string(text)), {}};
  return {Secret(std::string(text.substr(0, colon))),
          Secret(std::string(text.substr(colon + 1)))};
}

Secret TokenOfBasic(absl::string_view base64) {
  Pair pair = PairOf(base64);
  const absl::string_view password = pair.password.Reveal();
  const bool user_is_token = password.empty() || password == "x-oauth-basic";
  return user_is_token ? std::move(pair.user) : std::move(pair.password);
}

bool IsOfSignalbox(const Secret& token) {
  return absl::StartsWith(token.Reveal(), kNewTokenPrefix) ||
         absl::StartsWith(token.Reveal(), kIssuedTokenPrefix);
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

bool MayGoToGitHub(absl::string_view authorization) {
  if (!LooksLikeGitHubToken(TokenIn(authorization).Reveal())) return false;
  absl::string_view value = absl::StripLeadingAsciiWhitespace(authorization);
  if (!ConsumeScheme(&value, "basic")) return true;
  const Pair pair = PairOf(value);
  return !IsOfSignalbox(pair.user) && !IsOfSignalbox(pair.password);
}

}  // namespace signalbox
