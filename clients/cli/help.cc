#include "clients/cli/help.h"

#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "signalbox/version.h"

namespace signalbox {
namespace {

constexpr size_t kColumns = 80;
constexpr size_t kOptionColumns = 28;

// Breaks lines of `text` that would be longer than `width`.
std::string Wrapped(absl::string_view text, size_t width) {
  std::string wrapped;
  size_t column = 0;
  for (const absl::string_view word : absl::StrSplit(text, ' ')) {
    const bool fits = column + 1 + word.size() <= width;
    if (column > 0) absl::StrAppend(&wrapped, fits ? " " : "\n");
    column = (column == 0 || !fits ? 0 : column + 1) + word.size();
    absl::StrAppend(&wrapped, word);
  }
  return wrapped;
}

class Formatter : public CLI::Formatter {
 public:
  std::string make_usage(const CLI::App* app, std::string name) const override {
    std::string usage = CLI::Formatter::make_usage(app, std::move(name));
    if (app->get_name() != "run") return usage;
    absl::StripTrailingAsciiWhitespace(&usage);
    return absl::StrCat(usage, " -- COMMAND...\n");
  }

  std::string make_description(const CLI::App* app) const override {
    return Wrapped(app->get_description(), kColumns) + "\n";
  }

  // Only the type; the description says the rest.
  std::string make_option_opts(const CLI::Option* option) const override {
    const std::string type = option->get_type_name();
    return type.empty() ? "" : absl::StrCat(" ", type);
  }

  std::string make_option_desc(const CLI::Option* option) const override {
    return Wrapped(option->get_description(), kColumns - kOptionColumns);
  }
};

// For roff: `-` becomes a minus that can be copied, and no line is a request.
std::string Roff(absl::string_view text) {
  std::string escaped =
      absl::StrReplaceAll(text, {{"\\", "\\e"}, {"-", "\\-"}, {"'", "\\(aq"}});
  escaped = absl::StrReplaceAll(escaped, {{"\n.", "\n\\&."}});
  return absl::StartsWith(escaped, ".") ? absl::StrCat("\\&", escaped)
                                        : escaped;
}

// `a` and `b` of `a,b`, each in bold.
std::string BoldNames(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) {
    names.push_back(absl::StrCat("\\fB\\-", Roff(name), "\\fR"));
  }
  for (const std::string& name : option.get_lnames()) {
    names.push_back(absl::StrCat("\\fB\\-\\-", Roff(name), "\\fR"));
  }
  if (names.empty()) {
    names.push_back(absl::StrCat("\\fI", Roff(option.get_name()), "\\fR"));
  }
  return absl::StrJoin(names, ", ");
}

void AppendOption(const CLI::Option& option, std::string* page) {
  absl::StrAppend(page, ".TP\n", BoldNames(option));
  if (!option.get_type_name().empty()) {
    absl::StrAppend(page, " \\fI", Roff(option.get_type_name()), "\\fR");
  }
  absl::StrAppend(page, "\n", Roff(option.get_description()), "\n");
}

// In the order of --help: positional ones first.
void AppendOptions(const CLI::App& command, std::string* page) {
  absl::StrAppend(page, ".SH OPTIONS\n");
  for (const bool positional : {true, false}) {
    for (const CLI::Option* option : command.get_options()) {
      if (option->get_positional() == positional) AppendOption(*option, page);
    }
  }
}

// Turns the footer into the sections of the page.
void AppendFooter(const CLI::App& command, std::string* page) {
  std::string description, examples, exit_codes;
  for (absl::string_view paragraph :
       absl::StrSplit(command.get_footer(), "\n\n", absl::SkipWhitespace())) {
    paragraph = absl::StripTrailingAsciiWhitespace(paragraph);
    if (absl::ConsumePrefix(&paragraph, "Examples:\n")) {
      examples =
          absl::StrCat(".SH EXAMPLES\n.nf\n", Roff(paragraph), "\n.fi\n");
    } else if (absl::ConsumePrefix(&paragraph, "Exit codes: ")) {
      exit_codes = absl::StrCat(".SH EXIT STATUS\n", Roff(paragraph), "\n");
    } else {
      absl::StrAppend(&description, description.empty() ? "" : ".PP\n",
                      Roff(paragraph), "\n");
    }
  }
  if (!description.empty()) {
    absl::StrAppend(page, ".SH DESCRIPTION\n", description);
  }
  absl::StrAppend(page, exit_codes, examples);
}

}  // namespace

std::shared_ptr<CLI::FormatterBase> HelpFormatter() {
  auto formatter = std::make_shared<Formatter>();
  formatter->column_width(kOptionColumns);
  return formatter;
}

std::string ManualPage(const CLI::App& app, const CLI::App& command) {
  const bool is_program = &app == &command;
  const std::string name =
      is_program ? app.get_name()
                 : absl::StrCat(app.get_name(), "-", command.get_name());
  std::string called =
      is_program ? app.get_name()
                 : absl::StrCat(app.get_name(), " ", command.get_name());
  std::string page = absl::StrCat(
      ".TH ", absl::AsciiStrToUpper(Roff(name)), " 1 \"\" \"Signalbox ",
      kVersion, "\"\n.SH NAME\n", Roff(name), " \\- ",
      Roff(command.get_description()), "\n.SH SYNOPSIS\n.B ", called, "\n");
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_positional()) {
      absl::StrAppend(&page, "[\\fI", Roff(option->get_name()), "\\fR]\n");
    }
  }
  absl::StrAppend(&page, "[\\fIOPTIONS\\fR]");
  if (is_program) absl::StrAppend(&page, " \\fICOMMAND\\fR");
  if (command.get_name() == "run") {
    absl::StrAppend(&page, " \\-\\- \\fICOMMAND\\fR...");
  }
  absl::StrAppend(&page, "\n");
  AppendOptions(command, &page);
  std::vector<std::string> others;
  if (is_program) {
    absl::StrAppend(&page, ".SH COMMANDS\n");
    for (const CLI::App* one : app.get_subcommands({})) {
      absl::StrAppend(&page, ".TP\n\\fB", one->get_name(), "\\fR\n",
                      Roff(one->get_description()), "\n");
      others.push_back(
          absl::StrCat(".BR signalbox\\-", one->get_name(), " (1)"));
    }
  } else {
    others.push_back(".BR signalbox (1)");
  }
  AppendFooter(command, &page);
  absl::StrAppend(&page, ".SH SEE ALSO\n", absl::StrJoin(others, ",\n"), "\n");
  return page;
}

}  // namespace signalbox
