#ifndef SIGNALBOX_TESTS_BENCH_CALLS_STREAM_LOAD_H_
#define SIGNALBOX_TESTS_BENCH_CALLS_STREAM_LOAD_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "tests/bench/calls/call_load.h"
#include "tests/bench/calls/workload.h"

namespace signalbox {

// How SendStreams reports.
struct StreamLoad {
  absl::Duration time = absl::Seconds(30);
  // The most reports of one stream that are sent and not answered. Each stub
  // has one stream.
  int window = 256;
  // The most reports a second, of all streams together. 0: no limit.
  double rate = 0;
};

// What SendStreams measured.
struct StreamResult {
  int64_t answered = 0;
  int64_t sent = 0;
  int64_t failed = 0;         // Not accepted, answered twice, or never.
  std::string first_failure;  // What went wrong first, for people.
  absl::Duration time;        // From the start to the last answer.
  double PerSecond() const {
    return static_cast<double>(answered) / absl::ToDoubleSeconds(time);
  }
};

// Sends the reports of `workload`, numbered from `first_call` on, by
// StreamReports until load.time is over, and waits for their answers.
StreamResult SendStreams(const StreamLoad& load, const Stubs& stubs,
                         const Workload& workload, int64_t first_call);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_CALLS_STREAM_LOAD_H_
