#ifndef SIGNALBOX_TESTS_SIMULATION_PLAN_H_
#define SIGNALBOX_TESTS_SIMULATION_PLAN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/github/rate_limiter.h"
#include "tests/github_simulator/github_rules.h"
#include "tests/simulation/memory_disk.h"
#include "tests/simulation/webhooks.h"

namespace signalbox {

// Something that happens to the server from outside, and when.
struct Incident {
  enum class Kind {
    kReport,       // A caller reports, and repeats unanswered calls.
    kFault,        // GitHub makes a fault at one of the next requests.
    kLatency,      // The time that GitHub needs for answers changes.
    kUnreachable,  // For a while, the server cannot reach GitHub.
    kStop,         // The process is killed, or the power fails.
    kDiskFault,    // A write or sync fails, or is the last of the process.
    kDiskFull,     // For a while, the disk has no space.
    kDiskSlow,     // For a while, each sync takes its time.
    kClockSet,     // Somebody sets the server's clock.
    kRename,       // A repository gets another name at GitHub.
    kUnwritable,   // For a while, GitHub refuses a repository's posts.
    kRevive,       // Somebody asks to revive an abandoned status.
    kAnew,         // A repository is renamed, and a new one gets its name.
    // The process stops for longer than a lease. Another process takes its term
    // over. Then both run for a while.
    kFreeze,
    kPush,   // A commit becomes a pull request's head, or a branch's.
    kShim,   // For a while, the shim does not work as it should.
    kNoise,  // GitHub makes deliveries that the server does not use.
  };
  Kind kind = Kind::kReport;
  absl::Duration at;  // Since the beginning of the simulation.
  // How long it lasts. kLatency: the new latency. kClockSet: by how much.
  absl::Duration lasts;
  // The seed of this incident's random choices. So the choices stay the same if
  // other incidents are left out.
  uint64_t seed = 0;

  int status = 0;  // kReport, kRevive, kPush: an index into Plan::statuses.
  // kReport. `number` makes its texts unique.
  int number = 0;
  std::string result;
  int64_t attempt = 0;
  std::string series;  // The counter of `attempt`.
  bool rerun = false;
  bool newest_text_wins = false;
  int delivery = 0;  // The number of the webhook; 0: a farm's report.
  absl::Duration expires_after = absl::Hours(6);  // Infinite: never.
  int tries = 1;           // The caller gives up after so many calls.
  bool goes_well = false;  // The call arrives within 1 ms, and once.

  Fault fault;  // kFault.
  // kStop: the machine's power fails; else only the process is killed.
  bool power_cut = false;
  MemoryDisk::Fault disk_fault = MemoryDisk::Fault::kFull;  // kDiskFault.
  int operations = 0;        // kDiskFault: so many writes and syncs come first.
  absl::Duration sync_time;  // kDiskSlow: the most that a sync takes.
  int pull_request = 0;      // kPush: its number; 0: the head of a branch.
  Webhooks::Shim shim = Webhooks::Shim::kWorks;  // kShim.
  int count = 0;                                 // kNoise.
  // kRename, kUnwritable, kAnew, kNoise: an index into Plan::repositories.
  int repository = 0;
  // kFreeze: the process stops only when it next sends a request. That request
  // then waits at the socket.
  bool at_socket = false;
  // kFreeze, since the process stopped: when the other process takes over, and
  // when the first one goes on. The other one leaves at the end of the
  // incident.
  absl::Duration takeover;
  absl::Duration thaw;

  // The incident as one line for people.
  std::string Line() const;
};

// Everything that a simulation draws from its seed: the world, and all that
// happens to it from outside. If some incidents are left out, the others stay
// the same.
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
  // The repository that kAnew renames: the last repository then takes over its
  // old name. An index into `repositories`; -1: none.
  int made_anew = -1;
  std::vector<Status> statuses;
  // Some commits appear at GitHub only during the simulation.
  bool hides_commits = true;
  // How webhooks reach the server. Without kNone, each repository has a hook,
  // and the server has recovery.
  enum class Hooked {
    kNone,       // There are no hooks. Reports with a delivery need none.
    kDelivered,  // Through the shim. Recovery has GitHub repeat what it missed.
    kPulled,     // There is no shim. The server reads them at GitHub.
  };
  Hooked hooked = Hooked::kNone;
  // GitHub's lists of deliveries are so late.
  absl::Duration list_lag;
  std::vector<Incident> incidents;  // In order of time.
};

// Draws the plan of a seed, with about `reports` incidents of kind kReport. The
// same arguments give the same plan.
Plan DrawPlan(uint64_t seed, int reports);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SIMULATION_PLAN_H_
