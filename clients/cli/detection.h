#ifndef SIGNALBOX_CLIENTS_CLI_DETECTION_H_
#define SIGNALBOX_CLIENTS_CLI_DETECTION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "clients/cli/surroundings.h"

namespace signalbox {

// What was found out about a run from the variables that Jenkins, Travis,
// GitHub Actions, GitLab, Buildkite, CircleCI, Buildbot or TeamCity set, or
// from the git checkout in the working directory.
template <typename T>
struct Finding {
  T value{};           // Empty or 0: nothing was found.
  std::string source;  // The variable, or git's command line.
  std::vector<std::string>
      warnings;  // What could not be used, a sentence each.
};

// Pure but for what `surroundings` does. Values that are not of the right form
// are passed over with a warning; text in warnings is not escaped, but contains
// no user name or password.

// The repository at GitHub as `[HOST/]OWNER/NAME`; for a pull request the one
// it is to be merged into.
Finding<std::string> FindRepository(const Surroundings& surroundings);

// The commit: 40 or 64 hexadecimal digits. For a pull request its head; never
// the test merge commit, which nobody sees at GitHub. Where only that one is
// known the head is read out of it, and else nothing is found.
Finding<std::string> FindSha(const Surroundings& surroundings);

// The number of this run, growing from run to run; 0 where the CI system has
// none, or one that is too large or does not tell a repeated run from the
// first.
Finding<int64_t> FindAttempt(const Surroundings& surroundings);

// Where people can watch the run.
Finding<std::string> FindTargetUrl(const Surroundings& surroundings);

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_DETECTION_H_
