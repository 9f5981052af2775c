#include "shim/secret_files.h"

#include <openssl/crypto.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/log.h"

namespace signalbox {
namespace {

constexpr size_t kMaxSecretFile = 64 << 10;
// A file that is rewritten within one tick of the file system's clock keeps its
// stamp. So for this long after a change, the shim reads it at each use.
constexpr std::chrono::seconds kStampResolution{2};

absl::Status WrongFile(absl::string_view text) {
  return absl::InvalidArgumentError(text);
}

void Wipe(std::string& secret) {
  OPENSSL_cleanse(secret.data(), secret.size());
  secret.clear();
}

}  // namespace

std::string ProblemOfSecret(absl::string_view secret) {
  if (absl::StartsWith(secret, "\xef\xbb\xbf")) {
    return "begins with a byte order mark, which would be part of the secret; "
           "save it as UTF-8 without one";
  }
  if (absl::StartsWith(secret, "\xff\xfe") ||
      absl::StartsWith(secret, "\xfe\xff") ||
      secret.find('\0') != absl::string_view::npos) {
    return "is UTF-16, or has NUL bytes; save it as plain text (UTF-8)";
  }
  if (secret.find_first_of("\r\n") != absl::string_view::npos) {
    return "has more than one line; wanted one secret alone, and each secret "
           "in a file of its own";
  }
  if (std::any_of(secret.begin(), secret.end(), absl::ascii_iscntrl)) {
    return "has a control character; wanted the secret alone";
  }
  return "";
}

absl::StatusOr<std::string> ReadSecretFile(absl::string_view option,
                                           const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxSecretFile + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  const size_t size =
      static_cast<size_t>(std::max<std::streamsize>(file.gcount(), 0));
  // Reading a directory fails without an end of file.
  if (!file.is_open() || !file.eof()) {
    OPENSSL_cleanse(text.data(), text.size());
    if (size > kMaxSecretFile) {
      return WrongFile(absl::StrCat(option, ": ", path, " is longer than ",
                                    kMaxSecretFile,
                                    " bytes; wanted the secret alone"));
    }
    return WrongFile(
        absl::StrCat(option, ": cannot read ", path, ": ", strerror(errno)));
  }
  std::string secret(
      absl::StripAsciiWhitespace(absl::string_view(text.data(), size)));
  OPENSSL_cleanse(text.data(), text.size());
  if (secret.empty()) {
    return WrongFile(
        absl::StrCat(option, ": ", path, " is empty; wanted the secret"));
  }
  const std::string problem = ProblemOfSecret(secret);
  if (problem.empty()) return secret;
  Wipe(secret);
  return WrongFile(absl::StrCat(option, ": ", path, " ", problem));
}

absl::StatusOr<std::unique_ptr<SecretFiles>> SecretFiles::Open(
    absl::string_view option, const std::vector<std::string>& paths) {
  std::unique_ptr<SecretFiles> opened(new SecretFiles(option));
  for (const std::string& path : paths) {
    File& file = opened->files_.emplace_back();
    file.path = path;
    // The stamp comes first, so that a later change of the file is noticed.
    file.stamp = StampOf(path);
    absl::StatusOr<std::string> secret = ReadSecretFile(option, path);
    if (!secret.ok()) return secret.status();
    file.secret = *std::move(secret);
    // The time of the last change is unknown, so the first uses read the file.
    file.stamp_time = Time::max();
  }
  opened->Use();
  return opened;
}

SecretFiles::~SecretFiles() {
  for (File& file : files_) Wipe(file.secret);
}

std::optional<SecretFiles::Stamp> SecretFiles::StampOf(
    const std::string& path) {
  struct stat info = {};
  if (stat(path.c_str(), &info) != 0) return std::nullopt;
  return Stamp{info.st_mtim.tv_sec,  info.st_mtim.tv_nsec, info.st_ctim.tv_sec,
               info.st_ctim.tv_nsec, info.st_size,         info.st_ino,
               info.st_dev};
}

bool SecretFiles::Refresh(File& file, Time now) {
  const std::optional<Stamp> stamp = StampOf(file.path);
  if (stamp != file.stamp || file.stamp_time == Time::max()) {
    file.stamp = stamp;
    file.stamp_time = now;
  } else if (now - file.stamp_time > kStampResolution) {
    return false;
  }
  absl::StatusOr<std::string> secret = ReadSecretFile(option_, file.path);
  if (!secret.ok()) {
    if (!std::exchange(file.is_bad, true)) {
      LogWarning(
          "the shim cannot use a secret file; it keeps using the last secret",
          {{"why", secret.status().message()}});
    }
    return false;
  }
  file.is_bad = false;
  const bool is_new = *secret != file.secret;
  if (is_new) {
    Wipe(file.secret);
    file.secret = *secret;
    LogInfo("a secret file has changed; the shim uses the new secret",
            {{"file", file.path}});
  }
  Wipe(*secret);
  return is_new;
}

void SecretFiles::Use() {
  std::vector<std::string> secrets;
  for (const File& file : files_) secrets.push_back(file.secret);
  secrets_ = std::make_shared<const WebhookSecrets>(secrets);
  for (std::string& secret : secrets) Wipe(secret);
}

std::shared_ptr<const WebhookSecrets> SecretFiles::Get(Time now) {
  std::lock_guard<std::mutex> lock(mu_);
  bool is_new = false;
  for (File& file : files_) is_new = Refresh(file, now) || is_new;
  if (is_new) Use();
  return secrets_;
}

}  // namespace signalbox
