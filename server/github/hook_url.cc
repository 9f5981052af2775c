#include "server/github/hook_url.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "server/base/glob.h"

namespace signalbox {

bool HookAddress::HasDefaultPath() const {
  return absl::EndsWith(path, "/event_handler");
}

HookAddress HookAddressOf(absl::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme != absl::string_view::npos) url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("?#"));
  const size_t slash = std::min(url.find('/'), url.size());
  absl::string_view host = url.substr(0, slash);
  host = host.substr(host.rfind('@') + 1);
  return {absl::AsciiStrToLower(host), std::string(url.substr(slash))};
}

bool MatchesAnyGlob(absl::string_view url,
                    const std::vector<std::string>& globs) {
  return std::ranges::any_of(
      globs, [url](const std::string& glob) { return GlobMatches(glob, url); });
}

bool MayBeOurHookUrl(absl::string_view url,
                     const std::vector<std::string>& globs) {
  return HookAddressOf(url).HasDefaultPath() || MatchesAnyGlob(url, globs);
}

}  // namespace signalbox
