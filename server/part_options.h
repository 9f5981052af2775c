#ifndef SIGNALBOX_SERVER_PART_OPTIONS_H_
#define SIGNALBOX_SERVER_PART_OPTIONS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "server/config/config.h"
#include "server/config/credential_setup.h"
#include "server/identity/token_files.h"
#include "server/recovery/recovery_tools.h"
#include "server/report/repository_rules.h"
#include "server/rpc/authorizer.h"
#include "server/rpc/grpc_tls.h"
#include "server/rpc/status_service.h"

namespace signalbox {

// These functions translate the configuration into the options of single parts
// of the server. Server then adds the functions by which the parts call each
// other.

// The files with the SHA-256 of the callers' tokens.
std::vector<TokenFiles::Item> TokenFilesOf(const Config& config);

// The callers, with the tokens that `files` has, made from TokenFilesOf. Reads
// the public keys of Apps; errors are those of ReadAppKey.
absl::StatusOr<std::vector<Caller>> CallersOf(const Config& config,
                                              const TokenFiles& files);

GrpcTls::Options TlsOptionsOf(const TlsConfig& config);

RecoveryOptions RecoveryOptionsOf(const Config& config,
                                  const RepositoryRules& rules,
                                  const CredentialSetup& setup);

StatusServiceImpl::Options ServiceOptionsOf(const Config& config,
                                            const RepositoryRules& rules,
                                            const CredentialSetup& setup);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_PART_OPTIONS_H_
