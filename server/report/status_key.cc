#include "server/report/status_key.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/error.h"
#include "common/names.h"
#include "server/report/text.h"

namespace signalbox {
std::string Repository::FullName() const {
  return absl::StrCat(owner, "/", name);
}

std::string Repository::Display() const {
  return host == kDefaultHost ? FullName()
                              : absl::StrCat(host, "/", FullName());
}

CanonicalName Repository::Canonical() const {
  std::string text = absl::StrCat(host, "/", owner, "/", name);
  absl::AsciiStrToLower(&text);
  return CanonicalName(std::move(text));
}

absl::StatusOr<Repository> ParseRepository(absl::string_view text) {
  std::vector<absl::string_view> parts = absl::StrSplit(text, '/');
  if (parts.size() == 2) parts.insert(parts.begin(), kDefaultHost);
  if (parts.size() == 3 && absl::EndsWithIgnoreCase(parts[2], ".git")) {
    return InvalidField(
        "repository", text,
        "ends in .git, which belongs to clone URLs; leave .git out",
        "INVALID_REPOSITORY");
  }
  if (parts.size() != 3 || !IsHost(parts[0]) || !IsOwner(parts[1]) ||
      !IsRepositoryName(parts[2])) {
    return InvalidField("repository", text, "is not [HOST/]OWNER/NAME",
                        "INVALID_REPOSITORY");
  }
  return Repository{absl::AsciiStrToLower(parts[0]), std::string(parts[1]),
                    std::string(parts[2])};
}

absl::StatusOr<std::string> ParseContext(absl::string_view text) {
  if (IsContext(text)) return std::string(text);
  if (text.empty()) {
    return InvalidField("context", text,
                        "is empty; wanted a label such as ci/build",
                        "INVALID_CONTEXT");
  }
  if (text.size() > kMaxContext) {
    return InvalidField(
        "context", text,
        absl::StrCat("has ", text.size(), " characters, and GitHub allows ",
                     kMaxContext,
                     "; shorten it and end it with a hash of the whole name, "
                     "so that no two jobs share a context"),
        "INVALID_CONTEXT");
  }
  const auto bad = std::ranges::find_if_not(text, absl::ascii_isprint);
  if (bad != text.end()) {
    const size_t before = bad - text.begin();
    return InvalidField(
        "context", text,
        absl::StrCat("has a character that is not printable ASCII: ",
                     CharacterName(text.substr(before)), " at position ",
                     before + 1),
        "INVALID_CONTEXT");
  }
  return InvalidField("context", text, "begins or ends with a space",
                      "INVALID_CONTEXT");
}

absl::StatusOr<std::string> ParseObservedContext(absl::string_view text) {
  // KeepDescription changes every text that is not UTF-8.
  if (text.empty() || KeepDescription(text).text != text) {
    return InvalidField("context", text,
                        "is empty or not UTF-8; wanted 1 to 255 characters",
                        "INVALID_CONTEXT");
  }
  size_t characters = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      return InvalidField("context", text,
                          "has a control character; wanted 1 to 255 others",
                          "INVALID_CONTEXT");
    }
    if ((byte & 0xc0) != 0x80) ++characters;
  }
  if (characters > kMaxContext) {
    return InvalidField(
        "context", text,
        absl::StrCat("has ", characters, " characters, and GitHub allows ",
                     kMaxContext),
        "INVALID_CONTEXT");
  }
  return std::string(text);
}

StatusKey StatusKey::Of(const Repository& repository, const Sha& sha,
                        absl::string_view context) {
  return StatusKey{repository.Canonical(), sha, absl::AsciiStrToLower(context)};
}

}  // namespace signalbox
