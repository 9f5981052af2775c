#ifndef SIGNALBOX_COMMON_WEBHOOK_SECRET_FILES_H_
#define SIGNALBOX_COMMON_WEBHOOK_SECRET_FILES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/secret.h"
#include "common/webhook/signature.h"

namespace signalbox {

// The secrets in files. A file is read again when it has changed, so that an
// operator can change a secret without a restart. If a changed file cannot be
// used, the log gets a line, and the last secret stays. Thread-safe.
//
// INVALID_ARGUMENT: a file is refused by ReadSecretFile or ParseSecretLine.
absl::StatusOr<SecretSource> OpenSecretFiles(
    const std::vector<std::string>& paths);

// The same secrets at all times.
SecretSource FixedSecrets(const std::vector<Secret>& secrets);

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_WEBHOOK_SECRET_FILES_H_
