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

// How calls are made.
struct CallLoad {
  absl::Duration time = absl::Seconds(2);
  // Calls a second, regardless of the answers (an open loop); 0: as many as get
  // through, with `in_flight` under way at any time (a closed loop).
  double rate = 0;
  int in_flight = 64;
};

struct CallResult {
  // From sending to the answer. In an open loop from the call's turn, even if
  // it could not be sent then: a server that stalls cannot hide the calls that
  // it delayed.
  std::vector<absl::Duration> latencies;
  int64_t failed = 0;
  std::string first_failure;  // For people.
  absl::Duration time;        // From the begin to the last answer.
  int64_t sent = 0;

  double PerSecond() const {
    return static_cast<double>(latencies.size()) / absl::ToDoubleSeconds(time);
  }
  // The latency that this share of the calls stays below, in microseconds; 0:
  // there were no answers.
  double Microseconds(double share) const;
};

// Connections to a server, which stay open.
using Stubs = std::vector<std::unique_ptr<v1::StatusService::Stub>>;
Stubs Connect(const std::string& address, int connections = 4);

// One call at a time, over and over. Each of the calls that are under way at
// once has its own object.
class Exchange {
 public:
  // Empty if the answer was right, else what was wrong, for people.
  using Done = std::function<void(std::string failure)>;

  virtual ~Exchange() = default;
  // Sends call number `call`. `done` runs once, on a thread of gRPC's, or here.
  virtual void Begin(v1::StatusService::Stub* stub, int64_t call,
                     Done done) = 0;
};
using MakeExchange = std::function<std::unique_ptr<Exchange>()>;

// Reports of a workload, each of which must be accepted. `workload` is
// borrowed.
MakeExchange Reports(const Workload* workload);
// GetCommitStatus for the commits of the first `calls` calls of a workload.
// Each must be known.
MakeExchange Reads(const Workload* workload, int64_t calls);

// Makes calls, numbered from `first_call` on, until the time is over, and
// awaits their answers. A call without an answer within 10 s has failed.
CallResult SendCalls(const CallLoad& load, const Stubs& stubs,
                     const MakeExchange& make, int64_t first_call);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_CALLS_CALL_LOAD_H_
