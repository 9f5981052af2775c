#include "tests/bench/calls/rounds.h"

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "tests/bench/percentile.h"

namespace signalbox {

CallResult Lane::Run(const CallLoad& load) {
  CallResult result =
      SendCalls(load, contestant_.stubs, Reports(&workload_), calls_);
  calls_ += result.sent;
  failed_ += result.failed;
  if (result.latencies.empty()) {
    GiveUp(absl::StrCat(contestant_.program->name(),
                        " answers nothing: ", result.first_failure));
  }
  if (result.failed > 0) {
    std::fprintf(stderr, "\n%s: %s\n", contestant_.program->name().c_str(),
                 result.first_failure.c_str());
  }
  return result;
}

CallResult Lane::Run(const CallLoad& load, double* cpu_per_call) {
  CallResult result;
  const absl::Duration cpu =
      CpuOf(*contestant_.program, [&] { result = Run(load); });
  *cpu_per_call = absl::ToDoubleMicroseconds(cpu) /
                  static_cast<double>(result.latencies.size());
  return result;
}

void WarmUp(const CallOptions& options, Lane* subject, Lane* reference) {
  CallLoad load;
  load.time = options.time / 4;
  reference->Run(load);
  subject->Run(load);
}

std::vector<LaneComparison> CompareAll(const CallOptions& options,
                                       const std::string& what, Lane* subject,
                                       const std::vector<Lane*>& references) {
  CallLoad load;
  load.time = options.time;
  std::vector<LaneComparison> comparisons(references.size());
  for (int round = 0; round < options.rounds; ++round) {
    ShowProgress(absl::StrCat(what, ": round ", round + 1));
    std::vector<double> their_cpu(references.size());
    std::vector<CallResult> theirs;
    for (size_t i = 0; i < references.size(); ++i) {
      theirs.push_back(references[i]->Run(load, &their_cpu[i]));
    }
    double our_cpu = 0;
    const CallResult ours = subject->Run(load, &our_cpu);
    for (size_t i = 0; i < references.size(); ++i) {
      LaneComparison& rounds = comparisons[i];
      rounds.rate.Add(ours.PerSecond(), theirs[i].PerSecond());
      rounds.cpu.Add(our_cpu, their_cpu[i]);
      rounds.p50.Add(ours.Microseconds(0.5), theirs[i].Microseconds(0.5));
      rounds.p99.Add(ours.Microseconds(0.99), theirs[i].Microseconds(0.99));
      rounds.max.Add(ours.Microseconds(1), theirs[i].Microseconds(1));
    }
  }
  ShowProgress("");
  return comparisons;
}

Figure NothingFailed(const std::string& suite, int64_t failed) {
  return {suite, "calls that failed",  static_cast<double>(failed),
          "",    Figure::Aim::kAtMost, 0};
}

void ShowProgress(const std::string& what) {
  std::fprintf(stderr, "\r%-70s", what.c_str());
}

}  // namespace signalbox
