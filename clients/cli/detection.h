#ifndef SIGNALBOX_CLIENTS_CLI_DETECTION_H_
#define SIGNALBOX_CLIENTS_CLI_DETECTION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "clients/cli/surroundings.h"

namespace signalbox {

// Detection finds out what the user need not write: which repository, commit
// and run a command line is about. It reads the environment variables of CI
// systems (README.md lists them), and the git checkout in the working
// directory. FindSubject uses it.
//
// Pure, apart from the functions of `surroundings`. A variable whose value has
// a wrong form causes a warning and is not used.

// One fact about the run.
template <typename T>
struct Finding {
  T value{};           // Empty or 0: nothing was found.
  std::string source;  // The variable, or git's command line.
  // A sentence for each value that could not be used or needs attention. User
  // names and passwords of URLs are left out. Escape them before printing.
  std::vector<std::string> warnings;
};

// The repository at GitHub, as `[HOST/]OWNER/NAME`: from the CI system, else
// from the checkout (FindRemote). For a pull request it is the repository that
// the pull request will be merged into. On GitLab the GitHub repository is
// assumed to have the project's name, with a warning.
Finding<std::string> FindRepository(const Surroundings& surroundings);

// The repository of the checkout in the working directory, in the same form. It
// is that of the remote that `gh repo set-default` chose, else of `origin`,
// else of the only remote; with several others, nothing. The URL in git's
// configuration counts. Only if it is an abbreviation (`gh:acme/app`) does the
// function replace it as git's `insteadOf` says.
Finding<std::string> FindRemote(const Surroundings& surroundings);

// The commit that the run is about, as 40 or 64 hexadecimal digits. It comes
// from the CI system, else from the checkout in the working directory.
//
// For a pull request it is the newest commit of the branch. It is never the
// merge commit that a CI system makes to test a pull request, because GitHub
// shows no statuses of it. A run that a comment has started is about no commit
// that the CI system names; its default branch does not count. A status on the
// wrong commit is worse than none. So if the right commit is not certain,
// `value` is empty, and the last warning says why.
//
// If the checkout is on another commit than `value`, there is a warning.
Finding<std::string> FindSha(const Surroundings& surroundings);

// The attempt: the number of this run. It grows from run to run, and parallel
// jobs of one run have the same. 0: the CI system has no number, or it is too
// large, or it does not grow when a run is repeated.
Finding<int64_t> FindAttempt(const Surroundings& surroundings);

// The series of FindAttempt's number, such as
// `jenkins:https://ci.example.com/job/app`: up to 255 bytes of printable ASCII.
// Empty: there is no number, or the counter's name is not known. If a job is
// deleted and created again, it counts from 1 in the same series.
Finding<std::string> FindSeries(const Surroundings& surroundings);

// A name that distinguishes this job from the other jobs of its run: the job's
// name, with its index if several jobs of this name run in parallel.
Finding<std::string> FindJob(const Surroundings& surroundings);

// Several parallel jobs with the same attempt may report under one `context`.
// GitHub then shows the worst of their results, and the user is warned. If a
// variable shows that this happens, returns it with its value, such as
// `CI_NODE_TOTAL=3`. Empty: no variable shows it, or `context` contains the
// job's name or index, so that the jobs differ.
std::string FindParallel(const Surroundings& surroundings,
                         absl::string_view context);

// The URL where people can watch the run.
Finding<std::string> FindTargetUrl(const Surroundings& surroundings);

}  // namespace signalbox

#endif  // SIGNALBOX_CLIENTS_CLI_DETECTION_H_
