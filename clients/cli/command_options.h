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

// Values of options as the user wrote them. ParseArguments checks them and
// converts them into Arguments. Options that need no check are not here.
struct OptionTexts {
  std::optional<std::string> server;
  std::optional<std::string> token_file;
  std::optional<std::string> ca_file;
  std::optional<std::string> cert_file;
  std::optional<std::string> key_file;
  std::optional<std::string> server_name;
  std::optional<std::string> request_id;
  std::vector<std::string> contexts;   // For pending.
  std::optional<std::string> context;  // For the others.
  std::optional<std::string> attempt;
  std::optional<std::string> if_sequence;
  std::optional<std::string> expires_after;
  std::optional<std::string> retry_for;
  std::optional<std::string> timeout;
  std::optional<std::string> kill_after;
  std::optional<std::string> tail;
  // Of --state (watch) or --posting (list and retry).
  std::vector<std::string> states;
  std::optional<std::string> after;  // A sequence.
  std::optional<std::string> life;   // Of a token.
  std::string result;

  // `signalbox help COMMAND`: whose help to print; empty: the program's.
  std::string help_command;
  bool as_manual = false;  // With it: print a page for man(1).
  std::string shell;       // `signalbox completion SHELL`.
};

// Declares all commands and their options in `app`, CLI11's parser. When `app`
// parses the command line, it writes the values that need a check to `texts`
// and the others to `arguments`. Both must live until then.
void AddCommands(CLI::App* app, Arguments* arguments, OptionTexts* texts);

// All results, by their names on the command line, such as `timed_out`.
const std::map<std::string, v1::Result>& Results();

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_COMMAND_OPTIONS_H_
