#ifndef SIGNALBOX_TESTS_BENCH_CALLS_CALL_LOAD_H_
#define SIGNALBOX_TESTS_BENCH_CALLS_CALL_LOAD_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "signalbox/v1/status_service.grpc.pb.h"
#include "tests/bench/calls/workload.h"

namespace signalbox {

// How SendCalls makes calls.
struct CallLoad {
  absl::Duration time = absl::Seconds(2);
  // Calls a second, sent at fixed times whether or not the earlier ones were
  // answered (an open loop). 0: a closed loop, in which each answer lets the
  // next call begin, with `in_flight` calls under way at any time.
  double rate = 0;
  int in_flight = 64;
};

// What SendCalls measured.
struct CallResult {
  // Of each answered call, the time from sending to the answer. In an open loop
  // the time counts from when the call was to be sent, even if it could not be
  // sent then. So a server that stalls cannot hide the calls that it delayed.
  std::vector<absl::Duration> latencies;
  int64_t failed = 0;         // Calls with a wrong answer or none.
  std::string first_failure;  // What was wrong with one of them, for people.
  absl::Duration time;        // From the start to the last answer.
  int64_t sent = 0;

  double PerSecond() const {
    return static_cast<double>(latencies.size()) / absl::ToDoubleSeconds(time);
  }
  // The latency in microseconds that `share` of the calls stay below (0.5: the
  // median). 0: there were no answers.
  double Microseconds(double share) const;
};

// Connections to a server, which stay open.
using Stubs = std::vector<std::unique_ptr<v1::StatusService::Stub>>;
Stubs Connect(const std::string& address, int connections = 4);

// Makes one kind of call and judges its answer. An object has one call under
// way at a time; SendCalls makes as many objects as there are calls at once.
class Exchange {
 public:
  // Called with "" if the answer was right, otherwise with what was wrong.
  using Done = std::function<void(std::string failure)>;

  virtual ~Exchange() = default;
  // Sends call number `call`. `done` runs once, on a thread of gRPC or before
  // Begin returns.
  virtual void Begin(v1::StatusService::Stub* stub, int64_t call,
                     Done done) = 0;
};
using MakeExchange = std::function<std::unique_ptr<Exchange>()>;

// Reports calls of a workload. An answer is right if the server accepted the
// report. `workload` is borrowed.
MakeExchange Reports(const Workload* workload);
// Asks GetCommitStatus about the commits of the first `calls` calls of a
// workload, which were reported before. An answer is right if the server knows
// the commit. `workload` is borrowed.
MakeExchange Reads(const Workload* workload, int64_t calls);

// Makes calls, numbered from `first_call` on, until load.time is over, and
// waits for their answers. A call without an answer within 10 s has failed.
CallResult SendCalls(const CallLoad& load, const Stubs& stubs,
                     const MakeExchange& make, int64_t first_call);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_CALLS_CALL_LOAD_H_
