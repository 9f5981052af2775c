#include "server/report/status_key.h"

#include <cstdint>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/error.h"
#include "common/names.h"
#include "common/utf8.h"

namespace signalbox {
namespace {

absl::Status InvalidContext(absl::string_view text, absl::string_view problem) {
  return InvalidField("context", text, problem, "INVALID_CONTEXT");
}

// Whether `text` has 1 to kMaxContext characters of UTF-8, all `allowed`.
// `wanted` says in an error which are.
absl::Status CheckContextText(absl::string_view text,
                              bool (*allowed)(uint32_t code_point),
                              absl::string_view wanted) {
  if (text.empty()) {
    return InvalidContext(text, "is empty; wanted a label such as ci/build");
  }
  const size_t count = CharacterCount(text);
  if (count > kMaxContext) {
    return InvalidContext(
        text, absl::StrCat("has ", count, " characters, and GitHub allows ",
                           kMaxContext,
                           "; shorten it and end it with a hash of the whole "
                           "name, so that no two jobs share a context"));
  }
  absl::string_view rest = text;
  for (size_t position = 1; !rest.empty(); ++position) {
    const Utf8Character first = FirstCharacter(rest);
    if (!first.valid || !allowed(first.code_point)) {
      return InvalidContext(
          text, absl::StrCat("has a character that no context may have: ",
                             CharacterName(rest), " at position ", position,
                             "; wanted ", wanted));
    }
    rest.remove_prefix(first.size);
  }
  return absl::OkStatus();
}

}  // namespace

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
  absl::Status fits =
      CheckContextText(text, IsContextCharacter,
                       "UTF-8 up to U+FFFF without control characters");
  if (fits.ok() && !IsContext(text)) {
    fits = InvalidContext(text, "begins or ends with a space");
  }
  if (!fits.ok()) return fits;
  return std::string(text);
}

absl::StatusOr<std::string> ParseObservedContext(absl::string_view text) {
  absl::Status fits = CheckContextText(
      text, [](uint32_t c) { return c >= 0x20 && c != 0x7F; },
      "UTF-8 without control characters");
  if (!fits.ok()) return fits;
  return std::string(text);
}

StatusKey StatusKey::Of(const Repository& repository, const Sha& sha,
                        absl::string_view context) {
  return StatusKey{repository.Canonical(), sha, absl::AsciiStrToLower(context)};
}

}  // namespace signalbox
