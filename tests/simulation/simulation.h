#ifndef SIGNALBOX_TESTS_SIMULATION_SIMULATION_H_
#define SIGNALBOX_TESTS_SIMULATION_SIMULATION_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/history/check_history.h"
#include "tests/history/history.h"
#include "tests/simulation/plan.h"

namespace signalbox {

// What happened in a simulation.
struct SimulationResult {
  history::Findings findings;
  std::vector<history::Event> events;
  // How many faults took effect, by kind.
  std::map<std::string, int64_t> faults;
  absl::Duration virtual_time;  // How much simulated time passed.
  // A hash of all events. Equal histories have equal fingerprints.
  uint64_t fingerprint = 0;

  // The sum of `faults`.
  int64_t FaultCount() const;
};

// Runs the real server (see ServerLife) through a plan, on one thread and a
// virtual clock, against GitHub's rules. First come the plan's incidents. Then
// comes a calm, in which the server must post everything that is left. At the
// end the function asks the server and GitHub what they show, and checks the
// history (CheckHistory).
//
// The same plan gives the same history, bit for bit. A process can run one
// simulation at a time.
SimulationResult Simulate(const Plan& plan);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SIMULATION_SIMULATION_H_
