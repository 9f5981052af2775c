#ifndef SIGNALBOX_SHIM_SECRET_FILES_H_
#define SIGNALBOX_SHIM_SECRET_FILES_H_

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/mutex.h"
#include "common/secret_file.h"
#include "shim/webhook/signature.h"

namespace signalbox {

// The webhook's secrets, each in a file. SecretFiles reads a changed file again
// before the next delivery, so that a secret can be changed without a restart.
// If the changed file cannot be used, SecretFiles logs it and keeps the former
// secret.
//
// Thread-safe.
class SecretFiles {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // INVALID_ARGUMENT, beginning with `option`, for all errors of ReadSecretFile
  // and ParseSecretLine.
  static absl::StatusOr<std::unique_ptr<SecretFiles>> Open(
      absl::string_view option, const std::vector<std::string>& paths);

  // The present secrets.
  std::shared_ptr<const WebhookSecrets> Get(Time now);

 private:
  explicit SecretFiles(std::vector<SecretFile> files);
  std::shared_ptr<const WebhookSecrets> Keyed() const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  Mutex mu_;
  std::vector<SecretFile> files_ ABSL_GUARDED_BY(mu_);
  std::shared_ptr<const WebhookSecrets> secrets_ ABSL_GUARDED_BY(mu_);
};

}  // namespace signalbox

#endif  // SIGNALBOX_SHIM_SECRET_FILES_H_
