#include "common/secret_file.h"

#include <sys/stat.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "common/log.h"

namespace signalbox {
namespace {

// Within one tick of the file system's clock, a file can be rewritten without a
// new stamp. So Refresh reads the file for this long after it first saw the
// stamp, even if the stamp stays the same.
constexpr absl::Duration kStampResolution = absl::Seconds(2);

}  // namespace

absl::StatusOr<SecretFile> SecretFile::Open(std::string path, Parse parse) {
  SecretFile file(std::move(path), std::move(parse));
  // Reads the stamp first, so that Refresh notices every later change.
  const absl::StatusOr<Stamp> stamp = file.ReadStamp();
  if (!stamp.ok()) return stamp.status();
  absl::StatusOr<Secret> secret = file.ReadSecret();
  if (!secret.ok()) return secret.status();
  file.stamp_ = *stamp;
  file.secret_ = *std::move(secret);
  return file;
}

absl::StatusOr<SecretFile::Stamp> SecretFile::ReadStamp() const {
  struct stat info = {};
  if (stat(path_.c_str(), &info) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", path_));
  }
  return Stamp{info.st_mtim.tv_sec,  info.st_mtim.tv_nsec, info.st_ctim.tv_sec,
               info.st_ctim.tv_nsec, info.st_size,         info.st_ino,
               info.st_dev};
}

absl::StatusOr<Secret> SecretFile::ReadSecret() const {
  absl::StatusOr<Secret> text = ReadSecretFile(path_);
  if (!text.ok()) return text.status();
  return parse_(*std::move(text), path_);
}

bool SecretFile::Refresh(absl::Duration now, bool certain) {
  const absl::StatusOr<Stamp> stamp = ReadStamp();
  const bool stamp_changed = stamp.ok() && *stamp != stamp_;
  if (stamp_changed || !stamp_time_.has_value()) stamp_time_ = now;
  if (stamp.ok() && !stamp_changed && !certain &&
      now - *stamp_time_ > kStampResolution) {
    return false;
  }
  absl::StatusOr<Secret> secret = stamp.ok() ? ReadSecret() : stamp.status();
  if (!secret.ok()) {
    // The file may be about to be replaced. The last secret may still be valid.
    if (!unusable_) {
      LogWarning("a secret file cannot be used; the last secret stays in use",
                 {{"error", secret.status().message()}});
    }
    unusable_ = true;
    return false;
  }
  unusable_ = false;
  stamp_ = *stamp;
  if (!stamp_changed && secret->Equals(secret_)) return false;
  secret_ = *std::move(secret);
  LogInfo("a secret file has changed and was read again", {{"file", path_}});
  return true;
}

}  // namespace signalbox
