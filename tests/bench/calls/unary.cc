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
  WarmUp(options, &subject, &reference);
  const LaneComparison rounds = Compare(options, suite, &subject, &reference);
  const Aim at_least = options.judges_speed ? Aim::kAtLeast : Aim::kNone;
  const Aim at_most = options.judges_speed ? Aim::kAtMost : Aim::kNone;
  return {rounds.rate.ToFigure(suite, "durable calls a second, 64 in flight",
                               "/s", at_least, 0.7),
          rounds.cpu.ToFigure(suite, "CPU of the server per call", "us",
                              at_most, 1.8),
          rounds.p50.ToFigure(suite, "from sent to answered, p50", "us"),
          rounds.p99.ToFigure(suite, "from sent to answered, p99", "us"),
          rounds.max.ToFigure(suite, "from sent to answered, max", "us"),
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
