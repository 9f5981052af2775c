#ifndef SIGNALBOX_SERVER_CONFIG_CONFIG_VALUES_H_
#define SIGNALBOX_SERVER_CONFIG_CONFIG_VALUES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "server/config/config.h"
#include "server/config/yaml_reader.h"

namespace signalbox {

// What the files of this folder share to read the configuration. The functions
// with a YamlReader set its error if the value is wrong. Their results then
// mean nothing.

// An error for a wrong value: INVALID_ARGUMENT, reason INVALID_CONFIG, as
// `"VALUE" PROBLEM`.
absl::Status InvalidValue(absl::string_view value, absl::string_view problem);

// The path of a file or directory.
std::string ReadPath(YamlReader& in, const YamlValue& value);

// An address to listen on, HOST:PORT.
std::string ReadAddress(YamlReader& in, const YamlValue& value);

// One or several addresses for gRPC, each HOST:PORT or unix:PATH.
std::vector<std::string> ReadListen(YamlReader& in, const YamlValue& value);

// Checks to pass to YamlReader::Texts or ReadSome. CheckContext accepts a
// context or a pattern of contexts, CheckPattern a pattern of repositories.
absl::Status CheckContext(absl::string_view context);
absl::Status CheckPattern(absl::string_view pattern);

// As YamlReader::Texts, but an empty list is an error, too. `at_least` says in
// this error what the list must have.
std::vector<std::string> ReadSome(YamlReader& in, const YamlValue& list,
                                  absl::string_view wanted,
                                  const YamlReader::Check& check,
                                  absl::string_view at_least);

// Reads the lists `callers` and `github`. Two callers with the same name are
// an error, and so are two items of `github` with the same account.
std::vector<CallerConfig> ReadCallerConfigs(YamlReader& in,
                                            const YamlValue& list);
std::vector<GitHubConfig> ReadGitHubConfigs(YamlReader& in,
                                            const YamlValue& list);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_CONFIG_CONFIG_VALUES_H_
