#ifndef SIGNALBOX_CLIENTS_CLI_DETECTION_H_
#define SIGNALBOX_CLIENTS_CLI_DETECTION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "clients/cli/surroundings.h"

namespace signalbox {

// What is found out about a run from the variables that Jenkins, Travis, GitHub
// Actions, GitLab, Buildkite, CircleCI, Buildbot or TeamCity set, or from the
// git checkout in the working directory.
//
// Pure but for what `surroundings` does. Values that are not of the right form
// are passed over with a warning; text in warnings is not escaped, but contains
// no user name or password.

// One fact about the run.
template <typename T>
struct Finding {
  T value{};           // Empty or 0: nothing was found.
  std::string source;  // The variable, or git's command line.
  // What could not be used, or needs attention: a sentence each, not escaped,
  // without user names and passwords.
  std::vector<std::string> warnings;
};

// The repository at GitHub as `[HOST/]OWNER/NAME`; for a pull request the one
// it is to be merged into.
Finding<std::string> FindRepository(const Surroundings& surroundings);

// The repository of the checkout in the working directory: of the remote that
// `gh repo set-default` chose, else of `origin`, else of the only one. By its
// URL as it is stored, unless that is a short form which `insteadOf` expands.
Finding<std::string> FindRemote(const Surroundings& surroundings);

// Finds the commit that a run is about, as 40 or 64 hexadecimal digits, by what
// the CI system says, else by the checkout in the working directory.
//
// For a pull request it is the head. It is never a merge that was made to test
// the change, since nobody sees that commit at GitHub, and never the tip of the
// default branch where an event is about something else. Where the head cannot
// be found out, `value` is empty and the last warning says why: a status on the
// wrong commit is worse than none.
//
// A warning says if the checkout is on another commit than the one found.
Finding<std::string> FindSha(const Surroundings& surroundings);

// The number of this run, growing from run to run; 0 where the CI system has
// none, or one that is too large or does not tell a repeated run from the
// first. Parallel jobs of one run have one number.
Finding<int64_t> FindAttempt(const Surroundings& surroundings);

// The counter that FindAttempt's number is of, up to 255 bytes of printable
// ASCII: `jenkins:https://ci.example.com/job/app`. Numbers of different
// counters say nothing of each other. Empty where there is no number, or
// nothing tells whose it is. A job that was deleted and made anew counts from 1
// under the same name.
Finding<std::string> FindSeries(const Surroundings& surroundings);

// What tells this job from the others of its run: the job's name, and its
// place among parallel ones.
Finding<std::string> FindJob(const Surroundings& surroundings);

// Whether this job is one of several that have one number and report `context`:
// the variable that says so, as `CI_NODE_TOTAL=3`; empty: it is not, or no
// variable says so, or `context` has the job's name or its place.
std::string FindParallel(const Surroundings& surroundings,
                         absl::string_view context);

// Where people can watch the run.
Finding<std::string> FindTargetUrl(const Surroundings& surroundings);

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_DETECTION_H_
