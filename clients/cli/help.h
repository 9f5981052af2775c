#ifndef SIGNALBOX_CLIENTS_CLI_HELP_H_
#define SIGNALBOX_CLIENTS_CLI_HELP_H_

#include <memory>
#include <string>

namespace CLI {
class App;
class FormatterBase;
}  // namespace CLI

namespace signalbox {

// How --help looks: at most 80 columns, and `-- COMMAND...` behind the options
// of `run`.
std::shared_ptr<CLI::FormatterBase> HelpFormatter();

// A page for man(1) that says what --help says, in section 1. `command` is
// `app` itself or one of its subcommands.
std::string ManualPage(const CLI::App& app, const CLI::App& command);

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_HELP_H_
