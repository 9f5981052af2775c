#ifndef SIGNALBOX_TESTS_BENCH_CALLS_ROUNDS_H_
#define SIGNALBOX_TESTS_BENCH_CALLS_ROUNDS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tests/bench/calls/call_load.h"
#include "tests/bench/calls/contestants.h"
#include "tests/bench/calls/suites.h"
#include "tests/bench/comparison.h"
#include "tests/bench/figures.h"

namespace signalbox {

// One workload that is sent to one server in closed loops, again and again. It
// remembers where it stopped, so that no call is made twice.
class Lane {
 public:
  // `contestant` is borrowed. Lanes of one server need different seeds, so that
  // their keys differ.
  Lane(const Contestant* contestant, Workload::Kind kind, uint64_t seed)
      : contestant_(*contestant), workload_(kind, seed) {}

  // Makes calls for one turn, the next ones of the workload, and counts
  // failures.
  CallResult Run(const CallLoad& load);
  // Also sets the server's CPU time for each call, in microseconds.
  CallResult Run(const CallLoad& load, double* cpu_per_call);

  const Workload& workload() const { return workload_; }
  const Stubs& stubs() const { return contestant_.stubs; }
  // How many calls it has made, and how many of them failed.
  int64_t calls() const { return calls_; }
  int64_t failed() const { return failed_; }

 private:
  const Contestant& contestant_;
  const Workload workload_;
  int64_t calls_ = 0;
  int64_t failed_ = 0;
};

// A subject compared with a reference: calls a second, CPU time per call, and
// latencies (median, 99th percentile, longest), in microseconds.
struct LaneComparison {
  Comparison rate;
  Comparison cpu;
  Comparison p50;
  Comparison p99;
  Comparison max;
};

// Lets both run for a short time. The result is not used.
void WarmUp(const CallOptions& options, Lane* subject, Lane* reference);

// Lets the subject and the references take turns, options.rounds times. Returns
// the comparison with each reference. Shows `what` as progress.
std::vector<LaneComparison> CompareAll(const CallOptions& options,
                                       const std::string& what, Lane* subject,
                                       const std::vector<Lane*>& references);
// The same with one reference.
inline LaneComparison Compare(const CallOptions& options,
                              const std::string& what, Lane* subject,
                              Lane* reference) {
  return CompareAll(options, what, subject, {reference}).front();
}

// The figure "failed calls", whose aim is 0.
Figure NothingFailed(const std::string& suite, int64_t failed);

// Shows people who wait what the benchmark is doing.
void ShowProgress(const std::string& what);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_CALLS_ROUNDS_H_
