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
  // Calls a second, come what may (an open loop); 0: as many as get through,
  // with `in_flight` under way at any time (a closed loop).
  double rate = 0;
  int in_flight = 64;
};

struct CallResult {
  // From sending to the answer. In an open loop from when it was the call's
  // turn, even if there was no way to send it then: a server that stalls cannot
  // hide what it kept from being sent.
  std::vector<absl::Duration> latencies;
  int64_t failed = 0;
  std::string first_failure;  // For people.
  absl::Duration time;        // From the begin to the last answer.
  int64_t sent = 0;

  double PerSecond() const {
    return static_cast<double>(latencies.size()) / absl::ToDoubleSeconds(time);
  }
  // The latency that so many stay below, in microseconds; 0: nothing was
  // answered.
  double Microseconds(double share) const;
};

// Connections to a server, which stay.
using Stubs = std::vector<std::unique_ptr<v1::StatusService::Stub>>;
Stubs Connect(const std::string& address, int connections = 4);

// One call at a time, over and over; each of those that are under way at once
// has an object of its own.
class Exchange {
 public:
  // Empty: the answer was what it is to be; else what was wrong, for people.
  using Done = std::function<void(std::string failure)>;

  virtual ~Exchange() = default;
  // Sends the `call`-th one. `done` runs once, on a thread of gRPC's, or here.
  virtual void Begin(v1::StatusService::Stub* stub, int64_t call,
                     Done done) = 0;
};
using MakeExchange = std::function<std::unique_ptr<Exchange>()>;

// Reports of a workload, each of which must be accepted. `workload` is
// borrowed.
MakeExchange Reports(const Workload* workload);
// GetCommitStatus, of commits that the first `calls` calls of a workload were
// about; each must be known.
MakeExchange Reads(const Workload* workload, int64_t calls);

// Makes calls, numbered from `first_call` on, until the time is over, and
// awaits their answers. Whatever is not answered within 10 s has failed.
CallResult SendCalls(const CallLoad& load, const Stubs& stubs,
                     const MakeExchange& make, int64_t first_call);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_CALLS_CALL_LOAD_H_
