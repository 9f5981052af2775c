#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/bench/webhooks/outage_world.h"
#include "tests/bench/webhooks/suites.h"

namespace signalbox {
namespace {

using Aim = Figure::Aim;

constexpr absl::Duration kStep = absl::Seconds(1);
constexpr absl::Duration kLimit = absl::Hours(12);

struct Scenario {
  std::string name;
  OutageWorld::Options world;
  bool is_server_away = false;
};

std::vector<Figure> Run(const Scenario& scenario,
                        const OutageOptions& options) {
  OutageWorld world(scenario.world);
  // Everything works, and the hook is known.
  world.OpenPullRequest();
  world.RunFor(absl::Minutes(10));

  world.SetShimUp(false);
  if (scenario.is_server_away) world.SetServerUp(false);
  for (int i = 0; i < options.pull_requests; ++i) {
    world.OpenPullRequest();
    world.RunFor(options.time / options.pull_requests);
  }
  const OutageWorld::Requests before = world.requests();
  world.SetShimUp(true);
  if (scenario.is_server_away) world.SetServerUp(true);
  const absl::Time begin = world.clock().Now();
  while (world.Shown() < world.opened() &&
         world.clock().Now() < begin + kLimit) {
    world.RunFor(kStep);
  }
  const absl::Duration shown = world.clock().Now() - begin;
  const OutageWorld::Requests after = world.requests();
  // Anything that comes later is a repeat.
  world.RunFor(absl::Hours(1));

  const std::string suite = absl::StrCat("outage, ", scenario.name);
  // The first one was there before.
  const double first = 1;
  return {
      {suite, "heads known", world.Known() - first, "", Aim::kAtLeast,
       static_cast<double>(options.pull_requests)},
      {suite, "heads pending at GitHub", world.Shown() - first, "",
       Aim::kAtLeast, static_cast<double>(options.pull_requests)},
      {suite, "statuses beyond one for each head",
       static_cast<double>(world.Repeats()), "", Aim::kAtMost, 0},
      {suite, "arrivals of one event, at most",
       static_cast<double>(world.MostArrivals()), "", Aim::kAtMost, 3},
      {suite, "until the last head is known (virtual)",
       absl::ToDoubleMinutes(world.last_known() - begin), "min", Aim::kNone, 0},
      {suite, "until GitHub shows the last one (virtual)",
       absl::ToDoubleMinutes(shown), "min", Aim::kNone, 0},
      {suite, "requests meanwhile: lists of hooks and deliveries",
       static_cast<double>(after.lists - before.lists), "", Aim::kNone, 0},
      {suite, "  to deliver again",
       static_cast<double>(after.redeliveries - before.redeliveries), "",
       Aim::kNone, 0},
      {suite, "  to set a status",
       static_cast<double>(after.posts - before.posts), "", Aim::kNone, 0},
      {suite, "  others", static_cast<double>(after.others - before.others), "",
       Aim::kNone, 0},
      {suite, "requests while the shim was away",
       static_cast<double>(before.lists + before.redeliveries + before.posts +
                           before.others),
       "", Aim::kNone, 0},
      {suite, "misbehaviour seen by GitHub",
       static_cast<double>(world.Misbehaviour()), "", Aim::kAtMost, 0},
  };
}

}  // namespace

std::vector<Figure> ShimOutage(const OutageOptions& options) {
  OutageWorld::Options unpaced;
  unpaced.pace.per_minute = 0;
  unpaced.pace.max_in_flight = 8;
  const OutageWorld::Options paced;
  OutageWorld::Options app;
  app.is_app = true;
  std::vector<Figure> figures;
  for (const Scenario& scenario : std::vector<Scenario>{
           {"no pace, the shim returns", unpaced, false},
           {"no pace, both restart", unpaced, true},
           {"a hook at github.com's pace, the shim returns", paced, false},
           {"a hook at github.com's pace, both restart", paced, true},
           {"an App's hook at github.com's pace, the shim returns", app, false},
           {"an App's hook at github.com's pace, both restart", app, true}}) {
    for (Figure& figure : Run(scenario, options)) {
      figures.push_back(std::move(figure));
    }
  }
  return figures;
}

}  // namespace signalbox
