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

// The outcome of a plan.
struct SimulationResult {
  history::Findings findings;
  std::vector<history::Event> events;
  // The faults by kind; only those that took effect.
  std::map<std::string, int64_t> faults;
  absl::Duration virtual_time;
  // Of all events: equal histories have equal ones.
  uint64_t fingerprint = 0;

  int64_t FaultCount() const;
};

// Runs the real server (see ServerLife) through a plan, on one thread and a
// virtual clock, against GitHub's rules. First comes everything that goes
// wrong, then a calm in which everything must come right. Then it asks the
// server and GitHub what they show, and checks the history.
//
// The same plan has the same history, bit for bit. One at a time in a process.
SimulationResult Simulate(const Plan& plan);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SIMULATION_SIMULATION_H_
