#ifndef SIGNALBOX_SERVER_CONFIG_CALLER_CONFIG_H_
#define SIGNALBOX_SERVER_CONFIG_CALLER_CONFIG_H_

#include <vector>

#include "server/config/config.h"
#include "server/config/yaml_reader.h"

namespace signalbox {

// Reads `callers`, each with its own name. If something is wrong, `in` has the
// error, and the result means nothing.
std::vector<CallerConfig> ReadCallerConfigs(YamlReader& in,
                                            const YamlValue& list);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_CONFIG_CALLER_CONFIG_H_
