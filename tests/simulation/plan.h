#ifndef SIGNALBOX_TESTS_SIMULATION_PLAN_H_
#define SIGNALBOX_TESTS_SIMULATION_PLAN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/github/rate_limiter.h"
#include "tests/github_simulator/github_rules.h"
#include "tests/simulation/memory_disk.h"

namespace signalbox {

// An event from outside, and its time.
struct Incident {
  enum class Kind {
    kReport,       // A caller reports, and repeats it.
    kFault,        // Something is about to go wrong at GitHub.
    kLatency,      // The time that GitHub needs for answers changes.
    kUnreachable,  // GitHub cannot be reached, for a while.
    kStop,         // The process is killed, or the power fails.
    kDiskFault,    // A write or sync is about to fail, or to be the last.
    kDiskFull,     // For a while.
    kDiskSlow,     // For a while, each sync takes its time.
    kClockSet,     // Somebody sets the server's clock.
    kRename,       // A repository gets another name at GitHub.
    kUnwritable,   // A repository cannot be written, for a while.
    kRevive,       // Somebody retries an abandoned status.
    kAnew,         // A repository is renamed, and a new one gets its name.
    // The process stops for longer than a lease, and another one takes over.
    // Both go on for a while.
    kFreeze,
  };
  Kind kind = Kind::kReport;
  absl::Duration at;
  absl::Duration lasts;  // For a while; or by how much, or how long.
  // The seed of its random choices, independent of other incidents.
  uint64_t seed = 0;

  int status = 0;  // kReport, kRevive: of the plan's statuses.
  // kReport. `number` makes its texts unique.
  int number = 0;
  std::string result;
  int64_t attempt = 0;
  std::string series;  // The counter of `attempt`.
  bool rerun = false;
  int delivery = 0;  // 0: a farm's report.
  absl::Duration expires_after = absl::Hours(6);
  int tries = 1;  // The most calls until there is an answer.

  Fault fault;                                              // kFault.
  bool power_cut = false;                                   // kStop.
  MemoryDisk::Fault disk_fault = MemoryDisk::Fault::kFull;  // kDiskFault.
  int operations = 0;                                       // kDiskFault.
  absl::Duration sync_time;  // kDiskSlow: the most that a sync takes.
  int repository = 0;        // kRename, kUnwritable, kAnew.
  // kFreeze. It stops when it next sends a request, which waits at the socket.
  bool at_socket = false;
  // After the process has stopped, another one takes over, and it goes on. The
  // other one leaves at the end.
  absl::Duration takeover;
  absl::Duration thaw;

  // One line for people.
  std::string Line() const;
};

// A world, and everything that happens to it from outside: the story of a seed.
// If some incidents are left out, the others stay the same.
struct Plan {
  struct Status {
    int repository = 0;
    std::string sha;
    std::string context;
  };

  uint64_t seed = 0;
  PaceOptions pace;
  int hourly_limit = 5000;
  absl::Duration latency;
  absl::Duration pending_settle;
  std::vector<std::string> repositories;
  // The last repository takes over the name that this one had; -1: there is
  // none.
  int made_anew = -1;
  std::vector<Status> statuses;
  std::vector<Incident> incidents;  // In order of time.
};

// Draws the plan of a seed, with about `reports` reports.
Plan DrawPlan(uint64_t seed, int reports);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SIMULATION_PLAN_H_
