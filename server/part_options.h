#ifndef SIGNALBOX_SERVER_PART_OPTIONS_H_
#define SIGNALBOX_SERVER_PART_OPTIONS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "server/config/config.h"
#include "server/config/credential_setup.h"
#include "server/recovery/recovery_tools.h"
#include "server/report/repository_rules.h"
#include "server/rpc/authorizer.h"
#include "server/rpc/status_service.h"

namespace signalbox {

// What the configuration means to single parts of the server. The parts'
// functions and wake-ups are still missing in the options.

// Reads the files with the callers' token digests; errors as
// ReadTokenDigestFile.
absl::StatusOr<std::vector<Caller>> CallersOf(const Config& config);

RecoveryOptions RecoveryOptionsOf(const Config& config,
                                  const RepositoryRules& rules,
                                  const CredentialSetup& setup);

StatusServiceImpl::Options ServiceOptionsOf(const Config& config,
                                            const RepositoryRules& rules,
                                            const CredentialSetup& setup);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_PART_OPTIONS_H_
