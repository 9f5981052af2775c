#ifndef SIGNALBOX_TESTS_BENCH_REST_SUITES_H_
#define SIGNALBOX_TESTS_BENCH_REST_SUITES_H_

#include <vector>

#include "absl/time/time.h"
#include "tests/bench/figures.h"

namespace signalbox {

// The suites of the benchmark "rest": what tools that speak GitHub's REST API
// gain and lose when they post through Signalbox. Each returns its figures.

struct RestOptions {
  absl::Duration time = absl::Seconds(3);  // How long one turn takes.
  int rounds = 5;
  int clients = 16;
  // Of the storm.
  int keys = 1000;
  int transitions = 20;
  // False: figures of speed have no aims. Figures of correctness always have.
  bool judges_speed = true;
};

// Octokit posts to a GitHub that answers after 0.1 s, directly and through
// Signalbox, in turns.
std::vector<Figure> DirectOrThrough(const RestOptions& options);

// The endpoint alone. A client of raw sockets sends statuses to it, which
// Signalbox makes durable, and to a handler of cpp-httplib that reads the same
// body and makes one call to a gRPC server that does nothing.
std::vector<Figure> Endpoint(const RestOptions& options);

// Octokit sets the states of many keys again and again while GitHub refuses
// posts with its secondary limit; through Signalbox, and then directly.
std::vector<Figure> RestStorm(const RestOptions& options);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_REST_SUITES_H_
