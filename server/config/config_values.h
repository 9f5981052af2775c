#ifndef SIGNALBOX_SERVER_CONFIG_CONFIG_VALUES_H_
#define SIGNALBOX_SERVER_CONFIG_CONFIG_VALUES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "server/config/config.h"
#include "server/config/yaml_reader.h"

namespace signalbox {

// Parts of a configuration, and values that several of them have. A function
// with a reader reports errors to the reader, and its result then means
// nothing.

// INVALID_ARGUMENT, reason INVALID_CONFIG, as `"VALUE" PROBLEM`.
absl::Status InvalidValue(absl::string_view value, absl::string_view problem);

std::string ReadPath(YamlReader& in, const YamlValue& value);

// HOST:PORT.
std::string ReadAddress(YamlReader& in, const YamlValue& value);

// Checks for YamlReader::Texts: a context or a pattern of contexts, and a
// pattern of repositories.
absl::Status CheckContext(absl::string_view context);
absl::Status CheckPattern(absl::string_view pattern);

// YamlReader::Texts, of which there must be one: `at_least` says which.
std::vector<std::string> ReadSome(YamlReader& in, const YamlValue& list,
                                  absl::string_view wanted,
                                  const YamlReader::Check& check,
                                  absl::string_view at_least);

// Reads `callers`, each with its own name, and `github`: credentials, of which
// each account has one at most.
std::vector<CallerConfig> ReadCallerConfigs(YamlReader& in,
                                            const YamlValue& list);
std::vector<GitHubConfig> ReadGitHubConfigs(YamlReader& in,
                                            const YamlValue& list);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_CONFIG_CONFIG_VALUES_H_
