#ifndef SIGNALBOX_CLIENTS_CLI_DETECTION_H_
#define SIGNALBOX_CLIENTS_CLI_DETECTION_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "clients/cli/finding.h"
#include "clients/cli/surroundings.h"

namespace signalbox {

// What is found out about a run from the variables that Jenkins, Travis, GitHub
// Actions, GitLab, Buildkite, CircleCI, Buildbot or TeamCity set, or from the
// git checkout in the working directory; the commit is in commit_detection.h.
//
// Pure but for what `surroundings` does. Values that are not of the right form
// are passed over with a warning; text in warnings is not escaped, but contains
// no user name or password.

// The repository at GitHub as `[HOST/]OWNER/NAME`; for a pull request the one
// it is to be merged into.
Finding<std::string> FindRepository(const Surroundings& surroundings);

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
