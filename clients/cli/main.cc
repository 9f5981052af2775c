// signalbox: reports to a Signalbox server from scripts and build farms.

#include <grpc/support/log.h>

#include <csignal>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <variant>

#include "clients/cli/arguments.h"
#include "clients/cli/commands.h"
#include "clients/cli/console.h"
#include "clients/cli/foreground.h"
#include "clients/cli/subject.h"
#include "clients/cli/surroundings.h"

namespace signalbox {
namespace {

int WrongUsage(const absl::Status& status) {
  Complain(status.message());
  return kWrongUsage;
}

// The error already says what gRPC logs about a server that is away.
void SilenceGrpc() {
  if (std::getenv("GRPC_VERBOSITY") != nullptr) return;
  gpr_set_log_function([](gpr_log_func_args*) {});
}

// The static executable resolves names with c-ares only, whatever the
// environment asks of other programs. gRPC reads the variable once, for the
// first channel. The command of `run` gets it unchanged.
absl::StatusOr<Client> Connect(const Arguments& arguments,
                               const Surroundings& surroundings) {
  constexpr char kResolver[] = "GRPC_DNS_RESOLVER";
  const auto chosen = surroundings.environment.find(kResolver);
  // Without the variable, gRPC chooses c-ares.
  if (chosen == surroundings.environment.end()) return ConnectAs(arguments);
  const std::string& before = chosen->second;
  setenv(kResolver, "ares", 1);  // NOLINT(concurrency-mt-unsafe)
  absl::StatusOr<Client> client = ConnectAs(arguments);
  setenv(kResolver, before.c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
  return client;
}

// The commands that are not about one commit.
int RunWithoutCommit(const Arguments& arguments,
                     const Surroundings& surroundings) {
  std::signal(SIGPIPE, SIG_IGN);
  SilenceGrpc();
  const absl::StatusOr<Client> client = Connect(arguments, surroundings);
  if (!client.ok()) return WrongUsage(client.status());
  return arguments.subcommand == Subcommand::kList
             ? ListStatuses(arguments, *client)
         : arguments.subcommand == Subcommand::kWatch
             ? WatchStatuses(arguments, *client)
         : arguments.subcommand == Subcommand::kIssueToken
             ? IssueToken(arguments, *client)
             : RetryPosts(arguments, *client);
}

int Main(int argc, char** argv) {
  const Surroundings surroundings = RealSurroundings();
  const std::variant<Arguments, int> parsed =
      ParseArguments(argc, argv, surroundings);
  if (const int* exit_code = std::get_if<int>(&parsed)) return *exit_code;
  const Arguments& arguments = std::get<Arguments>(parsed);

  if (ConcernsNoCommit(arguments))
    return RunWithoutCommit(arguments, surroundings);
  const absl::StatusOr<Subject> subject = FindSubject(arguments, surroundings);
  const bool is_run = arguments.subcommand == Subcommand::kRun;
  if (!subject.ok() && !is_run) return WrongUsage(subject.status());

  // Threads inherit the blocked signals, so this comes before any thread.
  std::optional<Foreground> foreground;
  if (is_run) {
    foreground.emplace();
  } else {
    std::signal(SIGPIPE, SIG_IGN);
  }
  SilenceGrpc();
  if (!subject.ok()) {
    return RunUnreported(arguments, subject.status(), &*foreground);
  }
  for (const std::string& warning : subject->warnings) Complain(warning);
  const absl::StatusOr<Client> client = Connect(arguments, surroundings);
  if (!client.ok()) {
    return is_run ? RunUnreported(arguments, client.status(), &*foreground)
                  : WrongUsage(client.status());
  }

  if (is_run) return RunCommand(arguments, *subject, *client, &*foreground);
  const std::map<Subcommand,
                 int (*)(const Arguments&, const Subject&, const Client&)>
      commands = {{Subcommand::kPending, ReportPending},
                  {Subcommand::kResult, ReportResult},
                  {Subcommand::kStatus, ShowStatus},
                  {Subcommand::kExplain, ExplainStatus},
                  {Subcommand::kRetry, RetryPost},
                  {Subcommand::kDoctor, DiagnoseRepository}};
  return commands.at(arguments.subcommand)(arguments, *subject, *client);
}

}  // namespace
}  // namespace signalbox

int main(int argc, char** argv) { return signalbox::Main(argc, argv); }
