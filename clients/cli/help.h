#ifndef SIGNALBOX_CLIENTS_CLI_HELP_H_
#define SIGNALBOX_CLIENTS_CLI_HELP_H_

#include <memory>
#include <string>

namespace CLI {
class App;
class FormatterBase;
}  // namespace CLI

namespace signalbox {

// Makes CLI11 print --help in at most 80 columns, and with `-- COMMAND...`
// after the options of `run`.
std::shared_ptr<CLI::FormatterBase> HelpFormatter();

// The text of --help as a page for man(1), section 1, in its format (roff).
// `command` is `app` itself or one of its subcommands.
std::string ManualPage(const CLI::App& app, const CLI::App& command);

// The texts that --help and the manual pages show: kAbout above the options of
// the program, the others below the options of the program or a command. Empty
// lines separate paragraphs. A paragraph that begins with `Examples:` or
// `Exit codes:` becomes a section of the manual page.
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
extern const char kIssueToken[];
extern const char kHelp[];
extern const char kCompletion[];

}  // namespace help

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_HELP_H_
