#ifndef SIGNALBOX_TESTS_SIMULATION_WEBHOOKS_H_
#define SIGNALBOX_TESTS_SIMULATION_WEBHOOKS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/calls/conversion.h"
#include "server/outbox/submission.h"
#include "tests/github_simulator/github_rules.h"
#include "tests/github_simulator/hooks.h"
#include "tests/history/history.h"
#include "tests/simulation/random.h"

namespace signalbox {

// The way of GitHub's webhooks to the simulated server: GitHub's hooks, the
// network and a shim. An attempt to deliver can fail at each of them. GitHub
// itself never repeats it; that is what recovery is for.
//
// Not thread-safe.
class Webhooks {
 public:
  // What the shim does with attempts that begin to arrive now.
  enum class Shim {
    kWorks,
    kIsAway,        // Nothing answers at its address.
    kFails,         // It answers 500, and does nothing.
    kRefuses,       // It answers 503, and does nothing.
    kLosesAnswers,  // It does its work, but GitHub gets no answer.
  };

  // What it needs of the simulation.
  struct Surroundings {
    std::function<absl::Time()> now;  // The true time.
    std::function<void(absl::Duration, std::function<void()>)> in;
    // The shim's call for a delivery arrives at the server: a pending for
    // `name`. Calls `done` with true once that is on disk, and with false if
    // the server did not accept it. Never calls it if the server dies.
    std::function<void(Submission, const history::StatusName& name,
                       std::function<void(bool)> done)>
        arrive;
  };

  // A new head of a pull request, or the push of a branch.
  struct Push {
    history::StatusName name;
    int64_t repository_id = 0;
    int pull_request = 0;  // 0: a push.
  };

  // The one context that the configuration expects of every commit.
  static constexpr char kContext[] = "ci/0";
  // The address of the hooks.
  static constexpr char kUrl[] = "https://shim.example.com/event_handler";

  // The configuration that the shim's server goes by.
  static ConvertOptions Conversion();

  // `rules` is borrowed.
  Webhooks(uint64_t seed, GitHubRules* rules, Surroundings world);

  void AddHook(const std::string& full_name);
  void SetShim(Shim shim) { shim_ = shim; }

  // Something happens at GitHub, which makes a delivery. Returns its id.
  std::string Happen(const Push& push);
  // The hook gets some deliveries of an event that the server does not use.
  void MakeNoise(const std::string& full_name, int count);

  // Sends the attempts that GitHub has begun.
  void Pump();

  // All attempts, for the end of the history.
  std::vector<history::Attempted> Attempts() const;

 private:
  struct Made {
    Push push;
    absl::Time updated_time;
  };

  void Arrive(const Hooks::Attempt& attempt, bool answer_is_lost);
  void End(int64_t attempt, int status_code);

  GitHubRules* const rules_;
  const Surroundings world_;
  Random random_;
  Shim shim_ = Shim::kWorks;
  std::map<std::string, Made> made_;  // By delivery id.
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SIMULATION_WEBHOOKS_H_
