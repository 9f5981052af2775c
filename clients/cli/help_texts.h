#ifndef SIGNALBOX_CLIENTS_CLI_HELP_TEXTS_H_
#define SIGNALBOX_CLIENTS_CLI_HELP_TEXTS_H_

// What --help and the manual pages say below the options. The paragraphs are
// separated by empty lines; one that begins with `Examples:` or `Exit codes:`
// is a section of its own in a manual page.
namespace signalbox::help {

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

}  // namespace signalbox::help

#endif  // SIGNALBOX_CLIENTS_CLI_HELP_TEXTS_H_
