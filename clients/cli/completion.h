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

// Completion of command lines in shells: the Tab key. The script that
// CompletionScript returns makes the shell call `signalbox complete`, which
// prints what Completions returns.

// The possible values of options and arguments, by the name of the value that
// --help shows: {"RESULT", {"success", ...}}.
using ValuesByName = std::map<std::string, std::vector<std::string>>;

// How the last of `words` can go on. `words` is the command line up to the
// cursor, without the program's name; the last word may be empty.
//
// Each result is a line for the script: `WORD<TAB>DESCRIPTION`, or one of two
// orders. `:file`: the shell completes the name of a file. `:command`: the
// shell completes the command line behind `--`.
std::vector<std::string> Completions(const CLI::App& app,
                                     const ValuesByName& values,
                                     const std::vector<std::string>& words);

// The script for `shell`: bash, zsh or fish. Empty for any other shell.
std::string CompletionScript(absl::string_view shell);

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_COMPLETION_H_
