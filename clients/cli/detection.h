#ifndef SIGNALBOX_CLIENTS_CLI_DETECTION_H_
#define SIGNALBOX_CLIENTS_CLI_DETECTION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "clients/cli/surroundings.h"

namespace signalbox {

// Detection finds out what the user need not write: which repository, commit
// and run a command line is about. It reads the variables that Jenkins, Travis,
// GitHub Actions, GitLab, Buildkite, CircleCI, Buildbot or TeamCity set, and
// the git checkout in the working directory. FindSubject uses it.
//
// Pure, apart from the functions of `surroundings`. A variable whose value has
// a wrong form causes a warning and is not used.

// One fact about the run.
template <typename T>
struct Finding {
  T value{};           // Empty or 0: nothing was found.
  std::string source;  // The variable, or git's command line.
  // A sentence for each value that could not be used or needs attention. They
  // have no user names and passwords. Escape them before printing.
  std::vector<std::string> warnings;
};

// The repository at GitHub, as `[HOST/]OWNER/NAME`. For a pull request it is
// the repository that the pull request will be merged into.
Finding<std::string> FindRepository(const Surroundings& surroundings);

// The repository of the checkout in the working directory. It is that of the
// remote that `gh repo set-default` chose, else of `origin`, else of the only
// remote. The URL of the remote counts as git stores it. Only if that URL is a
// short form, git's `insteadOf` expands it.
Finding<std::string> FindRemote(const Surroundings& surroundings);

// The commit that the run is about, as 40 or 64 hexadecimal digits. It comes
// from the CI system, else from the checkout in the working directory.
//
// For a pull request it is the newest commit of the branch. It is never the
// merge commit that a CI system makes to test a pull request, because GitHub
// shows no statuses of it. If the run's event names no commit, such as a
// comment, it is not the newest commit of the default branch either. A status
// on the wrong commit is worse than none. So if the right commit is not
// certain, `value` is empty, and the last warning says why.
//
// A warning says if the checkout is on another commit.
Finding<std::string> FindSha(const Surroundings& surroundings);

// The attempt: the number of this run. It grows from run to run, and parallel
// jobs of one run have the same. 0: the CI system has no number, or it is too
// large, or a repeated run would have the number of the first.
Finding<int64_t> FindAttempt(const Surroundings& surroundings);

// The series of FindAttempt's number, such as
// `jenkins:https://ci.example.com/job/app`: up to 255 bytes of printable ASCII.
// Empty: there is no number, or the counter's name is not known. If a job is
// deleted and created again, it counts from 1 in the same series.
Finding<std::string> FindSeries(const Surroundings& surroundings);

// A name that distinguishes this job from the other jobs of its run: the job's
// name, with its index if several jobs of this name run in parallel.
Finding<std::string> FindJob(const Surroundings& surroundings);

// Whether several parallel jobs have the same attempt and would report under
// `context`. GitHub then shows the worst of their results. Returns the variable
// that says so, such as `CI_NODE_TOTAL=3`. Empty: no variable says so, or
// `context` contains the job's name or index, so that the jobs differ.
std::string FindParallel(const Surroundings& surroundings,
                         absl::string_view context);

// The URL where people can watch the run.
Finding<std::string> FindTargetUrl(const Surroundings& surroundings);

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_DETECTION_H_
