#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/error.h"
#include "common/mutex.h"
#include "common/secret_file.h"
#include "shim/config.h"

namespace signalbox {
namespace {

constexpr char kSecretVariable[] = "GITHUB_WEBHOOK_SECRET";

// The secrets in files. Thread-safe.
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

absl::StatusOr<SecretSource> OpenFiles(const std::vector<std::string>& paths) {
  std::vector<SecretFile> files;
  for (const std::string& path : paths) {
    absl::StatusOr<SecretFile> file = SecretFile::Open(path, ParseSecretLine);
    if (!file.ok()) {
      return InvalidOption("--webhook-secret-file", file.status());
    }
    files.push_back(*std::move(file));
  }
  const auto all = std::make_shared<SecretFiles>(std::move(files));
  return [all](auto now) { return all->Get(now); };
}

SecretSource Always(std::vector<Secret> secrets) {
  const auto keyed = std::make_shared<const WebhookSecrets>(secrets);
  return [keyed](auto) { return keyed; };
}

}  // namespace

absl::StatusOr<SecretSource> OpenWebhookSecrets(const ShimConfig& config) {
  Secret from_environment = TakeSecretFromEnvironment(kSecretVariable);
  if (config.insecure_no_signature) return Always({});
  if (!config.secret_files.empty()) return OpenFiles(config.secret_files);
  if (from_environment.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "no webhook secret: set ", kSecretVariable,
        " or give --webhook-secret-file FILE, with the secret of the webhook "
        "at GitHub (or --insecure-no-signature to accept webhooks from "
        "anyone)"));
  }
  absl::StatusOr<Secret> secret =
      ParseSecretLine(std::move(from_environment), kSecretVariable);
  if (!secret.ok()) return secret.status();
  return Always({*std::move(secret)});
}

absl::StatusOr<Secret> LoadToken(const ShimConfig& config) {
  if (config.token_file.empty()) return Secret();
  return ReadTokenFile("--token-file", config.token_file);
}

}  // namespace signalbox
