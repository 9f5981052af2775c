#ifndef SIGNALBOX_TESTS_BENCH_WEBHOOKS_SUITES_H_
#define SIGNALBOX_TESTS_BENCH_WEBHOOKS_SUITES_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/bench/figures.h"

namespace signalbox {

// How well Signalbox takes webhooks.

struct ThroughputOptions {
  absl::Duration time = absl::Seconds(2);  // Of one run of one server.
  int most_deliveries = 100'000;           // In such a run.
  int rounds = 3;
  int connections = 16;
  // The servers that take part: "signalbox", "Sinatra", "Node".
  std::vector<std::string> servers = {"signalbox", "Sinatra", "Node"};
  bool forms = true;  // Also deliveries that are forms.
  // How long GitHub takes to answer. Zero favours servers that wait for it.
  absl::Duration github_latency = absl::ZeroDuration();
  // Whether speed has aims. Correctness always has.
  bool judges_speed = true;
};
// Signed deliveries over loopback to the shim and the server, and to what
// people use instead, on a real clock. The servers take turns, round after
// round, and figures are medians, so that a busy machine hurts all alike.
std::vector<Figure> Throughput(const ThroughputOptions& options);
// The same, with a GitHub that takes a tenth of a second to answer, as the real
// one does at best.
ThroughputOptions Distant(ThroughputOptions options);

struct OutageOptions {
  int pull_requests = 500;
  absl::Duration time = absl::Hours(1);
};
// The shim is down, alone or with the server, while pull requests are opened.
// Recovery finds what was missed. On a virtual clock, with the store on a real
// disk.
std::vector<Figure> ShimOutage(const OutageOptions& options);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_WEBHOOKS_SUITES_H_
