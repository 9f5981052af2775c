#ifndef SIGNALBOX_TESTS_SIMULATION_EXPLORER_H_
#define SIGNALBOX_TESTS_SIMULATION_EXPLORER_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace signalbox {

// A world that is small enough to be explored completely.
struct ExplorerScope {
  int keys = 2;     // One or two.
  int reports = 3;  // Of each key, at most three.
  // Reports of a key arrive in any order; false: in that of their numbers.
  bool any_order = false;
  // Two series report about one key instead: a pending and a result each, in
  // any order. `keys` and `reports` do not count then.
  bool two_series = false;
  int crashes = 2;   // Between two steps, or after any commit in one.
  int losses = 2;    // Answers or requests that are lost, except by crashes.
  int refusals = 0;  // Posts that GitHub refuses for the whole repository.
  int jobs = 1;      // Processes.
  int64_t most_states = 100'000'000;
  // Called now and then, in any of the processes.
  std::function<void(int64_t states, int64_t transitions)> progress;
};

struct ExplorerResult {
  int64_t states = 0;       // Different ones.
  int64_t transitions = 0;  // Steps from one to another.
  int64_t ends = 0;         // States in which nothing can happen any more.
  int longest_path = 0;
  bool is_complete = false;
  // What is wrong, and the steps that lead to it; empty: nothing.
  std::string violation;
};

// Explores everything that can happen in the scope, with the real server (see
// ServerLife) and GitHub's rules. Each report arrives at any time, and again if
// its answer was lost. GitHub answers each request, or refuses it, so that the
// repository is parked. Or the request is lost before or after its effect, or
// takes effect late. The process is killed at any time. In each state the
// history is checked, and in each end also what GitHub shows. Stops at the
// first violation.
//
// States that differ only in the past count as one. A state is not entered
// again with as many troubles or more. So with several jobs, the numbers depend
// a little on their timing.
ExplorerResult Explore(const ExplorerScope& scope);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SIMULATION_EXPLORER_H_
