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

// What --help and the manual pages say below the options. The paragraphs are
// separated by empty lines; one that begins with `Examples:` or `Exit codes:`
// is a section of its own in a manual page.
namespace help {

extern const char kAbout[];
extern const char kProgram[];
extern const char kRun[];
extern const char kPending[];
extern const char kResult[];
extern const char kStatus[];
extern const char kExplain[];
extern const char kRetry[];
extern const char kList[];
extern const char kWatch[];
extern const char kDoctor[];
extern const char kHelp[];
extern const char kCompletion[];

}  // namespace help

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_HELP_H_
