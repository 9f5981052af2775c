#include "common/secret.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/error.h"

namespace signalbox {
namespace {

constexpr size_t kMaxSecretFile = 64 << 10;
constexpr size_t kMaxToken = 4096;

absl::Status Unusable(absl::string_view source, absl::string_view problem) {
  return Error(absl::StatusCode::kInvalidArgument, "INVALID_SECRET_FILE",
               absl::StrCat(source, " ", problem));
}

}  // namespace

Secret::Secret(Secret&& other) noexcept { *this = std::move(other); }

Secret& Secret::operator=(const Secret& other) {
  if (this != &other) {
    Wipe();
    value_ = other.value_;
  }
  return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    Wipe();
    value_.swap(other.value_);
    other.Wipe();
  }
  return *this;
}

bool Secret::Equals(const Secret& other) const {
  if (value_.size() != other.value_.size()) return false;
  // Volatile, so that no compiler ends the loop at the first difference.
  volatile unsigned char difference = 0;
  for (size_t i = 0; i < value_.size(); ++i) {
    difference =
        difference | static_cast<unsigned char>(value_[i] ^ other.value_[i]);
  }
  return difference == 0;
}

// Wipes the whole capacity: the object itself holds the bytes of a short
// string, and swapping can leave them there although the string is empty.
void Secret::Wipe() {
  value_.resize(value_.capacity());
  explicit_bzero(value_.data(), value_.size());
  value_.clear();
}

absl::StatusOr<Secret> ReadSecretFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", path));
  }
  std::string text(kMaxSecretFile + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  const int error = errno;
  const size_t size = static_cast<size_t>(file.gcount());
  Secret secret{std::string(
      absl::StripAsciiWhitespace(absl::string_view(text.data(), size)))};
  explicit_bzero(text.data(), text.size());
  if (file.bad() || (file.fail() && !file.eof())) {
    return absl::ErrnoToStatus(error, absl::StrCat("cannot read ", path));
  }
  if (size > kMaxSecretFile) {
    return Unusable(path, absl::StrCat("is longer than ", kMaxSecretFile,
                                       " bytes; wanted the secret alone"));
  }
  if (secret.empty()) return Unusable(path, "is empty; wanted the secret");
  return secret;
}

absl::StatusOr<Secret> ParseSecretLine(Secret text, const std::string& source) {
  const absl::string_view line = text.Reveal();
  if (absl::StartsWith(line, "\xef\xbb\xbf")) {
    return Unusable(source,
                    "begins with a byte order mark, which would be part of the "
                    "secret; save it as UTF-8 without one");
  }
  if (absl::StartsWith(line, "\xff\xfe") ||
      absl::StartsWith(line, "\xfe\xff") || absl::StrContains(line, '\0')) {
    return Unusable(
        source, "is UTF-16, or has NUL bytes; save it as plain text (UTF-8)");
  }
  if (line.find_first_of("\r\n") != absl::string_view::npos) {
    return Unusable(source,
                    "has more than one line; wanted one secret alone, and each "
                    "secret in a file of its own");
  }
  if (std::ranges::any_of(line, absl::ascii_iscntrl)) {
    return Unusable(source, "has a control character; wanted the secret alone");
  }
  return text;
}

bool IsBearerToken(absl::string_view text) {
  return !text.empty() && text.size() <= kMaxToken &&
         std::ranges::all_of(text, absl::ascii_isgraph);
}

absl::StatusOr<Secret> ParseToken(Secret text, const std::string& source) {
  absl::StatusOr<Secret> token = ParseSecretLine(std::move(text), source);
  if (!token.ok() || IsBearerToken(token->Reveal())) return token;
  if (token->Reveal().size() > kMaxToken) {
    return Unusable(source, absl::StrCat("is longer than ", kMaxToken,
                                         " bytes; wanted the token alone"));
  }
  return Unusable(source,
                  "has a space or another character that tokens do not have; "
                  "wanted the token alone");
}

absl::StatusOr<Secret> ReadTokenFile(absl::string_view option,
                                     const std::string& path) {
  absl::StatusOr<Secret> token = ReadSecretFile(path);
  if (token.ok()) token = ParseToken(*std::move(token), path);
  if (!token.ok()) return InvalidOption(option, token.status());
  return token;
}

Secret TakeSecretFromEnvironment(const char* name) {
  char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  if (value == nullptr) return Secret();
  Secret secret{std::string(absl::StripAsciiWhitespace(value))};
  // unsetenv does not erase the text: /proc/PID/environ would still show it.
  explicit_bzero(value, std::strlen(value));
  unsetenv(name);  // NOLINT(concurrency-mt-unsafe)
  return secret;
}

void HideMemory() {
  const rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
}

}  // namespace signalbox
