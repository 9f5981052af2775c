#include "absl/strings/str_cat.h"
#include "server/base/clock.h"
#include "tests/bench/calls/bare_sqlite.h"
#include "tests/bench/calls/rounds.h"
#include "tests/bench/calls/suites.h"
#include "tests/bench/percentile.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

constexpr char kSuite[] = "latency";

using Latencies = std::vector<absl::Duration>;

void Append(const Latencies& more, Latencies* all) {
  all->insert(all->end(), more.begin(), more.end());
}

double Microseconds(const Latencies& latencies, double share) {
  return absl::ToDoubleMicroseconds(Percentile(latencies, share));
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
  // With many in flight, so that the server's log has its full size after this.
  CallLoad load;
  load.time = options.time;
  reference.Run(load);
  subject.Run(load);

  // They take turns call by call, since a disk can be slow for seconds.
  load.in_flight = 1;
  load.time = absl::ZeroDuration();
  Comparison beyond;
  Comparison p50;
  Comparison p99;
  Comparison max;
  std::vector<double> batches;
  for (int round = 0; round < options.rounds; ++round) {
    ShowProgress(absl::StrCat(kSuite, ": round ", round + 1));
    Latencies theirs;
    Latencies commits;
    Latencies ours;
    const SteadyTime end = Clock::System()->Steady() + options.time;
    while (Clock::System()->Steady() < end) {
      Append(reference.Run(load).latencies, &theirs);
      Append(sqlite.Commit(1, absl::ZeroDuration()), &commits);
      Append(subject.Run(load).latencies, &ours);
    }
    beyond.Add(Microseconds(ours, 0.5) - Microseconds(theirs, 0.5),
               Microseconds(commits, 0.5));
    p50.Add(Microseconds(ours, 0.5), Microseconds(theirs, 0.5));
    p99.Add(Microseconds(ours, 0.99), Microseconds(theirs, 0.99));
    max.Add(Microseconds(ours, 1), Microseconds(theirs, 1));
    batches.push_back(64e6 /
                      Microseconds(sqlite.Commit(64, options.time / 4), 0.5));
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
