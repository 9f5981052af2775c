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

// WebhookDesk turns orders for webhooks into what is to be sent: it lets it
// happen at GitHub, finds the hooks that want to know, and makes one where
// nobody registered any. It sends nothing.
//
// Not thread-safe.
class WebhookDesk {
 public:
  struct Options {
    std::string url = "";     // Of the hooks that it makes.
    std::string secret = "";  // Empty: they are not signed.
  };

  // What came of one order.
  struct Job {
    std::string guid = "";
    std::string sha = "";
    int number = 0;
    std::vector<int64_t> hooks = {};  // Who is told.
    // To be sent, each so often; those that failed at once are not among them.
    std::vector<Hooks::Attempt> attempts = {};
    int times = 1;
    bool is_held = false;
  };

  // `rules` is borrowed.
  WebhookDesk(Options options, GitHubRules* rules)
      : options_(std::move(options)), rules_(rules) {}

  // Returns what is wrong with the order, empty if it was carried out. Nothing
  // may be left in the queue of attempts.
  std::string CarryOut(const WebhookOrder& order, absl::Time now,
                       std::vector<Job>* jobs);

  // What the control API answers of a job whose attempts have ended.
  nlohmann::ordered_json AnswerOf(const Job& job) const;

 private:
  // What waits to be sent, and to whom.
  struct Held {
    Hooks::Event event;
    Job job;
  };

  std::string Redeliver(const WebhookOrder& order, absl::Time now, Job* job);
  std::string Announce(const WebhookOrder& order, absl::Time now, Job* job);
  // The hooks that are told of an event at a repository.
  std::vector<int64_t> Targets(const WebhookOrder& order,
                               const Hooks::Event& event, absl::Time now);
  // The hook that stands in for those that nobody registered.
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
