#ifndef SIGNALBOX_TESTS_BENCH_WEBHOOKS_GITHUB_VIEW_H_
#define SIGNALBOX_TESTS_BENCH_WEBHOOKS_GITHUB_VIEW_H_

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "tests/bench/webhooks/deliveries.h"

namespace httplib {
class Client;
}

namespace signalbox {

// Asks the GitHub simulator, through its control API, what GitHub shows.
class GitHubView {
 public:
  // `address` is the simulator's HOST:PORT.
  explicit GitHubView(const std::string& address);
  ~GitHubView();

  // Lets GitHub take that long for each answer from now on.
  void SetLatency(absl::Duration latency);

  // Waits until the head of each delivery has a status, for at most `limit`.
  // Returns how many heads have none then.
  int AwaitAll(absl::Span<const SignedDelivery> deliveries,
               absl::Duration limit);

  // How many statuses AwaitAll has seen beyond one for each commit.
  int Repeats() const;

 private:
  // Reads the statuses that are new. False: there were none.
  bool ReadOn();

  const std::unique_ptr<httplib::Client> client_;
  int64_t next_ = 0;
  std::unordered_map<std::string, int> statuses_;  // By sha.
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_WEBHOOKS_GITHUB_VIEW_H_
