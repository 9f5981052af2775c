#ifndef SIGNALBOX_TESTS_BENCH_WEBHOOKS_SUITES_H_
#define SIGNALBOX_TESTS_BENCH_WEBHOOKS_SUITES_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/bench/figures.h"

namespace signalbox {

// The suites of the benchmark "webhooks": how well Signalbox takes webhooks.
// Each returns its figures.

struct ThroughputOptions {
  absl::Duration time = absl::Seconds(2);  // How long one run takes.
  int most_deliveries = 100'000;           // The most deliveries of one run.
  int rounds = 3;                          // How many runs each server has.
  int connections = 16;
  // The servers that take part: "signalbox", "Sinatra", "Node".
  std::vector<std::string> servers = {"signalbox", "Sinatra", "Node"};
  bool forms = true;  // Also deliveries that are forms.
  // How long GitHub takes to answer. Zero favours servers that post before they
  // answer.
  absl::Duration github_latency = absl::ZeroDuration();
  // False: figures of speed have no aims. Figures of correctness always have.
  bool judges_speed = true;
};
// How many deliveries a second Signalbox and other servers take, over loopback
// and on a real clock. The servers take turns, round after round, and the
// figures are medians, so that a busy machine hurts all alike.
std::vector<Figure> Throughput(const ThroughputOptions& options);
// The same options with a GitHub that takes 0.1 s to answer. The real GitHub is
// not faster.
ThroughputOptions Distant(ThroughputOptions options);

// How long the shim is down, and how many pull requests people open meanwhile.
struct OutageOptions {
  int pull_requests = 500;
  absl::Duration time = absl::Hours(1);
};
// The shim is down, alone or together with the server, while people open pull
// requests. How soon does recovery find all of them, and with how many
// requests? On a virtual clock, with the store on a real disk.
std::vector<Figure> ShimOutage(const OutageOptions& options);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_WEBHOOKS_SUITES_H_
