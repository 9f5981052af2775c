#ifndef SIGNALBOX_TESTS_BENCH_CALLS_SUITES_H_
#define SIGNALBOX_TESTS_BENCH_CALLS_SUITES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/bench/figures.h"

namespace signalbox {

// How well signalbox-server takes calls, on a real clock and a real disk, with
// GitHub out of reach (see contestants.h for why). Each figure is measured
// beside a reference, in turns, round after round. A ratio is the median of the
// rounds' ratios.

struct CallOptions {
  // Where the servers keep their data: a real disk.
  std::string directory;
  int rounds = 9;
  absl::Duration time = absl::Seconds(1.5);  // Of one turn.
  // Of the streams, without a pause.
  absl::Duration stream_time = absl::Seconds(30);
  // Whether speed has aims. Correctness always has.
  bool judges_speed = true;
};

// 64 unary calls in flight, beside a server that does nothing: calls a second,
// and the server's CPU time per call. With both workloads.
std::vector<Figure> Unary(const CallOptions& options);

// One call at a time: how much longer it takes than at a server that does
// nothing, beside one commit of a bare SQLite.
std::vector<Figure> Latency(const CallOptions& options);

// StreamReports, beside unary calls of a server that does nothing. Only a note
// if the server has no StreamReports.
std::vector<Figure> Streaming(const CallOptions& options);

// GetCommitStatus while reports come in, beside the same without.
std::vector<Figure> Reading(const CallOptions& options);

// Acceptance with a thousand watchers, beside the same without.
std::vector<Figure> Watching(const CallOptions& options);

// Server and shim with nothing to do.
std::vector<Figure> Resting(const CallOptions& options);

// Webhooks to the shim in front of a server that does nothing, beside
// cpp-httplib that reads the same bodies.
std::vector<Figure> Shim(const CallOptions& options);

struct ScaleOptions {
  int64_t due_keys = 1'000'000;
  // One after the other: the cost as the state grows.
  std::vector<int64_t> known_keys = {10'000, 1'000'000, 5'000'000};
  int64_t reports_per_key = 10;  // Of the known ones.
};
// Acceptance with many keys due, and with many more in the database, beside
// that of an empty server.
std::vector<Figure> Scale(const CallOptions& options,
                          const ScaleOptions& scale);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_CALLS_SUITES_H_
