#ifndef SIGNALBOX_TESTS_SIMULATION_EXPLORER_H_
#define SIGNALBOX_TESTS_SIMULATION_EXPLORER_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace signalbox {

// A world small enough to be looked through whole.
struct ExplorerScope {
  int keys = 2;     // One or two.
  int reports = 3;  // Of each key: at most three.
  // Reports of a key arrive in any order; else in that of their numbers.
  bool any_order = false;
  // One key instead, of which two series tell: a pending and a result each, in
  // any order. `keys` and `reports` do not count then.
  bool two_series = false;
  int crashes = 2;   // Between two steps, or after any commit in one.
  int losses = 2;    // Answers or requests that are lost, but for crashes.
  int refusals = 0;  // Posts that GitHub refuses for the whole repository.
  int jobs = 1;      // Processes.
  int64_t most_states = 100'000'000;
  // Called now and then, in any of the processes.
  std::function<void(int64_t states, int64_t transitions)> progress;
};

struct ExplorerResult {
  int64_t states = 0;       // Different ones.
  int64_t transitions = 0;  // Steps from one to another.
  int64_t ends = 0;         // States in which nothing is left to happen.
  int longest_path = 0;
  bool is_complete = false;
  // What is wrong, and the steps that lead to it; empty: nothing is.
  std::string violation;
};

// Goes through everything that can happen in the scope, with the real server
// (see ServerLife) and GitHub's rules: each report arrives at any time, and
// again if its answer was lost; each request is answered, or is lost before or
// after its effect, or has its effect late, or is refused, so that the
// repository is parked; the process is killed at any time.
// The history up to each state is checked, and in each end also that GitHub
// shows what it should. Stops at the first violation.
//
// States that differ only in the past count as one. One that was reached with
// fewer troubles is not entered again, so that the numbers depend a
// little on the order in which several jobs come by.
ExplorerResult Explore(const ExplorerScope& scope);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SIMULATION_EXPLORER_H_
