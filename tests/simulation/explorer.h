#ifndef SIGNALBOX_TESTS_SIMULATION_EXPLORER_H_
#define SIGNALBOX_TESTS_SIMULATION_EXPLORER_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace signalbox {

// The size of a world that is explored completely: all that callers, GitHub and
// crashes can do in it.
struct ExplorerScope {
  int keys = 2;     // One or two.
  int reports = 3;  // About each key, from one to three.
  // True: the reports about a key arrive in any order. False: in the order of
  // their attempts.
  bool any_order = false;
  // Instead, two series report about one key: each a pending and a result, in
  // any order. `keys` and `reports` are not used then.
  bool two_series = false;
  // Instead, three results with different texts are reported about one key in
  // any order. The newest text wins for two of them. `keys` and `reports` are
  // not used then.
  bool newest_text = false;
  // The most crashes: between two steps, or after any commit within a step.
  int crashes = 2;
  // The most answers and requests that are lost other than by crashes.
  int losses = 2;
  // The most posts that GitHub refuses for the whole repository.
  int refusals = 0;
  int jobs = 1;  // The most processes at a time.
  // The exploration gives up after so many states; each takes 16 bytes.
  int64_t most_states = 100'000'000;
  // Called now and then with the counts so far, in any of the processes.
  std::function<void(int64_t states, int64_t transitions)> progress;
};

// What an exploration found.
struct ExplorerResult {
  int64_t states = 0;       // Different ones.
  int64_t transitions = 0;  // Steps from one to another.
  int64_t ends = 0;         // States in which nothing can happen any more.
  int longest_path = 0;
  bool is_complete = false;  // All was explored, without a violation.
  // The first violation, and the steps that lead to it; empty: there was none.
  std::string violation;
};

// Explores all that can happen in the scope, with the real server (see
// ServerLife) and GitHub's rules, and checks the history in each state. The
// search stops at the first violation.
//
// Each report arrives at any time, and again if its answer was lost. GitHub
// answers each request, or refuses the repository, so that the server parks it.
// Or the request is lost before its effect, or its answer after it, or the
// effect comes late. The process is killed at any time. At an end, where
// nothing more can happen, the search also checks what GitHub shows.
//
// States that differ only in the past count as one. The search does not enter a
// state again if it came there before with as many crashes, losses and refusals
// left, or more. So with several jobs the counts differ a little from run to
// run.
ExplorerResult Explore(const ExplorerScope& scope);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SIMULATION_EXPLORER_H_
