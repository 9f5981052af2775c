#include "common/webhook/secret_files.h"

#include <chrono>
#include <memory>
#include <utility>

#include "absl/time/time.h"
#include "common/mutex.h"
#include "common/secret_file.h"

namespace signalbox {
namespace {

// Thread-safe.
class SecretFiles {
 public:
  explicit SecretFiles(std::vector<SecretFile> files)
      : files_(std::move(files)), secrets_(Keyed()) {}

  std::shared_ptr<const WebhookSecrets> Get(
      std::chrono::steady_clock::time_point now) {
    const absl::Duration time = absl::FromChrono(now.time_since_epoch());
    MutexLock lock(&mu_);
    bool is_new = false;
    for (SecretFile& file : files_) is_new = file.Refresh(time) || is_new;
    if (is_new) secrets_ = Keyed();
    return secrets_;
  }

 private:
  std::shared_ptr<const WebhookSecrets> Keyed() const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    std::vector<Secret> secrets;
    for (const SecretFile& file : files_) secrets.push_back(file.secret());
    return std::make_shared<const WebhookSecrets>(secrets);
  }

  Mutex mu_;
  std::vector<SecretFile> files_ ABSL_GUARDED_BY(mu_);
  std::shared_ptr<const WebhookSecrets> secrets_ ABSL_GUARDED_BY(mu_);
};

}  // namespace

absl::StatusOr<SecretSource> OpenSecretFiles(
    const std::vector<std::string>& paths) {
  std::vector<SecretFile> files;
  for (const std::string& path : paths) {
    absl::StatusOr<SecretFile> file = SecretFile::Open(path, ParseSecretLine);
    if (!file.ok()) return file.status();
    files.push_back(*std::move(file));
  }
  const auto all = std::make_shared<SecretFiles>(std::move(files));
  return [all](auto now) { return all->Get(now); };
}

SecretSource FixedSecrets(const std::vector<Secret>& secrets) {
  const auto keyed = std::make_shared<const WebhookSecrets>(secrets);
  return [keyed](auto) { return keyed; };
}

}  // namespace signalbox
