#include "common/secret.h"

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/error.h"

namespace signalbox {
namespace {

constexpr size_t kMaxSecretFile = 64 << 10;

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

Secret::~Secret() { Wipe(); }

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
  if (file.bad() || (file.fail() && !file.eof())) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", path));
  }
  text.resize(static_cast<size_t>(file.gcount()));
  const bool too_long = text.size() > kMaxSecretFile;
  Secret secret{std::string(absl::StripAsciiWhitespace(text))};
  explicit_bzero(text.data(), text.size());
  if (too_long) {
    return Error(absl::StatusCode::kInvalidArgument, "INVALID_SECRET_FILE",
                 absl::StrCat(path, " is longer than ", kMaxSecretFile,
                              " bytes; wanted the secret alone"));
  }
  if (secret.empty()) {
    return Error(absl::StatusCode::kInvalidArgument, "INVALID_SECRET_FILE",
                 absl::StrCat(path, " is empty; wanted the secret"));
  }
  return secret;
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

}  // namespace signalbox
