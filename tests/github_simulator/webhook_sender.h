#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_WEBHOOK_SENDER_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_WEBHOOK_SENDER_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "common/mutex.h"
#include "server/base/clock.h"
#include "tests/github_simulator/hooks.h"

namespace signalbox {

// Makes the HTTP requests of webhooks as GitHub makes them, on its own threads
// or on the caller's. It hides cpp-httplib.
//
// Thread-safe.
class WebhookSender {
 public:
  // How a request ended.
  struct Result {
    Hooks::Outcome outcome;
    std::string error;  // Why there was no answer; empty: there was one.
  };
  // Called on one of the sender's threads when a request of Enqueue has ended.
  using Done = std::function<void(const Hooks::Attempt&, const Result&)>;

  // A receiver must answer within `timeout`. `clock` is borrowed.
  WebhookSender(absl::Duration timeout, Clock* clock, Done done);
  // Stops.
  ~WebhookSender();

  // Makes the request on the caller's thread, and waits for the answer.
  Result Send(const Hooks::Attempt& attempt);

  // Makes the request soon on one of the sender's threads, a few at a time, and
  // then calls `done`. Does nothing after Stop.
  void Enqueue(Hooks::Attempt attempt);

  // Cuts the requests under way short, waits for their ends, and sends nothing
  // from now on.
  void Stop();

 private:
  class Connection;

  void Run();

  const absl::Duration timeout_;
  Clock* const clock_;
  const Done done_;

  Mutex mu_;
  CondVar changed_;
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
  std::deque<Hooks::Attempt> queue_ ABSL_GUARDED_BY(mu_);
  std::set<Connection*> open_ ABSL_GUARDED_BY(mu_);
  size_t idle_ ABSL_GUARDED_BY(mu_) = 0;
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(mu_);
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_WEBHOOK_SENDER_H_
