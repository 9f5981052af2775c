#ifndef SIGNALBOX_SERVER_GITHUB_HOOK_URL_H_
#define SIGNALBOX_SERVER_GITHUB_HOOK_URL_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace signalbox {

// Where a hook's URL leads, without secret parts.
struct HookAddress {
  std::string host;  // HOST or HOST:PORT, in lower case.
  std::string path;  // "/PATH"; empty: the URL has none.

  // The path ends in `/event_handler`, the shim's default path. Hooks of other
  // programs may have it, too: GitHub's guide uses the same path.
  bool HasDefaultPath() const;
};
HookAddress HookAddressOf(absl::string_view url);

bool MatchesAnyGlob(absl::string_view url,
                    const std::vector<std::string>& globs);

// Whether a hook with this URL may be this server's: it has the default path,
// or the URL matches one of these globs.
bool MayBeOurHookUrl(absl::string_view url,
                     const std::vector<std::string>& globs);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_GITHUB_HOOK_URL_H_
