#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/base/clock.h"
#include "tests/bench/rest/rest_world.h"
#include "tests/bench/rest/suites.h"

namespace signalbox {
namespace {

using nlohmann::json;

constexpr absl::Duration kShownLimit = absl::Minutes(5);

// What GitHub has of a repository's keys.
struct Picture {
  double statuses = 0;  // That GitHub accepted.
  double wrong = 0;     // Keys that do not show their last state.
};

Picture PictureOf(const RestWorld& world, const std::string& repository,
                  const json& last) {
  Picture picture;
  for (const json& key : last) {
    const json found =
        world.Ask(absl::StrCat("statuses?repository=bench/", repository,
                               "&sha=", key["sha"].get<std::string>()));
    picture.statuses += static_cast<double>(found["rows"].size());
    if (found["shown"].size() != 1 ||
        found["shown"][0]["state"] != key["state"]) {
      picture.wrong += 1;
    }
  }
  return picture;
}

// The same, once it is right, or at the end of kShownLimit.
Picture AwaitPicture(const RestWorld& world, const std::string& repository,
                     const json& last) {
  const SteadyTime limit = Clock::System()->Steady() + kShownLimit;
  int64_t next = 0;
  while (true) {
    const Picture picture = PictureOf(world, repository, last);
    if (picture.wrong == 0 || Clock::System()->Steady() > limit) return picture;
    // Waits until GitHub gets another status, for a second at most.
    next = world.Ask(absl::StrCat("events?wait=1&after=", next))["next"];
  }
}

}  // namespace

std::vector<Figure> RestStorm(const RestOptions& options) {
  constexpr char kSuite[] = "storm";
  std::vector<Figure> figures;
  for (const bool through : {true, false}) {
    const RestWorld world;
    // GitHub refuses every post until the fault ends.
    world.Order("faults", {{"name", "secondary_limit"},
                           {"seconds", 10},
                           {"count", -1},
                           {"target_contains", "/statuses/"}});
    const json result = RunOctokit(
        {{"base_url", through ? world.rest_url() : world.github_url()},
         {"token", "token"},
         {"clients", options.clients},
         {"keys", options.keys},
         {"transitions", options.transitions},
         {"repository", "storm"}});
    world.EndFaults();
    const Picture picture = through
                                ? AwaitPicture(world, "storm", result["last"])
                                : PictureOf(world, "storm", result["last"]);
    const auto add = [&](const std::string& what, double value,
                         const std::string& unit, double target) {
      figures.push_back(
          {kSuite,
           absl::StrCat(through ? "through Signalbox: " : "directly: ", what),
           value, unit,
           through && target >= 0 ? Figure::Aim::kAtMost : Figure::Aim::kNone,
           target});
    };
    const double reports = result["count"].get<double>();
    add("statuses that Octokit reported a second",
        reports / result["seconds"].get<double>(), "/s", -1);
    add("statuses that were refused to Octokit",
        result["refused"].get<double>(), "", 0);
    add("statuses that GitHub got, a key", picture.statuses / options.keys, "",
        1.05);
    add("keys that do not show their last state", picture.wrong, "", 0);
  }
  return figures;
}

}  // namespace signalbox
