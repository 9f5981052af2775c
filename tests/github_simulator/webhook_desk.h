#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_WEBHOOK_DESK_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_WEBHOOK_DESK_H_

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/github_simulator/github_rules.h"
#include "tests/github_simulator/hooks.h"
#include "tests/github_simulator/webhook_order.h"

namespace signalbox {

// WebhookDesk carries out orders for webhooks: it makes the event happen at
// GitHub, finds the hooks that want it, and adds a hook if there is none. It
// returns the requests to make, and sends nothing.
//
// Not thread-safe.
class WebhookDesk {
 public:
  struct Options {
    std::string url = "";     // For the hooks that it adds.
    std::string secret = "";  // Empty: no signature.
  };

  // The outcome of one order.
  struct Job {
    std::string guid = "";
    std::string sha = "";
    int number = 0;
    std::vector<int64_t> hooks = {};  // These get the event.
    // To send, each `times` times. Those that failed at once are left out.
    std::vector<Hooks::Attempt> attempts = {};
    int times = 1;
    bool is_held = false;
  };

  // `rules` is borrowed.
  WebhookDesk(Options options, GitHubRules* rules)
      : options_(std::move(options)), rules_(rules) {}

  // Returns what is wrong with the order; empty: it was carried out. The queue
  // of attempts must be empty before.
  std::string CarryOut(const WebhookOrder& order, absl::Time now,
                       std::vector<Job>* jobs);

  // The control API's answer about a job whose attempts have ended.
  nlohmann::ordered_json AnswerOf(const Job& job) const;

 private:
  // An event that waits to be sent, and its hooks.
  struct Held {
    Hooks::Event event;
    Job job;
  };

  std::string Redeliver(const WebhookOrder& order, absl::Time now, Job* job);
  std::string Announce(const WebhookOrder& order, absl::Time now, Job* job);
  // The hooks that get an event at a repository.
  std::vector<int64_t> Targets(const WebhookOrder& order,
                               const Hooks::Event& event, absl::Time now);
  // The hook that is used where nobody registered one.
  int64_t DefaultHook(const WebhookOrder& order, absl::Time now);
  void Send(const Hooks::Event& event, absl::Time now, Job* job);
  std::string RandomSha();

  const Options options_;
  GitHubRules* const rules_;
  std::set<int64_t> default_hooks_;
  std::vector<Held> held_;
  std::mt19937_64 random_{std::random_device()()};
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_WEBHOOK_DESK_H_
