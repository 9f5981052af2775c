#include "server/part_options.h"

#include <optional>
#include <string>
#include <utility>

#include "signalbox/version.h"

namespace signalbox {

std::vector<TokenFiles::Item> TokenFilesOf(const Config& config) {
  std::vector<TokenFiles::Item> files;
  for (const CallerConfig& caller : config.callers) {
    for (const CallerTokenConfig& token : caller.tokens) {
      files.push_back({caller.name, token.sha256_file, token.expires});
    }
  }
  return files;
}

absl::StatusOr<std::vector<Caller>> CallersOf(const Config& config,
                                              const TokenFiles& files) {
  std::vector<Caller> callers;
  for (const CallerConfig& item : config.callers) {
    Caller caller = {item.name,
                     files.TokensOf(item.name),
                     item.repositories,
                     item.contexts,
                     {},
                     item.forward};
    for (const std::string& right : item.rights) {
      // ParseConfig has refused other names.
      if (const std::optional<Right> named = RightNamed(right)) {
        caller.rights.push_back(*named);
      }
    }
    if (item.app.has_value()) {
      absl::StatusOr<AppKey> key =
          ReadAppKey(item.app->app_id, item.app->public_key_file);
      if (!key.ok()) return key.status();
      caller.app = *std::move(key);
    }
    callers.push_back(std::move(caller));
  }
  return callers;
}

GrpcTls::Options TlsOptionsOf(const TlsConfig& config) {
  return {{config.cert_file, config.key_file, config.client_ca_file},
          config.requires_client_certificate};
}

RecoveryOptions RecoveryOptionsOf(const Config& config,
                                  const RepositoryRules& rules,
                                  const CredentialSetup& setup) {
  RecoveryOptions options;
  options.enabled = config.recovery.enabled;
  options.redeliver = config.recovery.redeliver;
  options.compare = config.recovery.compare;
  options.pull = config.recovery.pull;
  options.every = config.recovery.every;
  options.pull_every = config.recovery.pull_every;
  options.hook_urls = config.recovery.hook_urls;
  options.repositories = rules.NamedRepositories();
  options.convert = {rules, setup.known_hosts};
  return options;
}

StatusServiceImpl::Options ServiceOptionsOf(const Config& config,
                                            const RepositoryRules& rules,
                                            const CredentialSetup& setup) {
  StatusServiceImpl::Options options;
  options.convert = {rules, setup.known_hosts,
                     config.recovery.redelivery_is_rerun};
  options.info.version = kVersion;
  options.info.revision = kRevision;
  options.info.hosts.assign(setup.api_urls.begin(), setup.api_urls.end());
  if (config.recovery.redelivery_is_rerun) {
    options.info.features.emplace_back("rerun_on_redelivery");
  }
  return options;
}

}  // namespace signalbox
