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

// WebhookDesk carries out the control API's orders to send webhooks. It makes
// the event happen at GitHub and finds the webhooks that get it, or adds one if
// there is none. It sends nothing: it returns the requests that the simulator
// must make.
//
// Not thread-safe.
class WebhookDesk {
 public:
  // The webhook that it adds where there is none.
  struct Options {
    std::string url = "";     // Its receiver.
    std::string secret = "";  // Empty: its deliveries are not signed.
  };

  // What one event has led to.
  struct Job {
    std::string guid = "";
    std::string sha = "";
    int number = 0;                   // Of the pull request.
    std::vector<int64_t> hooks = {};  // The ids of the webhooks that get it.
    // The requests to make, each `times` times. Attempts that have already
    // failed (see Hooks::FailAll) are not among them.
    std::vector<Hooks::Attempt> attempts = {};
    int times = 1;
    bool is_held = false;  // It is sent only when an order releases it.
  };

  // `rules` is borrowed.
  WebhookDesk(Options options, GitHubRules* rules)
      : options_(std::move(options)), rules_(rules) {}

  // Carries out an order and adds its jobs to `jobs`. Returns what is wrong
  // with the order, for people; empty: nothing. Take the attempts of Hooks
  // before the call, because it takes those that are left for its own.
  std::string CarryOut(const WebhookOrder& order, absl::Time now,
                       std::vector<Job>* jobs);

  // The control API's answer about a job. Its attempts must have ended.
  nlohmann::ordered_json AnswerOf(const Job& job) const;

 private:
  // An event that an order holds back, and its job.
  struct Held {
    Hooks::Event event;
    Job job;
  };

  std::string Redeliver(const WebhookOrder& order, absl::Time now, Job* job);
  std::string Announce(const WebhookOrder& order, absl::Time now, Job* job);
  // The webhooks that get the event.
  std::vector<int64_t> Targets(const WebhookOrder& order,
                               const Hooks::Event& event, absl::Time now);
  // The webhook that is used where there is no other. Adds it if necessary.
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
