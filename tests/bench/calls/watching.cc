#include <functional>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/bench/calls/rounds.h"
#include "tests/bench/calls/suites.h"
#include "tests/bench/calls/watch_load.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

struct Audience {
  std::string what;
  bool wants_something = true;
  std::function<std::string(int)> repository_of;
};

}  // namespace

std::vector<Figure> Watching(const CallOptions& options) {
  const int count = options.judges_speed ? 1000 : 20;
  const Audience audiences[] = {
      {"each of a repository of its own, where nothing happens", false,
       [](int i) { return absl::StrCat("acme/quiet-", i); }},
      {"each of one of the twenty repositories", true,
       [](int i) { return Workload::RepositoryName(i); }},
      {"each of everything", true, [](int) { return std::string(); }},
  };
  std::vector<Figure> figures;
  for (const Audience& audience : audiences) {
    const TempDir dir(options.directory);
    const DeadAddress github;
    const Contestant watched = StartServer(dir.Path("watched"), github);
    const Contestant alone = StartServer(dir.Path("alone"), github);
    Lane subject(&watched, Workload::Kind::kPendingAndResult, 1);
    Lane reference(&alone, Workload::Kind::kPendingAndResult, 1);
    WarmUp(options, &subject, &reference);
    const std::string suite =
        absl::StrCat("watchers: ", count, ", ", audience.what);
    Watchers watchers(watched.address, count, audience.repository_of);
    const LaneComparison rounds = Compare(options, suite, &subject, &reference);
    figures.push_back(rounds.rate.ToFigure(
        suite, "durable calls a second / the same with nobody watching", "/s",
        options.judges_speed ? Figure::Aim::kAtLeast : Figure::Aim::kNone,
        0.8));
    figures.push_back(
        rounds.cpu.ToFigure(suite, "CPU of the server per call", "us"));
    figures.push_back({suite, "changes received per call",
                       static_cast<double>(watchers.received()) /
                           static_cast<double>(subject.calls()),
                       ""});
    figures.push_back({suite, "watches resumed",
                       static_cast<double>(watchers.resumed()), ""});
    if (!audience.wants_something) figures.back().aim = Figure::Aim::kAtMost;
    figures.push_back(
        {suite, "resident, peak", watched.program->PeakMebibytes(), "MiB"});
    figures.push_back(NothingFailed(
        suite, subject.failed() + reference.failed() + watchers.failed()));
    figures.back().what = "calls and watchers that failed";
  }
  return figures;
}

}  // namespace signalbox
