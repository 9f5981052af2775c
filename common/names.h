#ifndef SIGNALBOX_COMMON_NAMES_H_
#define SIGNALBOX_COMMON_NAMES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace signalbox {

// The grammar of the names that identify a commit status. The server refuses
// all other names. The shim and the program `signalbox` check names before they
// send them.

// GitHub's limit for the characters of a context.
inline constexpr size_t kMaxContext = 255;

// A DNS name or an IPv4 address, with or without `:PORT`.
bool IsHost(absl::string_view text);

// A user or an organisation: [A-Za-z0-9_-]{1,39}.
bool IsOwner(absl::string_view text);

// A repository's name without its owner: [A-Za-z0-9._-]{1,100}, not "." or
// "..", and without the `.git` that ends clone URLs.
bool IsRepositoryName(absl::string_view text);

// A full commit id: 40 or 64 hexadecimal digits of either case, but not all
// zeros. GitHub writes all zeros if there is no commit.
bool IsSha(absl::string_view text);

// A context that a caller may report: UTF-8 of 1 to kMaxContext characters, all
// IsContextCharacter, with no space at either end. (A status of another program
// can have other contexts.)
bool IsContext(absl::string_view text);

// A character up to U+FFFF that is no control character. GitHub refuses texts
// with larger ones.
bool IsContextCharacter(uint32_t code_point);

// Whether `name`, such as a context or an account, is one of `names`, without
// regard to the case of ASCII letters.
bool HasName(const std::vector<std::string>& names, absl::string_view name);

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_NAMES_H_
