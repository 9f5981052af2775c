#include <limits>

#include "absl/strings/str_cat.h"
#include "tests/bench/calls/rounds.h"
#include "tests/bench/calls/stream_load.h"
#include "tests/bench/calls/suites.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

constexpr char kSuite[] = "streams";

}  // namespace

std::vector<Figure> Streaming(const CallOptions& options) {
  const TempDir dir(options.directory);
  const DeadAddress github;
  const Contestant noop = StartNoop();
  const Contestant server = StartServer(dir.Path("data"), github);
  Lane reference(&noop, Workload::Kind::kPendingAndResult, 1);
  const Workload streamed(Workload::Kind::kPendingAndResult, 2);
  CallLoad load;
  load.time = options.time;

  ShowProgress("streams: the no-op's");
  StreamLoad stream;
  stream.time = options.time;
  const StreamResult theirs = SendStreams(stream, noop.stubs, streamed, 0);
  const double before = reference.Run(load).PerSecond();
  ShowProgress("streams: ours");
  stream.time = options.stream_time;
  StreamResult ours;
  const absl::Duration cpu = CpuOf(*server.program, [&] {
    ours = SendStreams(stream, server.stubs, streamed, 0);
  });
  const double after = reference.Run(load).PerSecond();
  ShowProgress("");

  std::vector<Figure> figures;
  const double unary = (before + after) / 2;
  figures.push_back(
      {kSuite, "durable reports a second / the no-op's unary calls",
       ours.PerSecond(), "/s",
       options.judges_speed ? Figure::Aim::kAtLeast : Figure::Aim::kNone, 1.5,
       unary, ours.PerSecond() / unary});
  figures.push_back(
      {kSuite, "CPU of the server per report",
       absl::ToDoubleMicroseconds(cpu) / static_cast<double>(ours.answered),
       "us"});
  figures.push_back(NothingFailed(kSuite, ours.failed));
  figures.back().note = ours.first_failure;
  figures.push_back(
      {kSuite, "the no-op's reports a second", theirs.PerSecond(), "/s"});
  figures.push_back(NothingFailed(kSuite, theirs.failed + reference.failed()));
  figures.back().what = "calls and reports of the no-op that failed";
  return figures;
}

}  // namespace signalbox
