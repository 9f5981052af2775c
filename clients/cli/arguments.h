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
  kWatch
};

// Whether it tells the server of a run. The others are a person's, who asks or
// repairs.
bool Reports(Subcommand subcommand);

// The command line, with the environment's and the program's defaults.
struct Arguments {
  Subcommand subcommand = Subcommand::kStatus;
  std::string server = "127.0.0.1:50051";
  std::string token_file;  // Empty: no token.
  bool json = false;

  // What is not given is looked for in the surroundings.
  std::optional<std::string> repository;
  std::optional<std::string> sha;
  std::optional<int64_t> attempt;
  std::optional<std::string> series;
  std::optional<int64_t> if_sequence;
  std::optional<std::string> target_url;

  std::optional<std::string> description;
  // For run: of a command that ended with 0, and of one that did not.
  std::optional<std::string> description_success;
  std::optional<std::string> description_failure;
  std::optional<absl::Duration> expires_after;  // For pending and run.
  // For run.
  absl::Duration timeout = absl::InfiniteDuration();
  absl::Duration kill_after = absl::Seconds(10);
  size_t tail_lines = 0;  // Of the output, for the description; 0: none.
  // One but for pending; may have `{job}` in them.
  std::vector<std::string> contexts = {"ci/build"};
  v1::Result result = v1::RESULT_UNSPECIFIED;  // Set for result.
  // For list, and for retry with `all`: which of all statuses. `repository` is
  // a pattern then.
  bool all = false;
  bool stuck = false;           // What waits or was abandoned.
  std::string context_pattern;  // Empty: all.
  std::vector<v1::PostingState> posting_states;
  std::vector<std::string> reasons;
  // For watch: patterns, each empty for all; and what is known already.
  std::vector<std::string> repository_patterns;
  std::vector<std::string> context_patterns;
  std::vector<v1::CommitState> states;
  std::optional<int64_t> after_sequence;
  absl::Duration retry_for;
  bool retry_for_is_given = false;   // `retry_for` was given.
  std::vector<std::string> command;  // For run; at least the program's name.
};

// The exit codes of all subcommands; `doctor` has kRefused for what is wrong
// too, and `run` has its command's, and kWrongUsage
// if it does not come to that.
enum ExitCode { kDone = 0, kRefused = 1, kWrongUsage = 2, kNotReachable = 3 };

// Whether it is about many statuses, and so about no commit of a checkout.
bool IsOfMany(const Arguments& arguments);

// Reads the command line, and the variables SIGNALBOX_SERVER and
// SIGNALBOX_TOKEN_FILE for what it does not say. An int: there is nothing more
// to do than to exit with it; help was printed to stdout, or what is wrong to
// stderr.
std::variant<Arguments, int> ParseArguments(int argc, const char* const* argv,
                                            const Surroundings& surroundings);

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_ARGUMENTS_H_
