#ifndef SIGNALBOX_SERVER_GITHUB_HOOK_URL_H_
#define SIGNALBOX_SERVER_GITHUB_HOOK_URL_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace signalbox {

// These functions guess from the URL of a hook (a webhook's settings at GitHub)
// whether it is this server's: whether its deliveries go to the server's shim.
// Recovery and diagnoses ask, because GitHub lists the hooks of other programs,
// too.

// Where a hook's URL leads, without parts that may be secret.
struct HookAddress {
  std::string host;  // HOST or HOST:PORT, in lower case.
  std::string path;  // "/PATH"; empty: the URL has none.

  // The path ends in `/event_handler`, the shim's default path. Hooks of other
  // programs may have it, too: GitHub's guide uses the same path.
  bool HasDefaultPath() const;
};
HookAddress HookAddressOf(absl::string_view url);

// Globs match without regard to ASCII case; `*` matches any text.
bool MatchesAnyGlob(absl::string_view url,
                    const std::vector<std::string>& globs);

// Whether a hook with this URL may be this server's: the URL has the default
// path, or matches one of the globs (`recovery.hook_urls` in the
// configuration).
bool MayBeOurHookUrl(absl::string_view url,
                     const std::vector<std::string>& globs);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_GITHUB_HOOK_URL_H_
