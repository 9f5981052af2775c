#include "clients/cli/arguments.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "CLI/CLI.hpp"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/command_options.h"
#include "clients/cli/completion.h"
#include "clients/cli/help.h"
#include "clients/cli/printable.h"
#include "common/request_id.h"
#include "common/utf8.h"
#include "google/protobuf/generated_enum_reflection.h"
#include "signalbox/version.h"

namespace signalbox {
namespace {

constexpr size_t kMostTailLines = 10;

Subcommand SubcommandNamed(absl::string_view name) {
  return name == "pending"   ? Subcommand::kPending
         : name == "result"  ? Subcommand::kResult
         : name == "run"     ? Subcommand::kRun
         : name == "status"  ? Subcommand::kStatus
         : name == "explain" ? Subcommand::kExplain
         : name == "doctor"  ? Subcommand::kDoctor
         : name == "list"    ? Subcommand::kList
         : name == "watch"   ? Subcommand::kWatch
         : name == "retry"   ? Subcommand::kRetry
                             : Subcommand::kIssueToken;
}

bool IsNumber(absl::string_view text) {
  return !text.empty() && std::ranges::all_of(text, absl::ascii_isdigit);
}

// These read the text of the option `name`, such as `--after`, if it is given.
// They return what is wrong, for people; empty: nothing, and `value` is set.

// A number from 0 to 2^63 - 1.
std::string ReadNumber(absl::string_view name,
                       const std::optional<std::string>& text,
                       std::optional<int64_t>* value) {
  if (!text) return "";
  int64_t number = 0;
  if (!absl::SimpleAtoi(*text, &number) || number < 0) {
    return absl::StrCat(name, ": \"", *text, "\" is not a number, 0 or more");
  }
  *value = number;
  return "";
}

// `90`, `90s`, `1m30s`, from `least` to `most`. `wanted` says what these are:
// `a duration up to 24h, such as 5m`.
std::string ReadDuration(absl::string_view name,
                         const std::optional<std::string>& text,
                         absl::Duration least, absl::Duration most,
                         absl::string_view wanted,
                         std::optional<absl::Duration>* value) {
  if (!text) return "";
  absl::Duration duration;
  if (!absl::ParseDuration(IsNumber(*text) ? absl::StrCat(*text, "s") : *text,
                           &duration) ||
      duration < least || duration > most) {
    return absl::StrCat(name, ": \"", *text, "\" is not ", wanted);
  }
  *value = duration;
  return "";
}

// A value of the API by its name without `prefix`, in any case: `due` of
// POSTING_STATE_DUE. `wanted` lists them: `due, waiting or posted`.
template <typename Enum>
std::string ReadWord(absl::string_view name, const std::string& text,
                     absl::string_view prefix, absl::string_view wanted,
                     Enum* value) {
  const auto* const found =
      google::protobuf::GetEnumDescriptor<Enum>()->FindValueByName(
          absl::StrCat(prefix, absl::AsciiStrToUpper(text)));
  if (found == nullptr || found->number() == 0) {
    return absl::StrCat(name, ": \"", text, "\" is not ", wanted);
  }
  *value = static_cast<Enum>(found->number());
  return "";
}

// Reads the texts, with the environment's values for what they do not say, into
// the arguments. Goes on after a problem, but keeps only the first.
class Checks {
 public:
  Checks(const OptionTexts& texts, const Surroundings& surroundings,
         Arguments* arguments)
      : texts_(texts), surroundings_(surroundings), arguments_(*arguments) {}

  std::string Run(absl::string_view subcommand, bool has_separator) {
    arguments_.subcommand = SubcommandNamed(subcommand);
    CheckCommand(subcommand, has_separator);
    CheckReport();
    CheckServer();
    if (arguments_.subcommand == Subcommand::kWatch) {
      CheckWatch();
    } else if (arguments_.subcommand == Subcommand::kIssueToken) {
      CheckToken();
    } else {
      CheckFilter();
    }
    if (!texts_.contexts.empty()) arguments_.contexts = texts_.contexts;
    if (texts_.context) arguments_.contexts = {*texts_.context};
    CheckRun();
    CheckRetryFor();
    return std::move(problem_);
  }

 private:
  void Note(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
  }
  void Refuse(bool wrong, absl::string_view problem) {
    if (wrong) Note(std::string(problem));
  }

  void CheckCommand(absl::string_view subcommand, bool has_separator) {
    const bool is_run = arguments_.subcommand == Subcommand::kRun;
    Refuse(is_run && arguments_.command.empty(),
           "the command is missing: signalbox run -- COMMAND...");
    Refuse(!is_run && has_separator,
           absl::StrCat(subcommand, " takes no command"));
  }

  // The options of `pending`, `result` and `run`.
  void CheckReport() {
    if (arguments_.subcommand == Subcommand::kResult) {
      const auto result = Results().find(absl::AsciiStrToLower(texts_.result));
      if (result != Results().end()) {
        arguments_.result = result->second;
      } else {
        Note(
            "the result is missing: success, failure, error, cancelled, "
            "skipped, timed_out or neutral");
      }
    }
    Note(ReadNumber("--attempt", texts_.attempt, &arguments_.attempt));
    Refuse(arguments_.attempt == 0 && arguments_.series,
           "--series needs an --attempt above 0; --attempt is 0");
    Note(ReadNumber("--if-sequence", texts_.if_sequence,
                    &arguments_.if_sequence));
  }

  void CheckServer() {
    arguments_.server =
        Choose(texts_.server, "SIGNALBOX_SERVER", arguments_.server);
    Refuse(arguments_.server.empty(), "--server is empty");
    Refuse(absl::StrContains(arguments_.server, "://"),
           absl::StrCat("--server: \"", arguments_.server,
                        "\" is a URL; wanted HOST:PORT or unix:PATH"));
    arguments_.token_file =
        Choose(texts_.token_file, "SIGNALBOX_TOKEN_FILE", "");
    arguments_.request_id =
        Choose(texts_.request_id, "SIGNALBOX_REQUEST_ID", "");
    Refuse((texts_.request_id || !arguments_.request_id.empty()) &&
               !IsRequestId(arguments_.request_id),
           absl::StrCat("--request-id: \"", arguments_.request_id,
                        "\" is not 1 to 64 letters, digits, dots, "
                        "underscores, colons and hyphens"));
    CheckTls();
  }

  void CheckTls() {
    if (!arguments_.tls) {
      const absl::string_view value = surroundings_.Get("SIGNALBOX_TLS");
      arguments_.tls = value == "1" || value == "true";
      Refuse(
          !arguments_.tls && !value.empty() && value != "0" && value != "false",
          absl::StrCat("SIGNALBOX_TLS is \"", value, "\"; wanted 1 or 0"));
    }
    arguments_.ca_file = Choose(texts_.ca_file, "SIGNALBOX_CA_FILE", "");
    arguments_.cert_file = Choose(texts_.cert_file, "SIGNALBOX_CERT_FILE", "");
    arguments_.key_file = Choose(texts_.key_file, "SIGNALBOX_KEY_FILE", "");
    arguments_.server_name =
        Choose(texts_.server_name, "SIGNALBOX_SERVER_NAME", "");
  }

  // CLI11 would let a variable win over an option that stands before the
  // subcommand.
  std::string Choose(const std::optional<std::string>& option,
                     const char* variable, absl::string_view otherwise) const {
    if (option) return *option;
    const absl::string_view value = surroundings_.Get(variable);
    return std::string(value.empty() ? otherwise : value);
  }

  // The server could not read a request with other text, and names no field.
  void CheckPattern(const std::string& context) {
    Refuse(!IsValidUtf8(context),
           absl::StrCat("--context: \"", context, "\" is not UTF-8"));
  }

  void CheckWatch() {
    for (const std::string& state : texts_.states) {
      Note(ReadWord("--state", state, "COMMIT_STATE_",
                    "pending, success, failure or error",
                    &arguments_.states.emplace_back()));
    }
    Note(ReadNumber("--after", texts_.after, &arguments_.after_sequence));
    for (const std::string& pattern : arguments_.context_patterns) {
      CheckPattern(pattern);
    }
  }

  void CheckToken() {
    Note(ReadDuration("--for", texts_.life, absl::Minutes(1), absl::Hours(720),
                      "a duration from 1m to 720h, such as 90m",
                      &arguments_.life));
    for (const std::string& pattern : arguments_.context_patterns) {
      CheckPattern(pattern);
    }
  }

  // The filters of `list` and `retry --all`.
  void CheckFilter() {
    const bool lists = arguments_.subcommand == Subcommand::kList;
    if (!lists && !arguments_.all) {
      return Refuse(!arguments_.reasons.empty(),
                    "--reason goes with --all only");
    }
    Refuse(!lists && arguments_.sha, "--sha and --all exclude each other");
    arguments_.context_pattern = texts_.context.value_or("");
    CheckPattern(arguments_.context_pattern);
    for (std::string& reason : arguments_.reasons) {
      // Accepts the form that `list` prints, too.
      absl::AsciiStrToUpper(&reason);
      std::replace(reason.begin(), reason.end(), ' ', '_');
    }
    for (const std::string& state : texts_.states) {
      Note(ReadWord("--posting", state, "POSTING_STATE_",
                    "due, waiting, abandoned, posted or observed",
                    &arguments_.posting_states.emplace_back()));
    }
    if (!arguments_.stuck) return;
    Refuse(!texts_.states.empty(), "--stuck and --posting exclude each other");
    arguments_.posting_states = {v1::POSTING_STATE_WAITING,
                                 v1::POSTING_STATE_ABANDONED};
  }

  // The options of `run`, and the one that it shares with `pending`.
  void CheckRun() {
    if (texts_.expires_after == "never") {
      arguments_.expires_after = absl::InfiniteDuration();
    } else {
      Note(ReadDuration("--expires-after", texts_.expires_after,
                        absl::Minutes(1), absl::Hours(720),
                        "a duration from 1m to 720h, such as 90m, or never",
                        &arguments_.expires_after));
    }
    std::optional<absl::Duration> timeout;
    Note(ReadDuration(
        "--timeout", texts_.timeout, absl::Nanoseconds(1), absl::Hours(720),
        "a duration above 0 and up to 720h, such as 90m", &timeout));
    arguments_.timeout = timeout.value_or(arguments_.timeout);
    std::optional<absl::Duration> kill_after;
    Note(ReadDuration("--kill-after", texts_.kill_after, absl::ZeroDuration(),
                      absl::Hours(1), "a duration up to 1h, such as 10s",
                      &kill_after));
    Refuse(kill_after && !timeout, "--kill-after goes with --timeout only");
    arguments_.kill_after = kill_after.value_or(arguments_.kill_after);
    if (!texts_.tail) return;
    Refuse(
        !absl::SimpleAtoi(*texts_.tail, &arguments_.tail_lines) ||
            arguments_.tail_lines < 1 || arguments_.tail_lines > kMostTailLines,
        absl::StrCat("--tail: \"", *texts_.tail,
                     "\" is not a number of lines from 1 to ", kMostTailLines));
    Refuse(arguments_.description.has_value(),
           "--tail and --description exclude each other");
  }

  void CheckRetryFor() {
    std::optional<absl::Duration> retry_for;
    Note(ReadDuration("--retry-for", texts_.retry_for, absl::ZeroDuration(),
                      absl::Hours(24),
                      "a duration up to 24h, such as 90s or 5m", &retry_for));
    arguments_.retry_for_is_given = retry_for.has_value();
    arguments_.retry_for = retry_for.value_or(Reports(arguments_.subcommand)
                                                  ? absl::Seconds(60)
                                                  : absl::ZeroDuration());
  }

  const OptionTexts& texts_;
  const Surroundings& surroundings_;
  Arguments& arguments_;
  std::string problem_;
};

int WrongUsage(absl::string_view problem, absl::string_view help_command) {
  std::fprintf(stderr, "signalbox: %s (see `%s --help`)\n",
               Printable(problem).c_str(), std::string(help_command).c_str());
  return kWrongUsage;
}

// Holds what CLI11 keeps pointers to until the parsing has ended.
class Parser {
 public:
  explicit Parser(const Surroundings& surroundings)
      : surroundings_(surroundings), app_(help::kAbout, "signalbox") {
    app_.formatter(HelpFormatter());  // The subcommands inherit it.
    app_.require_subcommand(1);
    app_.set_version_flag("--version",
                          "signalbox " + std::string(kVersionText));
    app_.footer(help::kProgram);
    AddCommands(&app_, &arguments_, &texts_);
  }

  std::variant<Arguments, int> Parse(int argc, const char* const* argv) {
    // The words behind `--` are the command's and are passed on unchanged.
    std::vector<std::string> words;  // CLI11 takes them last first.
    int i = 1;
    for (; i < argc && absl::string_view(argv[i]) != "--"; ++i) {
      words.emplace_back(argv[i]);
    }
    const bool has_separator = i < argc;
    for (++i; i < argc; ++i) arguments_.command.emplace_back(argv[i]);
    const std::vector<std::string> said = words;
    std::reverse(words.begin(), words.end());
    if (!said.empty() && said[0] == "complete") return Complete();
    try {
      app_.parse(words);
    } catch (const CLI::Success& request) {
      return app_.exit(request);
    } catch (const CLI::ParseError& error) {
      return WrongUsage(Problem(error, said), HelpCommand());
    }
    if (app_.got_subcommand("help")) return PrintHelp();
    if (app_.got_subcommand("completion")) return PrintCompletion();
    const std::string problem =
        Checks(texts_, surroundings_, &arguments_)
            .Run(app_.get_subcommands()[0]->get_name(), has_separator);
    if (!problem.empty()) return WrongUsage(problem, HelpCommand());
    return arguments_;
  }

 private:
  int PrintHelp() {
    const CLI::App* command = &app_;
    if (!texts_.help_command.empty()) {
      const std::vector<std::string> names = CommandNames();
      if (std::ranges::count(names, texts_.help_command) == 0) {
        return WrongUsage(UnknownCommand(texts_.help_command), "signalbox");
      }
      command = app_.get_subcommand(texts_.help_command);
    }
    // App::help() would show the chosen subcommand's help, that of `help`.
    std::fputs((texts_.as_manual ? ManualPage(app_, *command)
                : command == &app_
                    ? app_.get_formatter()->make_help(
                          &app_, "signalbox", CLI::AppFormatMode::Normal)
                    : command->help("signalbox"))
                   .c_str(),
               stdout);
    return kDone;
  }

  int PrintCompletion() {
    const std::string script = CompletionScript(texts_.shell);
    if (script.empty()) {
      return WrongUsage(absl::StrCat("no completion for \"", texts_.shell,
                                     "\"; wanted bash, zsh or fish"),
                        "signalbox completion");
    }
    std::fputs(script.c_str(), stdout);
    return kDone;
  }

  // Answers the scripts of `completion`, which pass the words behind `--`.
  int Complete() {
    ValuesByName values = {
        {"STATE", {"pending", "success", "failure", "error"}},
        {"POSTING", {"due", "waiting", "abandoned", "posted", "observed"}},
        {"SHELL", {"bash", "zsh", "fish"}}};
    for (const auto& [name, result] : Results()) {
      values["RESULT"].push_back(name);
    }
    values["COMMAND"] = CommandNames();
    for (const std::string& line :
         Completions(app_, values, arguments_.command)) {
      std::puts(line.c_str());
    }
    return kDone;
  }

  std::vector<std::string> CommandNames() const {
    std::vector<std::string> names;
    for (const CLI::App* command : app_.get_subcommands({})) {
      names.push_back(command->get_name());
    }
    return names;
  }

  std::string UnknownCommand(absl::string_view name) const {
    return absl::StrCat("unknown command \"", name, "\"; the commands are ",
                        absl::StrJoin(CommandNames(), ", "));
  }

  std::string HelpCommand() const {
    const std::vector<CLI::App*> chosen = app_.get_subcommands();
    return chosen.empty() ? "signalbox"
                          : absl::StrCat("signalbox ", chosen[0]->get_name());
  }

  // Says what to do, where CLI11's own message does not.
  std::string Problem(const CLI::ParseError& error,
                      const std::vector<std::string>& words) const {
    const std::vector<CLI::App*> chosen = app_.get_subcommands();
    if (chosen.empty()) {
      if (words.empty() || absl::StartsWith(words[0], "-")) {
        return absl::StrCat("wanted a command: ",
                            absl::StrJoin(CommandNames(), ", "));
      }
      return UnknownCommand(words[0]);
    }
    if (chosen[0]->get_name() == "run" &&
        dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
      const std::vector<std::string> extras = chosen[0]->remaining();
      const auto first = std::ranges::find_if(
          extras,
          [](const std::string& word) { return !absl::StartsWith(word, "-"); });
      // From the first word that is no option on, all words are the command's.
      const auto begin = first == extras.end()
                             ? words.end()
                             : std::ranges::find(words, *first);
      if (begin != words.end()) {
        return absl::StrCat("put `--` before the command: signalbox run -- ",
                            absl::StrJoin(begin, words.end(), " "));
      }
    }
    return error.what();
  }

  const Surroundings& surroundings_;
  CLI::App app_;
  Arguments arguments_;
  OptionTexts texts_;
};

}  // namespace

bool Reports(Subcommand subcommand) {
  return subcommand == Subcommand::kPending ||
         subcommand == Subcommand::kResult || subcommand == Subcommand::kRun;
}

bool ConcernsNoCommit(const Arguments& arguments) {
  return arguments.subcommand == Subcommand::kList ||
         arguments.subcommand == Subcommand::kWatch ||
         arguments.subcommand == Subcommand::kIssueToken || arguments.all;
}

std::variant<Arguments, int> ParseArguments(int argc, const char* const* argv,
                                            const Surroundings& surroundings) {
  return Parser(surroundings).Parse(argc, argv);
}

}  // namespace signalbox
