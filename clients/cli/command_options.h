#ifndef SIGNALBOX_CLIENTS_CLI_COMMAND_OPTIONS_H_
#define SIGNALBOX_CLIENTS_CLI_COMMAND_OPTIONS_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "clients/cli/arguments.h"
#include "signalbox/v1/status_service.pb.h"

namespace CLI {
class App;
}  // namespace CLI

namespace signalbox {

// The words of the command line that Arguments holds in another form.
struct OptionTexts {
  std::optional<std::string> server;
  std::optional<std::string> token_file;
  std::vector<std::string> contexts;  // For pending.
  std::optional<std::string> context;
  std::optional<std::string> attempt;
  std::optional<std::string> if_sequence;
  std::optional<std::string> expires_after;
  std::optional<std::string> retry_for;
  std::optional<std::string> timeout;
  std::optional<std::string> kill_after;
  std::optional<std::string> tail;
  std::vector<std::string> states;  // Of --state or --posting.
  std::optional<std::string> after;
  std::string result;

  std::string help_command;
  bool as_manual = false;
  std::string shell;
};

// Adds all commands and their options to `app`. Until `app` has parsed the
// command line, it keeps pointers to `arguments` and `texts`, and writes the
// values of the options there.
void AddCommands(CLI::App* app, Arguments* arguments, OptionTexts* texts);

// The results, by their names in the command line.
const std::map<std::string, v1::Result>& Results();

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_COMMAND_OPTIONS_H_
