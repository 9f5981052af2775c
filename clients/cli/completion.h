#ifndef SIGNALBOX_CLIENTS_CLI_COMPLETION_H_
#define SIGNALBOX_CLIENTS_CLI_COMPLETION_H_

#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace CLI {
class App;
}  // namespace CLI

namespace signalbox {

// The values of an option or of a positional, by the name of its type or its
// own: {"RESULT", {"success", ...}}.
using ValuesByName = std::map<std::string, std::vector<std::string>>;

// What can stand in place of the last of `words`, which may be empty or begun;
// the others stand before it, without the program's name. A line each:
// `WORD<TAB>DESCRIPTION`. Two lines are not words, but orders to the shell:
// `:file`, complete the name of a file; `:command`, complete a command line
// whose first word is the one behind `--`.
std::vector<std::string> Completions(const CLI::App& app,
                                     const ValuesByName& values,
                                     const std::vector<std::string>& words);

// The script that makes `shell` ask for these: bash, zsh or fish. Empty for any
// other.
std::string CompletionScript(absl::string_view shell);

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_COMPLETION_H_
