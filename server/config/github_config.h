#ifndef SIGNALBOX_SERVER_CONFIG_GITHUB_CONFIG_H_
#define SIGNALBOX_SERVER_CONFIG_GITHUB_CONFIG_H_

#include <vector>

#include "server/config/config.h"
#include "server/config/yaml_reader.h"

namespace signalbox {

// Reads `github`: credentials, of which each account has one at most. If
// something is wrong, `in` has the error, and the result means nothing.
std::vector<GitHubConfig> ReadGitHubConfigs(YamlReader& in,
                                            const YamlValue& list);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_CONFIG_GITHUB_CONFIG_H_
