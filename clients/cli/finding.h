#ifndef SIGNALBOX_CLIENTS_CLI_FINDING_H_
#define SIGNALBOX_CLIENTS_CLI_FINDING_H_

#include <string>
#include <vector>

namespace signalbox {

// What was found out about a run from its surroundings.
template <typename T>
struct Finding {
  T value{};           // Empty or 0: nothing was found.
  std::string source;  // The variable, or git's command line.
  // What could not be used, or needs attention: a sentence each, not escaped,
  // without user names and passwords.
  std::vector<std::string> warnings;
};

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_FINDING_H_
