#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_SIMULATOR_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_SIMULATOR_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/mutex.h"
#include "server/base/clock.h"
#include "tests/github_simulator/github_rules.h"
#include "tests/github_simulator/request_target.h"
#include "tests/github_simulator/webhook_desk.h"
#include "tests/github_simulator/webhook_sender.h"

namespace signalbox {

// Everything that signalbox-github-simulator serves, without sockets: GitHub's
// API by GitHubRules, the control API under /_simulator/ (README.md describes
// it), and pages that show what GitHub would show.
//
// Thread-safe.
class Simulator {
 public:
  // `clock` is borrowed.
  Simulator(GitHubRules::Options options, WebhookDesk::Options webhooks,
            Clock* clock);

  // Answers a request. May block: a long poll of the control API for as long as
  // it asks, at most a minute, and an order to send a webhook until the
  // receiver has answered. The caller must obey the answer's `delay` and
  // `reset_connection`, and then call End.
  SimulatedResponse Handle(const SimulatedRequest& request);

  // The client of that exchange has its answer or has gone. See
  // GitHubRules::Close.
  void End(int64_t exchange, bool is_answered);

  // Ends all calls that block and all webhooks that are being sent. From now on
  // no call blocks, and no webhook is sent.
  void Stop();

 private:
  SimulatedResponse Control(const SimulatedRequest& request,
                            const RequestTarget& target);
  // Waits until something changes, or until `end`.
  void WaitForChange(SteadyTime end) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  SimulatedResponse Events(const RequestTarget& target);
  SimulatedResponse Statuses(const RequestTarget& target);
  SimulatedResponse Counters();
  SimulatedResponse SendWebhook(absl::string_view body);
  SimulatedResponse Deliveries(const RequestTarget& target);
  // Sends the redeliveries that clients ordered through GitHub's API.
  void SendQueued() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void EndAttempt(const Hooks::Attempt& attempt,
                  const WebhookSender::Result& result);
  // Sets `page` to the page at that target. False: there is none. The page at
  // `/` is for clients that do not ask for the API's JSON, which is there, too.
  bool Page(const SimulatedRequest& request, const RequestTarget& target,
            SimulatedResponse* page);

  Clock* const clock_;

  Mutex mu_;
  CondVar changed_;
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
  GitHubRules rules_ ABSL_GUARDED_BY(mu_);
  WebhookDesk desk_ ABSL_GUARDED_BY(mu_);

  // Destroyed first, as its threads use the rest.
  WebhookSender sender_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_SIMULATOR_H_
