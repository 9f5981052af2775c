#ifndef SIGNALBOX_SHIM_SECRETS_H_
#define SIGNALBOX_SHIM_SECRETS_H_

#include "absl/status/statusor.h"
#include "common/secret.h"
#include "common/webhook/signature.h"
#include "shim/config.h"

namespace signalbox {

// Opens the secrets that GitHub signs deliveries with. They come from the
// files, or if there are no files, from the environment variable
// GITHUB_WEBHOOK_SECRET, which is unset in any case. White space around a
// secret is removed. There are none if signatures are not to be checked.
//
// The source reads a changed file again before the next delivery, so that a
// secret can be changed without a restart. If the changed file cannot be used,
// the source logs it and keeps the former secret. It is thread-safe.
//
// INVALID_ARGUMENT, in one line that says what to do: there is no secret, or an
// error of ReadSecretFile or ParseSecretLine.
absl::StatusOr<SecretSource> OpenWebhookSecrets(const ShimConfig& config);

// The token that identifies the shim to the server, from `token_file`; empty if
// there is none. Errors as ReadTokenFile.
absl::StatusOr<Secret> LoadToken(const ShimConfig& config);

}  // namespace signalbox

#endif  // SIGNALBOX_SHIM_SECRETS_H_
