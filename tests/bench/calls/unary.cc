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
  const Contestant durable = StartDurable(dir.path());
  const Contestant server = StartServer(dir.Path("data"), github);
  Lane free(&noop, kind, 1);
  Lane bare(&durable, kind, 1);
  Lane subject(&server, kind, 1);
  WarmUp(options, &subject, &free);
  WarmUp(options, &subject, &bare);
  const std::vector<LaneComparison> rounds =
      CompareAll(options, suite, &subject, {&free, &bare});
  const LaneComparison& of_free = rounds[0];
  const LaneComparison& of_bare = rounds[1];
  const bool is_new = kind == Workload::Kind::kNewKeys;
  const Aim at_least = options.judges_speed ? Aim::kAtLeast : Aim::kNone;
  const Aim at_most = options.judges_speed ? Aim::kAtMost : Aim::kNone;
  return {
      of_bare.rate.ToFigure(suite,
                            "durable calls a second / of a bare durable server",
                            "/s", at_least, is_new ? 0.8 : 0.9),
      of_bare.cpu.ToFigure(
          suite, "CPU of the server per call / of a bare durable server", "us",
          at_most, is_new ? 1.35 : 1.15),
      of_free.rate.ToFigure(suite, "durable calls a second, 64 in flight",
                            "/s"),
      of_free.cpu.ToFigure(suite, "CPU of the server per call", "us"),
      of_free.p50.ToFigure(suite, "from sent to answered, p50", "us"),
      of_free.p99.ToFigure(suite, "from sent to answered, p99", "us"),
      of_free.max.ToFigure(suite, "from sent to answered, max", "us"),
      NothingFailed(suite, subject.failed() + free.failed() + bare.failed())};
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
