#ifndef SIGNALBOX_SERVER_CONFIG_CONFIG_VALUES_H_
#define SIGNALBOX_SERVER_CONFIG_CONFIG_VALUES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "server/config/yaml_reader.h"

namespace signalbox {

// Values that several parts of a configuration have. A function with a reader
// reports errors to the reader, and its result then means nothing.

// INVALID_ARGUMENT, reason INVALID_CONFIG, as `"VALUE" PROBLEM`.
absl::Status InvalidValue(absl::string_view value, absl::string_view problem);

std::string ReadPath(YamlReader& in, const YamlValue& value);

// HOST:PORT.
std::string ReadAddress(YamlReader& in, const YamlValue& value);

// Checks for YamlReader::Texts: a context or a pattern of contexts, and a
// pattern of repositories.
absl::Status CheckContext(absl::string_view context);
absl::Status CheckPattern(absl::string_view pattern);

// Refuses `list` if it has no texts.
void RefuseEmpty(YamlReader& in, const YamlValue& list,
                 const std::vector<std::string>& texts,
                 absl::string_view wanted);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_CONFIG_CONFIG_VALUES_H_
