#include "shim/secret_files.h"

#include <utility>

#include "absl/time/time.h"
#include "common/error.h"
#include "common/secret.h"

namespace signalbox {

absl::StatusOr<std::unique_ptr<SecretFiles>> SecretFiles::Open(
    absl::string_view option, const std::vector<std::string>& paths) {
  std::vector<SecretFile> files;
  for (const std::string& path : paths) {
    absl::StatusOr<SecretFile> file = SecretFile::Open(path, ParseSecretLine);
    if (!file.ok()) return InvalidOption(option, file.status());
    files.push_back(*std::move(file));
  }
  return std::unique_ptr<SecretFiles>(new SecretFiles(std::move(files)));
}

SecretFiles::SecretFiles(std::vector<SecretFile> files)
    : files_(std::move(files)), secrets_(Keyed()) {}

std::shared_ptr<const WebhookSecrets> SecretFiles::Keyed() const {
  std::vector<Secret> secrets;
  for (const SecretFile& file : files_) secrets.push_back(file.secret());
  return std::make_shared<const WebhookSecrets>(secrets);
}

std::shared_ptr<const WebhookSecrets> SecretFiles::Get(Time now) {
  const absl::Time time =
      absl::UnixEpoch() + absl::FromChrono(now.time_since_epoch());
  MutexLock lock(&mu_);
  bool is_new = false;
  for (SecretFile& file : files_) is_new = file.Refresh(time) || is_new;
  if (is_new) secrets_ = Keyed();
  return secrets_;
}

}  // namespace signalbox
