#include "tests/bench/comparison.h"
#include "tests/bench/rest/rest_world.h"
#include "tests/bench/rest/suites.h"

namespace signalbox {

std::vector<Figure> DirectOrThrough(const RestOptions& options) {
  const RestWorld world;
  world.Order("settings", {{"answer_delay_ms", 100}});
  Comparison p50;
  Comparison p99;
  Comparison rate;
  double refused = 0;
  const auto run = [&](const std::string& url) {
    nlohmann::json result =
        RunOctokit({{"base_url", url},
                    {"token", "token"},
                    {"clients", options.clients},
                    {"seconds", absl::ToDoubleSeconds(options.time)}});
    refused += result["refused"].get<double>();
    return result;
  };
  for (int round = 0; round < options.rounds; ++round) {
    const nlohmann::json direct = run(world.github_url());
    const nlohmann::json through = run(world.rest_url());
    p50.Add(through["p50_ms"], direct["p50_ms"]);
    p99.Add(through["p99_ms"], direct["p99_ms"]);
    rate.Add(through["count"].get<double>() / through["seconds"].get<double>(),
             direct["count"].get<double>() / direct["seconds"].get<double>());
  }
  constexpr char kSuite[] = "octokit";
  return {p50.ToFigure(kSuite, "a call through Signalbox, of a direct one, p50",
                       "ms"),
          p99.ToFigure(kSuite, "a call through Signalbox, of a direct one, p99",
                       "ms"),
          rate.ToFigure(kSuite, "statuses a second, of direct ones", "/s"),
          {kSuite, "calls refused", refused, "", Figure::Aim::kAtMost, 0}};
}

}  // namespace signalbox
