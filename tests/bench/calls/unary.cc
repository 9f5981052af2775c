#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/bench/calls/rounds.h"
#include "tests/bench/calls/suites.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

using Aim = Figure::Aim;

std::vector<Figure> UnaryOf(const CallOptions& options, Workload::Kind kind,
                            const std::string& suite) {
  const TempDir dir(options.directory);
  const DeadAddress github;
  const Contestant noop = StartNoop();
  const Contestant server = StartServer(dir.Path("data"), github);
  Lane reference(&noop, kind, 1);
  Lane subject(&server, kind, 1);
  CallLoad load;
  load.time = options.time / 4;
  reference.Run(load);
  subject.Run(load);

  load.time = options.time;
  Comparison rate;
  Comparison cpu;
  Comparison p50;
  Comparison p99;
  Comparison max;
  for (int round = 0; round < options.rounds; ++round) {
    ShowProgress(absl::StrCat(suite, ": round ", round + 1));
    double reference_cpu = 0;
    double subject_cpu = 0;
    const CallResult theirs = reference.Run(load, &reference_cpu);
    const CallResult ours = subject.Run(load, &subject_cpu);
    rate.Add(ours.PerSecond(), theirs.PerSecond());
    cpu.Add(subject_cpu, reference_cpu);
    p50.Add(ours.Microseconds(0.5), theirs.Microseconds(0.5));
    p99.Add(ours.Microseconds(0.99), theirs.Microseconds(0.99));
    max.Add(ours.Microseconds(1), theirs.Microseconds(1));
  }
  ShowProgress("");
  const Aim at_least = options.judges_speed ? Aim::kAtLeast : Aim::kNone;
  const Aim at_most = options.judges_speed ? Aim::kAtMost : Aim::kNone;
  return {rate.ToFigure(suite, "durable calls a second, 64 in flight", "/s",
                        at_least, 0.7),
          cpu.ToFigure(suite, "CPU of the server per call", "us", at_most, 1.8),
          p50.ToFigure(suite, "from sent to answered, p50", "us"),
          p99.ToFigure(suite, "from sent to answered, p99", "us"),
          max.ToFigure(suite, "from sent to answered, max", "us"),
          NothingFailed(suite, subject.failed() + reference.failed())};
}

}  // namespace

std::vector<Figure> Unary(const CallOptions& options) {
  std::vector<Figure> figures = UnaryOf(
      options, Workload::Kind::kPendingAndResult, "unary: pending and result");
  std::vector<Figure> more =
      UnaryOf(options, Workload::Kind::kNewKeys, "unary: new keys");
  std::move(more.begin(), more.end(), std::back_inserter(figures));
  return figures;
}

}  // namespace signalbox
