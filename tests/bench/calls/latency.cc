#include "absl/strings/str_cat.h"
#include "tests/bench/calls/bare_sqlite.h"
#include "tests/bench/calls/rounds.h"
#include "tests/bench/calls/suites.h"
#include "tests/bench/percentile.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

constexpr char kSuite[] = "latency";

double Median(const std::vector<absl::Duration>& took) {
  return absl::ToDoubleMicroseconds(Percentile(took, 0.5));
}

}  // namespace

std::vector<Figure> Latency(const CallOptions& options) {
  const TempDir dir(options.directory);
  const DeadAddress github;
  const Contestant noop = StartNoop();
  const Contestant server = StartServer(dir.Path("data"), github);
  BareSqlite sqlite(dir.Path("bare.db"));
  Lane reference(&noop, Workload::Kind::kPendingAndResult, 1);
  Lane subject(&server, Workload::Kind::kPendingAndResult, 1);
  CallLoad load;
  load.in_flight = 1;
  load.time = options.time / 8;
  reference.Run(load);
  subject.Run(load);

  load.time = options.time / 2;
  Comparison beyond;
  Comparison p50;
  Comparison p99;
  Comparison max;
  std::vector<double> batches;
  for (int round = 0; round < options.rounds; ++round) {
    ShowProgress(absl::StrCat(kSuite, ": round ", round + 1));
    const CallResult theirs = reference.Run(load);
    const double commit = Median(sqlite.Commit(1, load.time));
    const CallResult ours = subject.Run(load);
    beyond.Add(ours.Microseconds(0.5) - theirs.Microseconds(0.5), commit);
    p50.Add(ours.Microseconds(0.5), theirs.Microseconds(0.5));
    p99.Add(ours.Microseconds(0.99), theirs.Microseconds(0.99));
    max.Add(ours.Microseconds(1), theirs.Microseconds(1));
    batches.push_back(64e6 / Median(sqlite.Commit(64, load.time / 2)));
  }
  ShowProgress("");
  Figure figure = beyond.ToFigure(
      kSuite, "p50 beyond the no-op's / bare SQLite commit", "us",
      options.judges_speed ? Figure::Aim::kAtMost : Figure::Aim::kNone, 1.5);
  return {std::move(figure),
          p50.ToFigure(kSuite, "one call in flight, p50", "us"),
          p99.ToFigure(kSuite, "one call in flight, p99", "us"),
          max.ToFigure(kSuite, "one call in flight, max", "us"),
          {kSuite, "bare SQLite, rows a second in batches of 64",
           Percentile(batches, 0.5), "/s"},
          NothingFailed(kSuite, subject.failed() + reference.failed())};
}

}  // namespace signalbox
