#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "common/secret_file.h"
#include "common/webhook/secret_files.h"
#include "shim/config.h"

namespace signalbox {
namespace {

constexpr char kSecretVariable[] = "GITHUB_WEBHOOK_SECRET";

}  // namespace

absl::StatusOr<SecretSource> OpenWebhookSecrets(const ShimConfig& config) {
  Secret from_environment = TakeSecretFromEnvironment(kSecretVariable);
  if (config.insecure_no_signature) return FixedSecrets({});
  if (!config.secret_files.empty()) {
    absl::StatusOr<SecretSource> files = OpenSecretFiles(config.secret_files);
    if (files.ok()) return files;
    return InvalidOption("--webhook-secret-file", files.status());
  }
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
  return FixedSecrets({*secret});
}

absl::StatusOr<Secret> LoadToken(const ShimConfig& config) {
  if (config.token_file.empty()) return Secret();
  return ReadTokenFile("--token-file", config.token_file);
}

}  // namespace signalbox
