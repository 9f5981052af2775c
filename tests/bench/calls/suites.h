#ifndef SIGNALBOX_TESTS_BENCH_CALLS_SUITES_H_
#define SIGNALBOX_TESTS_BENCH_CALLS_SUITES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/bench/figures.h"

namespace signalbox {

// The suites of the benchmark "calls": how well signalbox-server takes calls,
// on a real clock and a real disk, while GitHub is down (see contestants.h for
// why). Each figure is measured beside a reference: both take turns, round
// after round, so that a change of the machine's speed hurts both. A ratio is
// the median of the rounds' ratios.

// What all suites need.
struct CallOptions {
  // Where the servers keep their data. It must be on a real disk.
  std::string directory;
  int rounds = 9;
  absl::Duration time = absl::Seconds(1.5);  // Of one turn.
  // How long Streaming sends without a pause.
  absl::Duration stream_time = absl::Seconds(30);
  // False: figures of speed have no aims. Figures of correctness always have.
  bool judges_speed = true;
};

// Calls a second and the server's CPU time per call, with 64 unary calls in
// flight, for both kinds of workload. Reference: a server that does nothing.
std::vector<Figure> Unary(const CallOptions& options);

// How long one call takes when there are no others. References: a server that
// does nothing, and a commit of a bare SQLite.
std::vector<Figure> Latency(const CallOptions& options);

// StreamReports. Reference: unary calls of a server that does nothing. If the
// server has no StreamReports, the figure is only a note.
std::vector<Figure> Streaming(const CallOptions& options);

// GetCommitStatus while reports come in. Reference: the same without reports.
std::vector<Figure> Reading(const CallOptions& options);

// Acceptance while a thousand watchers watch. Reference: the same without
// watchers.
std::vector<Figure> Watching(const CallOptions& options);

// The CPU time and memory of server and shim with nothing to do.
std::vector<Figure> Resting(const CallOptions& options);

// Webhooks to the shim, whose server does nothing. Reference: cpp-httplib that
// reads the same bodies.
std::vector<Figure> Shim(const CallOptions& options);

// How much the database of Scale holds.
struct ScaleOptions {
  int64_t due_keys = 1'000'000;  // Keys that wait to be posted.
  // Keys in the database, from step to step. Acceptance is measured at each.
  std::vector<int64_t> known_keys = {10'000, 1'000'000, 5'000'000};
  int64_t reports_per_key = 10;  // In the history of each known key.
};
// Acceptance with many due keys, and with many keys in the database. Reference:
// an empty server.
std::vector<Figure> Scale(const CallOptions& options,
                          const ScaleOptions& scale);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_CALLS_SUITES_H_
