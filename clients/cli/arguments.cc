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
#include "clients/cli/printable.h"
#include "signalbox/version.h"

namespace signalbox {
namespace {

constexpr char kAbout[] =
    "Reports to a Signalbox server what has started and how it ended, so that "
    "GitHub shows it.";

constexpr char kFooter[] = R"help(Examples:
  signalbox run -- make test
  signalbox run --context ci/lint --retry-for 5m -- npm run lint
  signalbox pending --context ci/build --context ci/lint
  signalbox result failure --context ci/lint --description "3 problems"
  signalbox status
  signalbox explain --context ci/lint
  signalbox watch
  signalbox doctor

Repository, commit, attempt and its series are found in the variables of GitHub
Actions, Travis, GitLab, Jenkins, Buildkite, CircleCI and TeamCity, or in the
git checkout, unless they are given. An attempt that is given has no series
unless that is given, too.

Of two results of one attempt GitHub shows the worse one: parallel jobs of a
build that report one context end in the worst of their results. Give each a
status of its own with --context 'ci/test-{job}'. (In a matrix of GitHub Actions
{job} is the same for all; add what the matrix varies.)

Exit codes: 0 done, 1 the server said no, 2 wrong usage, 3 not reachable;
`run` exits with the code of its command.
)help";

constexpr char kRunFooter[] =
    R"help(Reports pending, runs COMMAND at once, and reports by its exit code: success for
0, failure for any other, error if it was killed or could not be started.
The result is repeated until the server has it, for up to --retry-for.

Exits with the code of COMMAND whatever the server did: 127 not found, 126 not
executable, 128+n killed by signal n; with 124 after --timeout.

Signals are passed on to COMMAND. SIGTERM, SIGINT or SIGHUP from another process
is reported as cancelled at once, however COMMAND ends; after a second one
signalbox no longer waits for the server. --timeout sends SIGTERM to COMMAND and
its descendants, and SIGKILL to those that have not ended --kill-after later.

With --tail COMMAND writes into a pipe, which signalbox copies; many programs
use no colours then.

Examples:
  signalbox run -- make -j8 test
  signalbox run --context ci/lint -- sh -c 'npm ci && npm run lint'
  signalbox run --timeout 30m --tail 1 -- pytest
)help";

constexpr char kPendingFooter[] = R"help(Example:
  signalbox pending --context ci/build --context ci/lint
)help";

constexpr char kResultFooter[] =
    R"help(GitHub knows four states: cancelled and timed_out are shown as error, skipped
and neutral as success.

Examples:
  signalbox result success
  signalbox result timed_out --context ci/e2e --description "No end after 2 h"
)help";

constexpr char kStatusFooter[] = R"help(Examples:
  signalbox status
  signalbox status --repository acme/widgets --sha main --json
)help";

constexpr char kExplainFooter[] =
    R"help(Answers "why is this pull request yellow?": how the context stands, what happens
next, and every report and every try at GitHub in order of time, with GitHub's
answer. On a terminal lines are cut and the oldest are left out; into a pipe or
a file goes all.

Examples:
  signalbox explain
  signalbox explain --context ci/lint | less
  signalbox explain --repository acme/widgets --sha main
)help";

constexpr char kRetryFooter[] =
    R"help(A status is abandoned if GitHub refuses it for good; `signalbox explain` says why.
Mend that first, then retry. If GitHub refuses all of a repository, one of its
statuses is tried at once, and the others follow if GitHub takes it. All others
that wait stay as they are: Signalbox tries them by itself, and says when.

With --all it is not about one commit, but about all repositories that the caller
may retry; `signalbox list --stuck` shows them.

Examples:
  signalbox retry --repository acme/widgets --sha main
  signalbox retry --all
  signalbox retry --all --reason PERMISSION_MISSING --repository "acme/*"
)help";

constexpr char kListFooter[] =
    R"help(Lists what GitHub does not show yet, of all repositories that the caller may
read: what is due, what waits and what was abandoned, each with the reason and
the next try. --stuck leaves out what is only due. `signalbox explain` tells more
of one status, `signalbox retry` tries again.

Examples:
  signalbox list --stuck
  signalbox list --repository "acme/*" --reason PERMISSION_MISSING
  signalbox list --posting abandoned --json
)help";

constexpr char kWatchFooter[] =
    R"help(Prints every change from now on, a line each, until you end it with Ctrl-C: each
report, and how far GitHub has got with it. While the server is away, watch waits
and then resumes where it was, so that no change is missed.

With --json each line is one document, the server's WatchStatusesResponse. Its
`sequence` is what --after takes to resume.

Examples:
  signalbox watch
  signalbox watch --repository "acme/*" --state failure --state error
  signalbox watch --json --after 4711 | jq -r .status.context
)help";

constexpr char kDoctorFooter[] =
    R"help(Answers "would Signalbox set statuses here?": which contexts are expected and
why, which credential posts, what it may do and what is left of its budget, how
GitHub's hooks are set up where that can be read, and what is wrong. Nothing is
posted.

Exit codes: 0 nothing is wrong, 1 something is, or the server said no, 2 wrong
usage, 3 not reachable.

Examples:
  signalbox doctor
  signalbox doctor acme/widgets
  signalbox doctor github.example.com/acme/widgets --json
)help";

const std::map<std::string, v1::Result>& Results() {
  static const auto& results = *new std::map<std::string, v1::Result>{
      {"success", v1::RESULT_SUCCESS}, {"failure", v1::RESULT_FAILURE},
      {"error", v1::RESULT_ERROR},     {"cancelled", v1::RESULT_CANCELLED},
      {"skipped", v1::RESULT_SKIPPED}, {"timed_out", v1::RESULT_TIMED_OUT},
      {"neutral", v1::RESULT_NEUTRAL},
  };
  return results;
}

// `90`, `90s`, `1m30s`, up to `most`. False for anything else.
bool ParseSpan(const std::string& text, absl::Duration* duration,
               absl::Duration most) {
  const bool is_number = !text.empty() && std::all_of(text.begin(), text.end(),
                                                      absl::ascii_isdigit);
  return absl::ParseDuration(is_number ? absl::StrCat(text, "s") : text,
                             duration) &&
         *duration >= absl::ZeroDuration() && *duration <= most;
}

int WrongUsage(absl::string_view problem, absl::string_view help_command) {
  std::fprintf(stderr, "signalbox: %s (see `%s --help`)\n",
               Printable(problem).c_str(), std::string(help_command).c_str());
  return kWrongUsage;
}

class Formatter : public CLI::Formatter {
 public:
  std::string make_usage(const CLI::App* app, std::string name) const override {
    std::string usage = CLI::Formatter::make_usage(app, std::move(name));
    if (app->get_name() != "run") return usage;
    absl::StripTrailingAsciiWhitespace(&usage);
    return absl::StrCat(usage, " -- COMMAND...\n");
  }

  // The descriptions say all else.
  std::string make_option_opts(const CLI::Option* option) const override {
    const std::string type = option->get_type_name();
    return type.empty() ? "" : absl::StrCat(" ", type);
  }
};

// The options and their values as text; everything that CLI11 needs to outlive
// the parsing.
class Parser {
 public:
  explicit Parser(const Surroundings& surroundings)
      : surroundings_(surroundings), app_(kAbout, "signalbox") {
    auto formatter = std::make_shared<Formatter>();
    formatter->column_width(28);
    app_.formatter(formatter);  // The subcommands inherit it.
    app_.require_subcommand(1);
    app_.set_version_flag("--version",
                          "signalbox " + std::string(kVersionText));
    app_.footer(kFooter);
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
  }

  std::variant<Arguments, int> Parse(int argc, const char* const* argv) {
    // What follows `--` is the command's, to be passed on as it is.
    std::vector<std::string> words;  // CLI11 takes them last first.
    int i = 1;
    for (; i < argc && absl::string_view(argv[i]) != "--"; ++i) {
      words.emplace_back(argv[i]);
    }
    const bool has_separator = i < argc;
    for (++i; i < argc; ++i) arguments_.command.emplace_back(argv[i]);
    const std::vector<std::string> said = words;
    std::reverse(words.begin(), words.end());
    try {
      app_.parse(words);
    } catch (const CLI::Success& request) {
      return app_.exit(request);
    } catch (const CLI::ParseError& error) {
      return WrongUsage(Problem(error, said), HelpCommand());
    }
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
                   "A file with the token that says who calls; also "
                   "SIGNALBOX_TOKEN_FILE")
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
    app.add_option("--attempt", attempt_,
                   "The number of this run, growing from run to run; 0: none")
        ->type_name("NUMBER");
    app.add_option("--series", arguments_.series,
                   "The counter that the number is of: numbers of two series "
                   "are not compared")
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
    app.add_option("--if-sequence", if_sequence_,
                   "Report only if nothing newer than this number, which "
                   "`status --json` shows, was reported; 0: if nothing was")
        ->type_name("NUMBER");
  }

  void AddExpiresAfter(CLI::App& app) {
    app.add_option(
           "--expires-after", expires_after_,
           "Show an error if no result and no sign of life comes for so "
           "long, 1m to 720h [the server's, else 6h]")
        ->type_name("DURATION");
  }

  void AddRetryFor(CLI::App& app, const std::string& default_text) {
    app.add_option("--retry-for", retry_for_,
                   absl::StrCat("How long to repeat while the server is away, "
                                "such as 90s or 5m [",
                                default_text, "]"))
        ->type_name("DURATION");
  }

  void AddContext(CLI::App& app) {
    app.add_option("--context", context_,
                   "GitHub's label; {job} in it is the job's name [ci/build]")
        ->type_name("CONTEXT");
  }

  void AddPending() {
    CLI::App& app = *app_.add_subcommand("pending", "Report that work began");
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
    app.footer(kPendingFooter);
  }

  void AddResult() {
    CLI::App& app = *app_.add_subcommand("result", "Report how work ended");
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
    app.footer(kResultFooter);
  }

  void AddRun() {
    CLI::App& app = *app_.add_subcommand(
        "run", "Run a command, and report its begin and its end");
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
                   "How long COMMAND then has to end by itself [10s]")
        ->type_name("DURATION");
    AddExpiresAfter(app);
    AddRetryFor(app, "60s");
    AddCommon(app);
    app.footer(kRunFooter);
  }

  void AddStatus() {
    CLI::App& app = *app_.add_subcommand(
        "status",
        "Show what is known of a commit, and whether GitHub shows it");
    AddCommit(app);
    AddRetryFor(app, "0s");
    AddCommon(app);
    AddJson(app);
    app.footer(kStatusFooter);
  }

  void AddExplain() {
    CLI::App& app = *app_.add_subcommand(
        "explain", "Show why a context shows what it shows, and what is next");
    AddContext(app);
    AddCommit(app);
    AddRetryFor(app, "0s");
    AddCommon(app);
    AddJson(app);
    app.footer(kExplainFooter);
  }

  void AddRetry() {
    CLI::App& app = *app_.add_subcommand(
        "retry", "Post an abandoned status again, once its cause is mended");
    app.add_flag("--all", arguments_.all,
                 "All that wait or were abandoned; --repository and --context "
                 "are patterns then");
    AddReasons(app);
    AddContext(app);
    AddCommit(app);
    AddRetryFor(app, "0s");
    AddCommon(app);
    AddJson(app);
    app.footer(kRetryFooter);
  }

  void AddReasons(CLI::App& app) {
    app.add_option("--reason", arguments_.reasons,
                   "Only what waits or was abandoned for this, such as "
                   "PERMISSION_MISSING; repeatable")
        ->type_name("REASON")
        ->allow_extra_args(false);
  }

  void AddList() {
    CLI::App& app = *app_.add_subcommand(
        "list", "List what GitHub does not show yet, and why");
    app.add_flag("--stuck", arguments_.stuck,
                 "Only what waits or was abandoned");
    app.add_option("--repository", arguments_.repository,
                   "Only of these, [HOST/]OWNER/NAME; * for anything but /")
        ->type_name("PATTERN");
    app.add_option("--context", context_, "Only these; * for anything")
        ->type_name("PATTERN");
    app.add_option("--posting", states_,
                   "due, waiting, abandoned, posted or observed; repeatable")
        ->type_name("STATE")
        ->allow_extra_args(false);
    AddReasons(app);
    AddRetryFor(app, "0s");
    AddCommon(app);
    AddJson(app);
    app.footer(kListFooter);
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
    app.add_option("--retry-for", retry_for_,
                   "How long to wait each time that the server is away [0s at "
                   "first, then for ever]")
        ->type_name("DURATION");
    AddCommon(app);
    AddJson(app);
    app.footer(kWatchFooter);
  }

  // What `watch` wants. Returns what is wrong.
  std::string FinishWatch() {
    for (const std::string& state : states_) {
      v1::CommitState parsed = v1::COMMIT_STATE_UNSPECIFIED;
      if (!v1::CommitState_Parse(
              absl::StrCat("COMMIT_STATE_", absl::AsciiStrToUpper(state)),
              &parsed) ||
          parsed == v1::COMMIT_STATE_UNSPECIFIED) {
        return absl::StrCat("--state: \"", state,
                            "\" is not pending, success, failure or error");
      }
      arguments_.states.push_back(parsed);
    }
    if (after_) {
      int64_t after = 0;
      if (!absl::SimpleAtoi(*after_, &after) || after < 0) {
        return absl::StrCat("--after: \"", *after_,
                            "\" is not a number, 0 or more");
      }
      arguments_.after_sequence = after;
    }
    return "";
  }

  // What `list` and `retry --all` want. Returns what is wrong.
  std::string FinishFilter() {
    const bool lists = arguments_.subcommand == Subcommand::kList;
    if (!lists && !arguments_.all) {
      return arguments_.reasons.empty() ? "" : "--reason goes with --all only";
    }
    if (!lists && arguments_.sha) return "--sha and --all exclude each other";
    arguments_.context_pattern = context_.value_or("");
    for (std::string& reason : arguments_.reasons) {
      // Also as `list` prints it.
      absl::AsciiStrToUpper(&reason);
      std::replace(reason.begin(), reason.end(), ' ', '_');
    }
    for (const std::string& state : states_) {
      v1::PostingState parsed = v1::POSTING_STATE_UNSPECIFIED;
      if (!v1::PostingState_Parse(
              absl::StrCat("POSTING_STATE_", absl::AsciiStrToUpper(state)),
              &parsed) ||
          parsed == v1::POSTING_STATE_UNSPECIFIED) {
        return absl::StrCat("--posting: \"", state,
                            "\" is not due, waiting, abandoned, posted or "
                            "observed");
      }
      arguments_.posting_states.push_back(parsed);
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
    app.footer(kDoctorFooter);
  }

  std::string HelpCommand() const {
    const std::vector<CLI::App*> chosen = app_.get_subcommands();
    return chosen.empty() ? "signalbox"
                          : absl::StrCat("signalbox ", chosen[0]->get_name());
  }

  // In words that say what to do.
  std::string Problem(const CLI::ParseError& error,
                      const std::vector<std::string>& words) const {
    const std::vector<CLI::App*> chosen = app_.get_subcommands();
    if (chosen.empty()) {
      std::vector<std::string> names;
      for (const CLI::App* command : app_.get_subcommands({})) {
        names.push_back(command->get_name());
      }
      const std::string all = absl::StrJoin(names, ", ");
      if (words.empty() || absl::StartsWith(words[0], "-")) {
        return absl::StrCat("wanted a command: ", all);
      }
      return absl::StrCat("unknown command \"", words[0],
                          "\"; the commands are ", all);
    }
    if (chosen[0]->get_name() == "run" &&
        dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
      const std::vector<std::string> extras = chosen[0]->remaining();
      const auto first = std::find_if(
          extras.begin(), extras.end(),
          [](const std::string& word) { return !absl::StartsWith(word, "-"); });
      // Behind the first word all are the command's.
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

  // What CLI11 does not check. Returns what is wrong.
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
    if (attempt_) {
      int64_t attempt = 0;
      if (!absl::SimpleAtoi(*attempt_, &attempt) || attempt < 0) {
        return absl::StrCat("--attempt: \"", *attempt_,
                            "\" is not a number, 0 or more");
      }
      arguments_.attempt = attempt;
      if (attempt == 0 && arguments_.series) {
        return "--series says whose number --attempt is; wanted one above 0";
      }
    }
    if (if_sequence_) {
      int64_t if_sequence = 0;
      if (!absl::SimpleAtoi(*if_sequence_, &if_sequence) || if_sequence < 0) {
        return absl::StrCat("--if-sequence: \"", *if_sequence_,
                            "\" is not a number, 0 or more");
      }
      arguments_.if_sequence = if_sequence;
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
    if (expires_after_) {
      absl::Duration expires_after;
      if (!ParseSpan(*expires_after_, &expires_after, absl::Hours(720)) ||
          expires_after < absl::Minutes(1)) {
        return absl::StrCat(
            "--expires-after: \"", *expires_after_,
            "\" is not a duration from 1m to 720h, such as 90m");
      }
      arguments_.expires_after = expires_after;
    }
    if (const std::string problem = FinishRun(); !problem.empty()) {
      return problem;
    }
    arguments_.retries_as_told = retry_for_.has_value();
    if (!retry_for_) {
      arguments_.retry_for = Reports(arguments_.subcommand)
                                 ? absl::Seconds(60)
                                 : absl::ZeroDuration();
    } else if (!ParseSpan(*retry_for_, &arguments_.retry_for,
                          absl::Hours(24))) {
      return absl::StrCat("--retry-for: \"", *retry_for_,
                          "\" is not a duration up to 24h, such as 90s or 5m");
    }
    return "";
  }

  // What `run` wants. Returns what is wrong.
  std::string FinishRun() {
    if (timeout_ &&
        (!ParseSpan(*timeout_, &arguments_.timeout, absl::Hours(720)) ||
         arguments_.timeout == absl::ZeroDuration())) {
      return absl::StrCat("--timeout: \"", *timeout_,
                          "\" is not a duration above 0 and up to 720h, such "
                          "as 90m");
    }
    if (kill_after_) {
      if (!timeout_) return "--kill-after goes with --timeout only";
      if (!ParseSpan(*kill_after_, &arguments_.kill_after, absl::Hours(1))) {
        return absl::StrCat("--kill-after: \"", *kill_after_,
                            "\" is not a duration up to 1h, such as 10s");
      }
    }
    if (tail_) {
      constexpr size_t kMostLines = 10;
      if (!absl::SimpleAtoi(*tail_, &arguments_.tail_lines) ||
          arguments_.tail_lines < 1 || arguments_.tail_lines > kMostLines) {
        return absl::StrCat("--tail: \"", *tail_,
                            "\" is not a number of lines from 1 to ",
                            kMostLines);
      }
      if (arguments_.description) {
        return "--tail and --description exclude each other";
      }
    }
    return "";
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
