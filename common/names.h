#ifndef SIGNALBOX_COMMON_NAMES_H_
#define SIGNALBOX_COMMON_NAMES_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace signalbox {

// The grammar of the names that identify a commit status. The server refuses
// other names. The reader of webhooks and the command line check names here, so
// that they send no others.

// The most characters of a context. GitHub's limit.
inline constexpr size_t kMaxContext = 255;

// A DNS name or an IPv4 address, with or without `:PORT`.
bool IsHost(absl::string_view text);

// A user or an organisation: [A-Za-z0-9_-]{1,39}.
bool IsOwner(absl::string_view text);

// A repository's name without its owner: [A-Za-z0-9._-]{1,100}, not "." or
// "..", and without the `.git` that ends clone URLs.
bool IsRepositoryName(absl::string_view text);

// A full commit id: 40 or 64 hexadecimal digits of either case, not all zeros,
// by which GitHub says that there is no commit.
bool IsSha(absl::string_view text);

// A context that a caller may report: 1 to kMaxContext printable ASCII
// characters, no space at either end. (GitHub allows characters of any kind.)
bool IsContext(absl::string_view text);

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_NAMES_H_
