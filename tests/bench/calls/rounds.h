#ifndef SIGNALBOX_TESTS_BENCH_CALLS_ROUNDS_H_
#define SIGNALBOX_TESTS_BENCH_CALLS_ROUNDS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tests/bench/calls/call_load.h"
#include "tests/bench/calls/contestants.h"
#include "tests/bench/calls/suites.h"
#include "tests/bench/figures.h"

namespace signalbox {

// What the rounds measured of one thing and its reference.
class Comparison {
 public:
  void Add(double value, double reference);

  // Medians. The ratio is the median of the rounds' ratios.
  Figure ToFigure(const std::string& suite, const std::string& what,
                  const std::string& unit, Figure::Aim aim = Figure::Aim::kNone,
                  double target = 0) const;

 private:
  std::vector<double> values_;
  std::vector<double> references_;
  std::vector<double> ratios_;
};

// Closed loops of one workload against one server.
class Lane {
 public:
  // Both are borrowed. Lanes of one server need different seeds for their keys.
  Lane(const Contestant* contestant, Workload::Kind kind, uint64_t seed)
      : contestant_(*contestant), workload_(kind, seed) {}

  // Makes the next calls, and counts their failures.
  CallResult Run(const CallLoad& load);
  // Also returns the server's CPU time for each call, in microseconds.
  CallResult Run(const CallLoad& load, double* cpu_per_call);

  const Workload& workload() const { return workload_; }
  const Stubs& stubs() const { return contestant_.stubs; }
  int64_t calls() const { return calls_; }
  int64_t failed() const { return failed_; }

 private:
  const Contestant& contestant_;
  const Workload workload_;
  int64_t calls_ = 0;
  int64_t failed_ = 0;
};

// What rounds of a lane and its reference measured, per second and per call.
struct LaneComparison {
  Comparison rate;
  Comparison cpu;
  Comparison p50;
  Comparison p99;
  Comparison max;
};

// A short run of both, which does not count.
void WarmUp(const CallOptions& options, Lane* subject, Lane* reference);

// All take turns. Returns one comparison for each reference. Shows `what` while
// it runs.
std::vector<LaneComparison> CompareAll(const CallOptions& options,
                                       const std::string& what, Lane* subject,
                                       const std::vector<Lane*>& references);
inline LaneComparison Compare(const CallOptions& options,
                              const std::string& what, Lane* subject,
                              Lane* reference) {
  return CompareAll(options, what, subject, {reference}).front();
}

// A figure whose aim is that nothing failed.
Figure NothingFailed(const std::string& suite, int64_t failed);

// Shows waiting people what the benchmark is doing.
void ShowProgress(const std::string& what);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_CALLS_ROUNDS_H_
