#include "clients/cli/command_options.h"

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "clients/cli/help.h"

namespace signalbox {
namespace {

template <typename Value>
CLI::Option* AddOption(CLI::App& app, const char* name, const char* type,
                       Value& value, const std::string& text) {
  return app.add_option(name, value, text)->type_name(type);
}

// Each time it is given, it takes one word.
void AddRepeatable(CLI::App& app, const char* name, const char* type,
                   std::vector<std::string>& values, const std::string& text) {
  AddOption(app, name, type, values, text)->allow_extra_args(false);
}

class Commands {
 public:
  Commands(CLI::App* app, Arguments* arguments, OptionTexts* texts)
      : app_(*app), arguments_(arguments), texts_(texts) {}

  void Add() {
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
    AddIssueToken();
    AddHelp();
    AddCompletion();
  }

 private:
  // These may stand before or behind the subcommand's name.
  void AddCommon(CLI::App& app) {
    AddOption(app, "--server", "ADDRESS", texts_->server,
              absl::StrCat("The server, HOST:PORT or unix:PATH; also "
                           "SIGNALBOX_SERVER [",
                           arguments_->server, "]"));
    AddOption(app, "--token-file", "FILE", texts_->token_file,
              "File with your API token; also SIGNALBOX_TOKEN_FILE");
    app.add_flag("--tls", arguments_->tls,
                 "Encrypt the connection to the server; also SIGNALBOX_TLS=1");
    AddOption(app, "--ca-file", "FILE", texts_->ca_file,
              "PEM file with the authorities to trust for the server's "
              "certificate; also SIGNALBOX_CA_FILE [the system's]");
    AddOption(app, "--cert-file", "FILE", texts_->cert_file,
              "PEM file with your own certificate, if the server asks for one; "
              "also SIGNALBOX_CERT_FILE");
    AddOption(app, "--key-file", "FILE", texts_->key_file,
              "PEM file with its private key; also SIGNALBOX_KEY_FILE");
    AddOption(app, "--server-name", "NAME", texts_->server_name,
              "The name that the server's certificate must have; also "
              "SIGNALBOX_SERVER_NAME [the host in --server]");
    AddOption(app, "--request-id", "ID", texts_->request_id,
              "Name of the call in the server's log and in `explain`; also "
              "SIGNALBOX_REQUEST_ID [a new one for each call]");
  }

  void AddJson(CLI::App& app) {
    app.add_flag("--json", arguments_->json,
                 "Print the server's answer as one JSON document");
  }

  CLI::Option* AddRepository(CLI::App& app) {
    return AddOption(app, "--repository", "NAME", arguments_->repository,
                     "[HOST/]OWNER/NAME, or a URL of it; without a host "
                     "github.com");
  }

  void AddCommit(CLI::App& app) {
    AddRepository(app);
    AddOption(app, "--sha", "SHA", arguments_->sha,
              "The commit (for a pull request its newest one): a full id, a "
              "name that git knows in this checkout, or a URL");
  }

  void AddReport(CLI::App& app) {
    AddCommit(app);
    AddOption(app, "--attempt", "NUMBER", texts_->attempt,
              "The number of this run, larger than that of the run before; 0: "
              "the run has no number");
    AddOption(app, "--series", "NAME", arguments_->series,
              "The name of the counter that --attempt comes from; the server "
              "never compares numbers of two series");
    if (app.get_name() != "run") {
      AddIfSequence(app);
      app.add_flag("--newest-text-wins", arguments_->newest_text_wins,
                   "Replace the description and the URL of a report that says "
                   "the same otherwise, as at GitHub");
    }
    AddOption(app, "--description", "TEXT", arguments_->description,
              "Text for people, of which GitHub shows 140 characters");
    AddOption(app, "--target-url", "URL", arguments_->target_url,
              "URL where people can watch the run");
  }

  void AddIfSequence(CLI::App& app) {
    AddOption(app, "--if-sequence", "NUMBER", texts_->if_sequence,
              "Report only if the newest report has at most this sequence, "
              "which `status --json` shows; 0: only if there is none");
  }

  void AddExpiresAfter(CLI::App& app) {
    AddOption(
        app, "--expires-after", "DURATION", texts_->expires_after,
        "GitHub shows an error if neither a result nor another pending "
        "comes for so long, 1m to 720h, or `never` [the server's setting, "
        "else 6h]");
  }

  void AddRetryFor(CLI::App& app, const std::string& default_text) {
    AddOption(app, "--retry-for", "DURATION", texts_->retry_for,
              absl::StrCat("How long to repeat a call while the server does "
                           "not answer, such as 90s or 5m [",
                           default_text, "]"));
  }

  // What all commands but `run` and `watch` have.
  void AddRest(CLI::App& app, const std::string& retry_for,
               const std::string& help) {
    AddRetryFor(app, retry_for);
    AddCommon(app);
    AddJson(app);
    app.footer(help);
  }

  void AddContext(CLI::App& app) {
    AddOption(app, "--context", "CONTEXT", texts_->context,
              "Name of the check at GitHub; {job} in it stands for the job's "
              "name [ci/build]");
  }

  void AddPending() {
    CLI::App& app = *app_.add_subcommand("pending", "Report that a run began");
    AddRepeatable(app, "--context", "CONTEXT", texts_->contexts,
                  "Name of the check at GitHub; {job} in it stands for the "
                  "job's name; repeatable [ci/build]");
    AddReport(app);
    AddExpiresAfter(app);
    AddRest(app, "60s", help::kPending);
  }

  void AddResult() {
    CLI::App& app = *app_.add_subcommand("result", "Report how a run ended");
    std::vector<std::string> names;
    for (const auto& [name, result] : Results()) names.push_back(name);
    const CLI::Validator is_result =
        CLI::IsMember(names, CLI::ignore_case).description("");
    CLI::Option* positional = app.add_option(
        "RESULT", texts_->result,
        "success, failure, error, cancelled, skipped, timed_out or neutral");
    positional->check(is_result)->type_name("");
    app.add_option("--result", texts_->result, "The same as an option")
        ->check(is_result)
        ->type_name("RESULT")
        ->excludes(positional);
    AddContext(app);
    AddReport(app);
    AddRest(app, "60s", help::kResult);
  }

  void AddRun() {
    CLI::App& app = *app_.add_subcommand(
        "run", "Run a command, and report how it begins and ends");
    AddContext(app);
    AddReport(app);
    AddOption(app, "--description-success", "TEXT",
              arguments_->description_success,
              "Description after exit code 0, in place of `Succeeded in 12s`");
    AddOption(app, "--description-failure", "TEXT",
              arguments_->description_failure,
              "Description after any other end, in place of `Failed with exit "
              "code 1 after 12s`");
    AddOption(app, "--tail", "N", texts_->tail,
              "Description in place of both: the last N lines of COMMAND's "
              "output, 1 to 10");
    AddOption(app, "--timeout", "DURATION", texts_->timeout,
              "End COMMAND after this time, such as 90m, and report "
              "timed_out");
    AddOption(app, "--kill-after", "DURATION", texts_->kill_after,
              "How long COMMAND then has to end before SIGKILL [10s]");
    AddExpiresAfter(app);
    AddRetryFor(app, "60s");
    AddCommon(app);
    app.footer(help::kRun);
  }

  void AddStatus() {
    CLI::App& app =
        *app_.add_subcommand("status", "Show the statuses of a commit");
    AddCommit(app);
    AddRest(app, "0s", help::kStatus);
  }

  void AddExplain() {
    CLI::App& app = *app_.add_subcommand(
        "explain", "Show why GitHub shows this state, and what is next");
    AddContext(app);
    AddCommit(app);
    AddRest(app, "0s", help::kExplain);
  }

  void AddRetry() {
    CLI::App& app =
        *app_.add_subcommand("retry", "Post an abandoned status again");
    app.add_flag("--all", arguments_->all,
                 "Every status that waits or was abandoned; --repository and "
                 "--context are then patterns");
    AddReasons(app);
    AddContext(app);
    AddCommit(app);
    AddRest(app, "0s", help::kRetry);
  }

  void AddReasons(CLI::App& app) {
    AddRepeatable(
        app, "--reason", "REASON", arguments_->reasons,
        "Only statuses that wait or were abandoned for this reason, such "
        "as PERMISSION_MISSING; repeatable");
  }

  void AddList() {
    CLI::App& app = *app_.add_subcommand(
        "list", "List the statuses that GitHub does not show yet");
    app.add_flag("--stuck", arguments_->stuck,
                 "Only statuses that wait or were abandoned");
    AddOption(app, "--repository", "PATTERN", arguments_->repository,
              "Only these repositories, [HOST/]OWNER/NAME; * stands for "
              "anything but /");
    AddOption(app, "--context", "PATTERN", texts_->context,
              "Only these contexts; * stands for anything");
    AddRepeatable(app, "--posting", "POSTING", texts_->states,
                  "due, waiting, abandoned, posted or observed; repeatable");
    AddReasons(app);
    AddRest(app, "0s", help::kList);
  }

  void AddWatch() {
    CLI::App& app =
        *app_.add_subcommand("watch", "Print every change as it comes");
    AddRepeatable(app, "--repository", "PATTERN",
                  arguments_->repository_patterns,
                  "Only these repositories, [HOST/]OWNER/NAME; * stands for "
                  "anything but /; repeatable");
    AddRepeatable(app, "--context", "PATTERN", arguments_->context_patterns,
                  "Only these contexts; * stands for anything; repeatable");
    AddRepeatable(app, "--state", "STATE", texts_->states,
                  "Only changes to pending, success, failure or error; "
                  "repeatable");
    AddOption(app, "--after", "SEQUENCE", texts_->after,
              "Begin with the changes after this sequence [now]");
    AddOption(app, "--retry-for", "DURATION", texts_->retry_for,
              "How long to wait each time the server does not answer [0s at "
              "first, then without end]");
    AddCommon(app);
    AddJson(app);
    app.footer(help::kWatch);
  }

  void AddDoctor() {
    CLI::App& app = *app_.add_subcommand(
        "doctor", "Check whether statuses can be set in a repository");
    CLI::Option* positional =
        AddOption(app, "REPOSITORY", "", arguments_->repository,
                  "The same as --repository");
    AddRepository(app)->excludes(positional);
    AddRest(app, "0s", help::kDoctor);
  }

  void AddIssueToken() {
    CLI::App& app = *app_.add_subcommand(
        "issue-token", "Get a token that may do less, for a limited time");
    AddOption(app, "--for", "DURATION", texts_->life,
              "How long the token is valid, 1m to 720h [1h]");
    AddRepeatable(app, "--repository", "PATTERN",
                  arguments_->repository_patterns,
                  "Only these repositories, [HOST/]OWNER/NAME; * stands for "
                  "anything but /; repeatable");
    AddRepeatable(app, "--context", "PATTERN", arguments_->context_patterns,
                  "Only these contexts; * stands for anything; repeatable");
    AddRepeatable(app, "--right", "RIGHT", arguments_->rights,
                  "Only report, read or operate; repeatable");
    AddOption(app, "--sha", "SHA", arguments_->sha,
              "Reports on this commit only: a full id");
    AddOption(app, "--attempt", "NUMBER", texts_->attempt,
              "Reports on the run with this number only; a report without "
              "--attempt gets it");
    AddOption(app, "--series", "NAME", arguments_->series,
              "The name of the counter that --attempt comes from");
    AddRest(app, "0s", help::kIssueToken);
  }

  void AddHelp() {
    CLI::App& app = *app_.add_subcommand("help", "Show the help of a command");
    AddOption(app, "COMMAND", "", texts_->help_command,
              "The command; without it, the help of signalbox itself");
    app.add_flag("--man", texts_->as_manual, "As a manual page, for man(1)");
    app.footer(help::kHelp);
  }

  void AddCompletion() {
    CLI::App& app = *app_.add_subcommand(
        "completion", "Print the script that completes commands in a shell");
    app.add_option("SHELL", texts_->shell, "bash, zsh or fish")
        ->required()
        ->type_name("");
    app.footer(help::kCompletion);
  }

  CLI::App& app_;
  Arguments* const arguments_;
  OptionTexts* const texts_;
};

}  // namespace

const std::map<std::string, v1::Result>& Results() {
  static const auto& results = *new std::map<std::string, v1::Result>{
      {"success", v1::RESULT_SUCCESS}, {"failure", v1::RESULT_FAILURE},
      {"error", v1::RESULT_ERROR},     {"cancelled", v1::RESULT_CANCELLED},
      {"skipped", v1::RESULT_SKIPPED}, {"timed_out", v1::RESULT_TIMED_OUT},
      {"neutral", v1::RESULT_NEUTRAL},
  };
  return results;
}

void AddCommands(CLI::App* app, Arguments* arguments, OptionTexts* texts) {
  Commands(app, arguments, texts).Add();
}

}  // namespace signalbox
