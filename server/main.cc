// signalbox-server: accepts reports over gRPC and makes GitHub show them.

#include <grpc/support/log.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/mutex.h"
#include "common/log.h"
#include "common/secret.h"
#include "server/config/api_url.h"
#include "server/config/config.h"
#include "server/identity/new_token.h"
#include "server/outbox/sqlite_outbox.h"
#include "server/server.h"
#include "signalbox/version.h"

namespace signalbox {
namespace {

constexpr int kExitFailure = 1;  // The store failed while serving.
constexpr int kExitCannotStart = 2;

constexpr char kDescription[] =
    R"(signalbox-server sets the commit statuses of an organisation's repositories.

Build farms report over gRPC when a build starts and how it ends. The server
stores each report on disk and posts it to GitHub as a commit status. For that
it needs a GitHub token that may write commit statuses (classic: repo:status;
fine-grained: "Commit statuses: write"), from GITHUB_TOKEN, --github-token-file
or the configuration file, or a GitHub App with that permission, from the
configuration file.)";

constexpr char kExamples[] = R"(Examples:
  GITHUB_TOKEN=... signalbox-server
  signalbox-server --config /etc/signalbox/server.yaml
  signalbox-server --data-dir /var/lib/signalbox --check
  signalbox-server token new linux-farm

Exit codes: 0 after SIGTERM or SIGINT; 1 the database failed, or --check found
damage; 2 the server could not start, or the command line is wrong.
)";

struct Flags {
  std::string config;
  std::string listen;
  std::string web_listen;
  std::string metrics_listen;
  std::string data_dir;
  std::string github_api_url;
  std::string github_token_file;
  std::vector<std::string> contexts;
  std::string log_format = "auto";
  bool allow_http = false;
  bool reflection = false;
  bool insecure_plaintext = false;
  bool check = false;
  std::string new_token_of;  // The argument of `token new`.
};

int CannotStart(const absl::Status& status) {
  std::fprintf(stderr, "signalbox-server: %s\n",
               std::string(status.message()).c_str());
  return kExitCannotStart;
}

void AddListenFlags(CLI::App* app, Flags* flags) {
  app->add_option("--listen", flags->listen,
                  "Address for gRPC, or unix:PATH; other machines can reach "
                  "it only with `tls` in the configuration file "
                  "[127.0.0.1:50051]")
      ->type_name("HOST:PORT");
  app->add_option("--web-listen", flags->web_listen,
                  "Loopback address for /healthz, /readyz and /metrics "
                  "[127.0.0.1:8080]")
      ->type_name("HOST:PORT");
  app->add_option(
         "--metrics-listen", flags->metrics_listen,
         "Another loopback address for /metrics [that of --web-listen]")
      ->type_name("HOST:PORT");
  app->add_flag("--insecure-plaintext", flags->insecure_plaintext,
                "Permit gRPC from other machines without `tls`: machines on "
                "the way can read tokens and change reports");
}

void AddFlags(CLI::App* app, Flags* flags) {
  // The last flag counts, so that users can override a wrapper's flags.
  app->option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app->add_option("--config", flags->config, "Configuration file (YAML)")
      ->type_name("FILE");
  AddListenFlags(app, flags);
  app->add_option("--data-dir", flags->data_dir,
                  "Where the server stores its data [./signalbox-data]")
      ->type_name("DIR");
  app->add_option("--github-api-url", flags->github_api_url,
                  "URL to use as github.com's API: that of a GitHub Enterprise "
                  "Server, or of the simulator")
      ->type_name("URL");
  app->add_flag(
      "--allow-http", flags->allow_http,
      "Permit a --github-api-url with http:// on another machine; the "
      "server then sends the token there unencrypted");
  app->add_option(
         "--github-token-file", flags->github_token_file,
         "File with the GitHub token; the server reads it again when it "
         "changes [the variable GITHUB_TOKEN]")
      ->type_name("FILE");
  app->add_option(
         "--context", flags->contexts,
         "Status to set on pull requests of repositories without a rule; "
         "repeatable [ci/build]")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->type_name("CONTEXT");
  app->add_option("--log-format", flags->log_format,
                  "text, json, or auto: text on a terminal, else json [auto]")
      ->check(CLI::IsMember({"auto", "text", "json"}))
      ->type_name("FORMAT");
  app->add_flag("--reflection", flags->reflection,
                "Offer gRPC reflection, for tools such as grpcurl");
  app->add_flag("--check", flags->check,
                "Check the stored data for damage, and exit");
  CLI::App* const token =
      app->add_subcommand("token", "Tokens by which callers show who they are");
  token->require_subcommand(1);
  token
      ->add_subcommand("new",
                       "Print a new token for a caller, once, and what to add "
                       "to the configuration file")
      ->add_option("NAME", flags->new_token_of, "The caller's name")
      ->required();
  app->set_version_flag("--version",
                        "signalbox-server " + std::string(kVersionText));
  app->footer(kExamples);
}

absl::StatusOr<ServerOptions> OptionsOf(const Flags& flags) {
  ServerOptions options;
  // Taken even if a flag overrides it, so that no child or core dump has it.
  options.credential_flags.github_token =
      TakeSecretFromEnvironment("GITHUB_TOKEN");
  if (!flags.config.empty()) {
    absl::StatusOr<Config> config = ReadConfigFile(flags.config);
    if (!config.ok()) return config.status();
    options.config = *std::move(config);
  }
  const auto override_with = [](const std::string& flag, std::string* value) {
    if (!flag.empty()) *value = flag;
  };
  if (!flags.listen.empty()) options.config.listen = {flags.listen};
  override_with(flags.web_listen, &options.config.web_listen);
  override_with(flags.metrics_listen, &options.config.metrics_listen);
  override_with(flags.data_dir, &options.config.data_dir);
  if (!flags.github_api_url.empty()) {
    absl::StatusOr<std::string> url =
        CleanApiUrl(flags.github_api_url, flags.allow_http);
    if (!url.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--github-api-url: ", url.status().message()));
    }
    options.credential_flags.github_api_url = *std::move(url);
  }
  options.credential_flags.github_token_file = flags.github_token_file;
  if (!flags.contexts.empty()) {
    options.contexts.clear();
    for (const std::string& context : flags.contexts) {
      absl::StatusOr<std::string> parsed = ParseContext(context);
      if (!parsed.ok()) return parsed.status();
      options.contexts.push_back(*std::move(parsed));
    }
  }
  options.reflection = flags.reflection;
  options.insecure_plaintext = flags.insecure_plaintext;
  return options;
}

// The signals that end or change the server, as a file descriptor. Call it
// before any thread begins: all threads inherit that they are blocked.
int TakeSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return signalfd(-1, &signals, SFD_CLOEXEC);
}

// Returns when a signal asks for the end. Ends the process if `failure_fd`
// becomes readable.
void WaitForEnd(int signal_fd, int failure_fd) {
  pollfd fds[] = {{signal_fd, POLLIN, 0}, {failure_fd, POLLIN, 0}};
  for (;;) {
    if (poll(fds, 2, -1) < 0) continue;
    if ((fds[1].revents & POLLIN) != 0) {
      // The store has failed, so an orderly end would save nothing.
      std::fflush(nullptr);
      _exit(kExitFailure);
    }
    signalfd_siginfo received = {};
    if (read(signal_fd, &received, sizeof(received)) != sizeof(received)) {
      continue;
    }
    if (received.ssi_signo != SIGHUP) return;
    LogInfo(
        "SIGHUP ignored: the server reads its configuration only when it "
        "starts; restart it to read the configuration again");
  }
}

void Announce(const ServerOptions& options, const Server& server) {
  if (options.insecure_plaintext && !options.config.tls.has_value()) {
    LogWarning(
        "--insecure-plaintext: gRPC connections are NOT encrypted; machines on "
        "the way can read tokens, and report in their callers' names");
  }
  for (const std::string& address : server.grpc_addresses()) {
    std::printf("grpc listening on %s\n", address.c_str());
  }
  std::printf("web listening on %s\n", server.web_address().c_str());
  std::fflush(stdout);
  LogInfo("serving", {{"grpc", absl::StrJoin(server.grpc_addresses(), " ")},
                      {"web", server.web_address()}});
}

int Serve(const Flags& flags) {
  absl::StatusOr<ServerOptions> options = OptionsOf(flags);
  if (!options.ok()) return CannotStart(options.status());
  const CredentialFlags& credential_flags = options->credential_flags;
  const bool can_post = !credential_flags.github_token.empty() ||
                        !credential_flags.github_token_file.empty() ||
                        !options->config.github.empty();

  const int signal_fd = TakeSignals();
  const int failure_fd = eventfd(0, EFD_CLOEXEC);
  options->on_failure = [failure_fd](const absl::Status&) {
    eventfd_write(failure_fd, 1);
  };

  for (const std::string& warning : options->config.warnings) {
    LogWarning("the configuration file needs a change", {{"warning", warning}});
  }
  absl::StatusOr<std::unique_ptr<Server>> server = Server::Start(*options);
  if (!server.ok()) return CannotStart(server.status());
  if (!can_post) {
    LogWarning(
        "no GitHub token: the server stores reports but posts nothing; set "
        "GITHUB_TOKEN or --github-token-file");
  }
  Announce(*options, **server);

  WaitForEnd(signal_fd, failure_fd);
  LogInfo("stopping");
  (*server)->Stop();
  return 0;
}

int Check(const Flags& flags) {
  std::string data_dir = Config().data_dir;
  if (!flags.config.empty()) {
    absl::StatusOr<Config> config = ReadConfigFile(flags.config);
    if (!config.ok()) return CannotStart(config.status());
    data_dir = config->data_dir;
  }
  if (!flags.data_dir.empty()) data_dir = flags.data_dir;
  const absl::Status status = CheckSqliteOutbox(data_dir);
  if (!status.ok()) {
    std::fprintf(stderr, "signalbox-server: %s\n",
                 std::string(status.message()).c_str());
    return absl::IsDataLoss(status) ? kExitFailure : kExitCannotStart;
  }
  std::printf("%s: intact\n", data_dir.c_str());
  return 0;
}

int PrintNewToken(const std::string& caller) {
  const absl::StatusOr<Secret> token = NewToken();
  if (!token.ok()) return CannotStart(token.status());
  const absl::StatusOr<std::string> text = NewTokenText(caller, *token);
  if (!text.ok()) return CannotStart(text.status());
  std::printf("%s\n%s", token->Reveal().c_str(), text->c_str());
  return 0;
}

int Main(int argc, char** argv) {
  HideMemory();
  // Log rotation and closing terminals send it, and it must not end the server.
  // While it is blocked, the server reads it all the same.
  signal(SIGHUP, SIG_IGN);
  // gRPC uses Abseil's locks. As packaged, they check the order of all locks,
  // which is slow and helps only developers.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  // gRPC writes several lines about a port that is taken; we write one.
  gpr_set_log_function([](gpr_log_func_args*) {});
  CLI::App app(kDescription, "signalbox-server");
  Flags flags;
  AddFlags(&app, &flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help_or_version) {
    return app.exit(help_or_version);
  } catch (const CLI::ParseError& error) {
    return CannotStart(absl::InvalidArgumentError(
        absl::StrCat(error.what(), "; see signalbox-server --help")));
  }
  if (app.got_subcommand("token")) return PrintNewToken(flags.new_token_of);
  StartLogging(flags.log_format == "auto"   ? DefaultLogFormat()
               : flags.log_format == "json" ? LogFormat::kJson
                                            : LogFormat::kText);
  return flags.check ? Check(flags) : Serve(flags);
}

}  // namespace
}  // namespace signalbox

int main(int argc, char** argv) { return signalbox::Main(argc, argv); }
