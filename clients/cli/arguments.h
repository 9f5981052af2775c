#ifndef SIGNALBOX_CLIENTS_CLI_ARGUMENTS_H_
#define SIGNALBOX_CLIENTS_CLI_ARGUMENTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "clients/cli/surroundings.h"
#include "signalbox/v1/status_service.pb.h"

namespace signalbox {

enum class Subcommand {
  kPending,
  kResult,
  kRun,
  kStatus,
  kExplain,
  kRetry,
  kDoctor,
  kList,
  kWatch,
  kIssueToken
};

// Whether the subcommand reports a run: pending, result and run. With the other
// subcommands a person asks or repairs.
bool Reports(Subcommand subcommand);

// What the user wants: the command line of `signalbox`, completed by the
// environment and by defaults.
struct Arguments {
  Subcommand subcommand = Subcommand::kStatus;
  std::string server = "127.0.0.1:50051";
  std::string token_file;  // Empty: no token.
  // How the connection is encrypted: see ClientOptions.
  bool tls = false;
  std::string ca_file;
  std::string cert_file;
  std::string key_file;
  std::string server_name;
  std::string request_id;  // Of each call; empty: each gets its own.
  bool json = false;

  // What the subcommand is about. FindSubject looks in the environment and in
  // the checkout for those that are not given. With list and `retry --all`,
  // `repository` is a pattern instead.
  std::optional<std::string> repository;
  std::optional<std::string> sha;
  std::optional<int64_t> attempt;
  std::optional<std::string> series;
  std::optional<std::string> target_url;

  // For pending and result: report only if the newest report of the status has
  // at most this sequence, which `status --json` shows. 0: only if there is
  // none. Nothing: report in any case.
  std::optional<int64_t> if_sequence;
  // For pending and result: report also if only the texts are new.
  bool newest_text_wins = false;

  std::optional<std::string> description;
  // For run: the description if the command ends with 0, and if it does not.
  std::optional<std::string> description_success;
  std::optional<std::string> description_failure;
  // For pending and run. Infinite: never.
  std::optional<absl::Duration> expires_after;
  // For run: after `timeout` the command gets SIGTERM, and `kill_after` later
  // SIGKILL.
  absl::Duration timeout = absl::InfiniteDuration();
  absl::Duration kill_after = absl::Seconds(10);
  // For run: how many of the output's last lines become the description. 0:
  // none.
  size_t tail_lines = 0;
  // Several for pending, else one. `{job}` in them stands for the job's name.
  std::vector<std::string> contexts = {"ci/build"};
  v1::Result result = v1::RESULT_UNSPECIFIED;  // For result.
  // For retry: retry all statuses that the filter selects.
  bool all = false;
  // The filter of list, and of retry with `all`, beside `repository`. What is
  // empty selects all.
  bool stuck = false;  // Only statuses that wait or were abandoned.
  std::string context_pattern;
  std::vector<v1::PostingState> posting_states;
  std::vector<std::string> reasons;  // Why they wait or were abandoned.
  // The filter of watch. Empty: no restriction.
  std::vector<std::string> repository_patterns;
  std::vector<std::string> context_patterns;
  std::vector<v1::CommitState> states;
  // For issue-token, beside the patterns above, `sha`, `attempt` and `series`:
  // the rights of the token, and how long it is valid. Empty and nothing: as
  // the server decides.
  std::vector<std::string> rights;
  std::optional<absl::Duration> life;
  // For watch: show changes after this sequence. Nothing: from now on.
  std::optional<int64_t> after_sequence;
  // For how long the client repeats calls (ClientOptions). The default depends
  // on the subcommand. `watch` resumes without a limit unless the user gave a
  // time.
  absl::Duration retry_for;
  bool retry_for_is_given = false;
  std::vector<std::string> command;  // For run: the program and its arguments.
};

// How the program ends:
//   kDone          the subcommand did its work.
//   kRefused       the server refused the call; or doctor found a problem.
//   kWrongUsage    the command line is wrong, or the repository, the commit or
//                  a file that it needs was not found.
//   kNotReachable  the server did not answer.
// After its command, `run` ends with the exit code of the command instead.
enum ExitCode { kDone = 0, kRefused = 1, kWrongUsage = 2, kNotReachable = 3 };

// Whether the subcommand is not about one commit, so that FindSubject need not
// find one.
bool ConcernsNoCommit(const Arguments& arguments);

// Reads the command line. If `--server`, `--token-file`, `--request-id` or an
// option of TLS is not given, reads SIGNALBOX_SERVER, SIGNALBOX_TOKEN_FILE,
// SIGNALBOX_REQUEST_ID, SIGNALBOX_TLS, SIGNALBOX_CA_FILE, SIGNALBOX_CERT_FILE,
// SIGNALBOX_KEY_FILE or SIGNALBOX_SERVER_NAME from the environment.
//
// Returns the arguments, or the code to exit with at once: the function has
// printed help to stdout, or a mistake to stderr.
std::variant<Arguments, int> ParseArguments(int argc, const char* const* argv,
                                            const Surroundings& surroundings);

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_ARGUMENTS_H_
