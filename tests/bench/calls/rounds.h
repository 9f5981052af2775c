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

// What the rounds said of one thing and its reference.
class Comparison {
 public:
  void Add(double value, double reference);

  // Medians; the ratio that of the ratios of the rounds.
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
  // Both are borrowed. A seed gives a lane of one server keys of its own.
  Lane(const Contestant* contestant, Workload::Kind kind, uint64_t seed)
      : contestant_(*contestant), workload_(kind, seed) {}

  // The next calls, whose failures are counted.
  CallResult Run(const CallLoad& load);
  // The same, and what each call cost the server, in microseconds of CPU time.
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

// What rounds of one lane and then its reference said, of each second and call.
struct LaneComparison {
  Comparison rate;
  Comparison cpu;
  Comparison p50;
  Comparison p99;
  Comparison max;
};

// A short run of both, which nobody counts.
void WarmUp(const CallOptions& options, Lane* subject, Lane* reference);

// `what` is shown while it runs.
LaneComparison Compare(const CallOptions& options, const std::string& what,
                       Lane* subject, Lane* reference);

// That nothing failed.
Figure NothingFailed(const std::string& suite, int64_t failed);

// What is done at present, for people who wait.
void ShowProgress(const std::string& what);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_CALLS_ROUNDS_H_
