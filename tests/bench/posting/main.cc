// Measures how well Signalbox posts; see suites.h.

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "common/log.h"
#include "tests/bench/figures.h"
#include "tests/bench/posting/suites.h"

int main(int argc, char** argv) {
  using namespace signalbox;
  CLI::App app("Measures how well Signalbox posts.");
  std::vector<std::string> suites = {"storm", "fairness", "idle", "outage"};
  StormOptions storm;
  OutageOptions outage;
  FairnessOptions fairness;
  IdleOptions idle;
  double outage_hours = 24;
  bool json = false;
  bool quick = false;
  app.add_option("suite", suites,
                 "Suites to run: storm, fairness, idle, outage [all]")
      ->check(CLI::IsMember(suites));
  app.add_flag("--json", json, "Print the figures as JSON");
  app.add_flag("--quick", quick,
               "Run with small numbers, to see that the benchmark works. The "
               "figures mean nothing");
  app.add_option(
      "--outage-hours", outage_hours,
      "In suite outage: virtual hours for which GitHub is down [24]");
  app.add_option("--outage-keys", outage.keys,
                 "In suite outage: how many keys farms report about [100000]");
  CLI11_PARSE(app, argc, argv);
  outage.time = absl::Hours(outage_hours);
  if (quick) {
    storm = {.keys = 400, .transitions = 20};
    outage.keys = 300;
    outage.time = absl::Minutes(10);
    outage.reports_per_second = 20;
    fairness = {.busy_entries = 300, .calm_repositories = 20};
    idle.calls = 50;
  }

  std::vector<Figure> figures;
  for (const std::string& suite : suites) {
    const std::vector<Figure> more = suite == "storm"      ? Storm(storm)
                                     : suite == "fairness" ? Fairness(fairness)
                                     : suite == "idle"     ? Idle(idle)
                                                           : Outage(outage);
    figures.insert(figures.end(), more.begin(), more.end());
  }
  const bool met = PrintFigures(figures, json);
  return met || quick ? 0 : 1;
}
