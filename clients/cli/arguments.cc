#include "clients/cli/arguments.h"

#include <algorithm>
#include <cstdio>
#include <map>

#include "CLI/CLI.hpp"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/completion.h"
#include "clients/cli/help.h"
#include "clients/cli/help_texts.h"
#include "clients/cli/option_values.h"
#include "clients/cli/printable.h"
#include "signalbox/version.h"

namespace signalbox {
namespace {

const std::map<std::string, v1::Result>& Results() {
  static const auto& results = *new std::map<std::string, v1::Result>{
      {"success", v1::RESULT_SUCCESS}, {"failure", v1::RESULT_FAILURE},
      {"error", v1::RESULT_ERROR},     {"cancelled", v1::RESULT_CANCELLED},
      {"skipped", v1::RESULT_SKIPPED}, {"timed_out", v1::RESULT_TIMED_OUT},
      {"neutral", v1::RESULT_NEUTRAL},
  };
  return results;
}

int WrongUsage(absl::string_view problem, absl::string_view help_command) {
  std::fprintf(stderr, "signalbox: %s (see `%s --help`)\n",
               Printable(problem).c_str(), std::string(help_command).c_str());
  return kWrongUsage;
}

// Holds the options, and their values as text. CLI11 keeps pointers to both
// until the parsing has ended.
class Parser {
 public:
  explicit Parser(const Surroundings& surroundings)
      : surroundings_(surroundings), app_(help::kAbout, "signalbox") {
    app_.formatter(HelpFormatter());  // The subcommands inherit it.
    app_.require_subcommand(1);
    app_.set_version_flag("--version",
                          "signalbox " + std::string(kVersionText));
    app_.footer(help::kProgram);
    AddCommon(app_);
    AddJson(app_);
    AddPending();
    AddResult();
    AddRun();
    AddStatus();
    AddExplain();
    AddRetry();
    AddList();
    AddWatch();
    AddDoctor();
    AddHelp();
    AddCompletion();
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
    if (const std::string problem = Finish(has_separator); !problem.empty()) {
      return WrongUsage(problem, HelpCommand());
    }
    return arguments_;
  }

 private:
  // These may stand before or behind the subcommand's name.
  void AddCommon(CLI::App& app) {
    app.add_option("--server", server_,
                   absl::StrCat("The server, HOST:PORT or unix:PATH; also "
                                "SIGNALBOX_SERVER [",
                                arguments_.server, "]"))
        ->type_name("ADDRESS");
    app.add_option("--token-file", token_file_,
                   "File with your API token; also SIGNALBOX_TOKEN_FILE")
        ->type_name("FILE");
  }

  void AddJson(CLI::App& app) {
    app.add_flag("--json", arguments_.json,
                 "Print the server's answer as one JSON document");
  }

  CLI::Option* AddRepository(CLI::App& app) {
    return app
        .add_option("--repository", arguments_.repository,
                    "[HOST/]OWNER/NAME, or a URL of it; without a host "
                    "github.com")
        ->type_name("NAME");
  }

  void AddCommit(CLI::App& app) {
    AddRepository(app);
    app.add_option("--sha", arguments_.sha,
                   "The commit, of a pull request its head: a full id, what "
                   "git knows in this checkout, or a URL")
        ->type_name("SHA");
  }

  void AddReport(CLI::App& app) {
    AddCommit(app);
    app.add_option(
           "--attempt", attempt_,
           "The number of this run, larger than that of the run before; 0: "
           "none")
        ->type_name("NUMBER");
    app.add_option(
           "--series", arguments_.series,
           "The name of the counter that --attempt comes from; the server "
           "never compares numbers of two series")
        ->type_name("NAME");
    if (app.get_name() != "run") AddIfSequence(app);
    app.add_option("--description", arguments_.description,
                   "For people; GitHub shows 140 characters")
        ->type_name("TEXT");
    app.add_option("--target-url", arguments_.target_url,
                   "Where people can watch the run")
        ->type_name("URL");
  }

  void AddIfSequence(CLI::App& app) {
    app.add_option(
           "--if-sequence", if_sequence_,
           "Report only if the newest report has at most this sequence, "
           "which `status --json` shows; 0: only if there is none")
        ->type_name("NUMBER");
  }

  void AddExpiresAfter(CLI::App& app) {
    app.add_option("--expires-after", expires_after_,
                   "GitHub shows an error if neither a result nor another "
                   "pending comes "
                   "for so long, 1m to 720h [the server's setting, else 6h]")
        ->type_name("DURATION");
  }

  void AddRetryFor(CLI::App& app, const std::string& default_text) {
    app.add_option(
           "--retry-for", retry_for_,
           absl::StrCat("How long to repeat a call while the server does "
                        "not answer, such as 90s or 5m [",
                        default_text, "]"))
        ->type_name("DURATION");
  }

  void AddContext(CLI::App& app) {
    app.add_option("--context", context_,
                   "GitHub's label; {job} in it is the job's name [ci/build]")
        ->type_name("CONTEXT");
  }

  void AddPending() {
    CLI::App& app = *app_.add_subcommand("pending", "Report that a run began");
    app.add_option("--context", contexts_,
                   "GitHub's label; {job} in it is the job's name; repeatable "
                   "[ci/build]")
        ->type_name("CONTEXT")
        ->allow_extra_args(false);
    AddReport(app);
    AddExpiresAfter(app);
    AddRetryFor(app, "60s");
    AddCommon(app);
    AddJson(app);
    app.footer(help::kPending);
  }

  void AddResult() {
    CLI::App& app = *app_.add_subcommand("result", "Report how a run ended");
    std::vector<std::string> names;
    for (const auto& [name, result] : Results()) names.push_back(name);
    const CLI::Validator is_result =
        CLI::IsMember(names, CLI::ignore_case).description("");
    CLI::Option* positional = app.add_option(
        "RESULT", result_,
        "success, failure, error, cancelled, skipped, timed_out or neutral");
    positional->check(is_result)->type_name("");
    app.add_option("--result", result_, "The same as an option")
        ->check(is_result)
        ->type_name("RESULT")
        ->excludes(positional);
    AddContext(app);
    AddReport(app);
    AddRetryFor(app, "60s");
    AddCommon(app);
    AddJson(app);
    app.footer(help::kResult);
  }

  void AddRun() {
    CLI::App& app = *app_.add_subcommand(
        "run", "Run a command, and report how it begins and ends");
    AddContext(app);
    AddReport(app);
    app.add_option("--description-success", arguments_.description_success,
                   "In place of `Succeeded in 12s`")
        ->type_name("TEXT");
    app.add_option("--description-failure", arguments_.description_failure,
                   "In place of `Failed with exit code 1 after 12s`")
        ->type_name("TEXT");
    app.add_option("--tail", tail_,
                   "In place of both, the last N lines of COMMAND's output, 1 "
                   "to 10")
        ->type_name("N");
    app.add_option("--timeout", timeout_,
                   "End COMMAND after so long, such as 90m, and report "
                   "timed_out")
        ->type_name("DURATION");
    app.add_option("--kill-after", kill_after_,
                   "How long COMMAND then has to end before SIGKILL [10s]")
        ->type_name("DURATION");
    AddExpiresAfter(app);
    AddRetryFor(app, "60s");
    AddCommon(app);
    app.footer(help::kRun);
  }

  void AddStatus() {
    CLI::App& app =
        *app_.add_subcommand("status", "Show the statuses of a commit");
    AddCommit(app);
    AddRetryFor(app, "0s");
    AddCommon(app);
    AddJson(app);
    app.footer(help::kStatus);
  }

  void AddExplain() {
    CLI::App& app = *app_.add_subcommand(
        "explain", "Show why GitHub shows this state, and what is next");
    AddContext(app);
    AddCommit(app);
    AddRetryFor(app, "0s");
    AddCommon(app);
    AddJson(app);
    app.footer(help::kExplain);
  }

  void AddRetry() {
    CLI::App& app =
        *app_.add_subcommand("retry", "Post an abandoned status again");
    app.add_flag("--all", arguments_.all,
                 "Every status that waits or was abandoned; --repository and "
                 "--context are then patterns");
    AddReasons(app);
    AddContext(app);
    AddCommit(app);
    AddRetryFor(app, "0s");
    AddCommon(app);
    AddJson(app);
    app.footer(help::kRetry);
  }

  void AddReasons(CLI::App& app) {
    app.add_option(
           "--reason", arguments_.reasons,
           "Only statuses that wait or were abandoned for this reason, such "
           "as PERMISSION_MISSING; repeatable")
        ->type_name("REASON")
        ->allow_extra_args(false);
  }

  void AddList() {
    CLI::App& app = *app_.add_subcommand(
        "list", "List the statuses that GitHub does not show yet");
    app.add_flag("--stuck", arguments_.stuck,
                 "Only statuses that wait or were abandoned");
    app.add_option("--repository", arguments_.repository,
                   "Only of these, [HOST/]OWNER/NAME; * for anything but /")
        ->type_name("PATTERN");
    app.add_option("--context", context_, "Only these; * for anything")
        ->type_name("PATTERN");
    app.add_option("--posting", states_,
                   "due, waiting, abandoned, posted or observed; repeatable")
        ->type_name("POSTING")
        ->allow_extra_args(false);
    AddReasons(app);
    AddRetryFor(app, "0s");
    AddCommon(app);
    AddJson(app);
    app.footer(help::kList);
  }

  void AddWatch() {
    CLI::App& app =
        *app_.add_subcommand("watch", "Print every change as it comes");
    app.add_option("--repository", arguments_.repository_patterns,
                   "Only of these, [HOST/]OWNER/NAME; * for anything but /; "
                   "repeatable")
        ->type_name("PATTERN")
        ->allow_extra_args(false);
    app.add_option("--context", arguments_.context_patterns,
                   "Only these; * for anything; repeatable")
        ->type_name("PATTERN")
        ->allow_extra_args(false);
    app.add_option("--state", states_,
                   "Only changes to pending, success, failure or error; "
                   "repeatable")
        ->type_name("STATE")
        ->allow_extra_args(false);
    app.add_option("--after", after_,
                   "Begin with the changes after this sequence [now]")
        ->type_name("SEQUENCE");
    app.add_option(
           "--retry-for", retry_for_,
           "How long to wait each time the server does not answer [0s at "
           "first, then without end]")
        ->type_name("DURATION");
    AddCommon(app);
    AddJson(app);
    app.footer(help::kWatch);
  }

  // Checks the options of `watch`. Returns the error or "".
  std::string FinishWatch() {
    for (const std::string& state : states_) {
      if (std::string problem = ReadWord("--state", state, "COMMIT_STATE_",
                                         "pending, success, failure or error",
                                         &arguments_.states.emplace_back());
          !problem.empty()) {
        return problem;
      }
    }
    return ReadNumber("--after", after_, &arguments_.after_sequence);
  }

  // Checks the filters of `list` and `retry --all`. Returns the error or "".
  std::string FinishFilter() {
    const bool lists = arguments_.subcommand == Subcommand::kList;
    if (!lists && !arguments_.all) {
      return arguments_.reasons.empty() ? "" : "--reason goes with --all only";
    }
    if (!lists && arguments_.sha) return "--sha and --all exclude each other";
    arguments_.context_pattern = context_.value_or("");
    for (std::string& reason : arguments_.reasons) {
      // Accepts the form that `list` prints, too.
      absl::AsciiStrToUpper(&reason);
      std::replace(reason.begin(), reason.end(), ' ', '_');
    }
    for (const std::string& state : states_) {
      if (std::string problem =
              ReadWord("--posting", state, "POSTING_STATE_",
                       "due, waiting, abandoned, posted or observed",
                       &arguments_.posting_states.emplace_back());
          !problem.empty()) {
        return problem;
      }
    }
    if (arguments_.stuck) {
      if (!states_.empty()) return "--stuck and --posting exclude each other";
      arguments_.posting_states = {v1::POSTING_STATE_WAITING,
                                   v1::POSTING_STATE_ABANDONED};
    }
    return "";
  }

  void AddDoctor() {
    CLI::App& app = *app_.add_subcommand(
        "doctor", "Check whether statuses can be set in a repository");
    CLI::Option* positional =
        app.add_option("REPOSITORY", arguments_.repository,
                       "The same as --repository")
            ->type_name("");
    AddRepository(app)->excludes(positional);
    AddRetryFor(app, "0s");
    AddCommon(app);
    AddJson(app);
    app.footer(help::kDoctor);
  }

  void AddHelp() {
    CLI::App& app = *app_.add_subcommand("help", "Show the help of a command");
    app.add_option("COMMAND", help_command_, "The command; none: of signalbox")
        ->type_name("");
    app.add_flag("--man", as_manual_, "As a manual page, for man(1)");
    app.footer(help::kHelp);
  }

  void AddCompletion() {
    CLI::App& app = *app_.add_subcommand(
        "completion", "Print the script that completes commands in a shell");
    app.add_option("SHELL", shell_, "bash, zsh or fish")
        ->required()
        ->type_name("");
    app.footer(help::kCompletion);
  }

  int PrintHelp() {
    const CLI::App* command = &app_;
    if (!help_command_.empty()) {
      const std::vector<std::string> names = CommandNames();
      if (std::count(names.begin(), names.end(), help_command_) == 0) {
        return WrongUsage(UnknownCommand(help_command_), "signalbox");
      }
      command = app_.get_subcommand(help_command_);
    }
    // App::help() would show the chosen subcommand's help, that of `help`.
    std::fputs((as_manual_ ? ManualPage(app_, *command)
                : command == &app_
                    ? app_.get_formatter()->make_help(
                          &app_, "signalbox", CLI::AppFormatMode::Normal)
                    : command->help("signalbox"))
                   .c_str(),
               stdout);
    return kDone;
  }

  int PrintCompletion() {
    const std::string script = CompletionScript(shell_);
    if (script.empty()) {
      return WrongUsage(absl::StrCat("no completion for \"", shell_,
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
      const auto first = std::find_if(
          extras.begin(), extras.end(),
          [](const std::string& word) { return !absl::StartsWith(word, "-"); });
      // From the first word that is no option on, all words are the command's.
      const auto begin = first == extras.end()
                             ? words.end()
                             : std::find(words.begin(), words.end(), *first);
      if (begin != words.end()) {
        return absl::StrCat("put `--` before the command: signalbox run -- ",
                            absl::StrJoin(begin, words.end(), " "));
      }
    }
    return error.what();
  }

  // Checks what CLI11 does not. Returns the error or "".
  std::string Finish(bool has_separator) {
    const std::string name = app_.get_subcommands()[0]->get_name();
    arguments_.subcommand = name == "pending"   ? Subcommand::kPending
                            : name == "result"  ? Subcommand::kResult
                            : name == "run"     ? Subcommand::kRun
                            : name == "status"  ? Subcommand::kStatus
                            : name == "explain" ? Subcommand::kExplain
                            : name == "doctor"  ? Subcommand::kDoctor
                            : name == "list"    ? Subcommand::kList
                            : name == "watch"   ? Subcommand::kWatch
                                                : Subcommand::kRetry;
    const bool is_run = arguments_.subcommand == Subcommand::kRun;
    if (is_run && arguments_.command.empty()) {
      return "the command is missing: signalbox run -- COMMAND...";
    }
    if (!is_run && has_separator) {
      return absl::StrCat(name, " takes no command");
    }
    if (arguments_.subcommand == Subcommand::kResult) {
      if (result_.empty()) {
        return "the result is missing: success, failure, error, cancelled, "
               "skipped, timed_out or neutral";
      }
      arguments_.result = Results().at(absl::AsciiStrToLower(result_));
    }
    if (std::string problem =
            ReadNumber("--attempt", attempt_, &arguments_.attempt);
        !problem.empty()) {
      return problem;
    }
    if (arguments_.attempt == 0 && arguments_.series) {
      return "--series says whose number --attempt is; wanted one above 0";
    }
    if (std::string problem =
            ReadNumber("--if-sequence", if_sequence_, &arguments_.if_sequence);
        !problem.empty()) {
      return problem;
    }
    arguments_.server = Choose(server_, "SIGNALBOX_SERVER", arguments_.server);
    if (arguments_.server.empty()) return "--server is empty";
    if (absl::StrContains(arguments_.server, "://")) {
      return absl::StrCat("--server: \"", arguments_.server,
                          "\" is a URL; wanted HOST:PORT or unix:PATH");
    }
    arguments_.token_file = Choose(token_file_, "SIGNALBOX_TOKEN_FILE", "");
    if (const std::string problem = arguments_.subcommand == Subcommand::kWatch
                                        ? FinishWatch()
                                        : FinishFilter();
        !problem.empty()) {
      return problem;
    }
    if (!contexts_.empty()) arguments_.contexts = contexts_;
    if (context_) arguments_.contexts = {*context_};
    if (std::string problem = FinishRun(); !problem.empty()) return problem;
    std::optional<absl::Duration> retry_for;
    if (std::string problem = ReadDuration(
            "--retry-for", retry_for_, absl::ZeroDuration(), absl::Hours(24),
            "a duration up to 24h, such as 90s or 5m", &retry_for);
        !problem.empty()) {
      return problem;
    }
    arguments_.retry_for_is_given = retry_for.has_value();
    arguments_.retry_for = retry_for.value_or(Reports(arguments_.subcommand)
                                                  ? absl::Seconds(60)
                                                  : absl::ZeroDuration());
    return "";
  }

  // Checks the options of `run` and `pending`. Returns the error or "".
  std::string FinishRun() {
    if (std::string problem = ReadDuration(
            "--expires-after", expires_after_, absl::Minutes(1),
            absl::Hours(720), "a duration from 1m to 720h, such as 90m",
            &arguments_.expires_after);
        !problem.empty()) {
      return problem;
    }
    std::optional<absl::Duration> timeout;
    if (std::string problem = ReadDuration(
            "--timeout", timeout_, absl::Nanoseconds(1), absl::Hours(720),
            "a duration above 0 and up to 720h, such as 90m", &timeout);
        !problem.empty()) {
      return problem;
    }
    arguments_.timeout = timeout.value_or(arguments_.timeout);
    std::optional<absl::Duration> kill_after;
    if (std::string problem = ReadDuration(
            "--kill-after", kill_after_, absl::ZeroDuration(), absl::Hours(1),
            "a duration up to 1h, such as 10s", &kill_after);
        !problem.empty()) {
      return problem;
    }
    if (kill_after && !timeout) return "--kill-after goes with --timeout only";
    arguments_.kill_after = kill_after.value_or(arguments_.kill_after);
    if (!tail_) return "";
    constexpr size_t kMostLines = 10;
    if (!absl::SimpleAtoi(*tail_, &arguments_.tail_lines) ||
        arguments_.tail_lines < 1 || arguments_.tail_lines > kMostLines) {
      return absl::StrCat("--tail: \"", *tail_,
                          "\" is not a number of lines from 1 to ", kMostLines);
    }
    return arguments_.description
               ? "--tail and --description exclude each other"
               : "";
  }

  // CLI11 would let a variable win over an option that stands before the
  // subcommand.
  std::string Choose(const std::optional<std::string>& option,
                     const char* variable, absl::string_view otherwise) const {
    if (option) return *option;
    const absl::string_view value = surroundings_.Get(variable);
    return std::string(value.empty() ? otherwise : value);
  }

  const Surroundings& surroundings_;
  CLI::App app_;
  Arguments arguments_;
  std::optional<std::string> server_;
  std::optional<std::string> token_file_;
  std::vector<std::string> contexts_;
  std::optional<std::string> context_;
  std::optional<std::string> attempt_;
  std::optional<std::string> if_sequence_;
  std::optional<std::string> expires_after_;
  std::optional<std::string> retry_for_;
  std::optional<std::string> timeout_;
  std::optional<std::string> kill_after_;
  std::optional<std::string> tail_;
  std::vector<std::string> states_;
  std::optional<std::string> after_;
  std::string help_command_;
  bool as_manual_ = false;
  std::string shell_;
  std::string result_;
};

}  // namespace

bool Reports(Subcommand subcommand) {
  return subcommand == Subcommand::kPending ||
         subcommand == Subcommand::kResult || subcommand == Subcommand::kRun;
}

bool IsOfMany(const Arguments& arguments) {
  return arguments.subcommand == Subcommand::kList ||
         arguments.subcommand == Subcommand::kWatch || arguments.all;
}

std::variant<Arguments, int> ParseArguments(int argc, const char* const* argv,
                                            const Surroundings& surroundings) {
  return Parser(surroundings).Parse(argc, argv);
}

}  // namespace signalbox
