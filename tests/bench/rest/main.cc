// Measures Signalbox as a GitHub for tools that set statuses; see suites.h.

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "tests/bench/figures.h"
#include "tests/bench/rest/suites.h"

int main(int argc, char** argv) {
  using namespace signalbox;
  CLI::App app("Measures Signalbox as a GitHub for tools that set statuses.");
  std::vector<std::string> suites = {"octokit", "endpoint", "storm"};
  RestOptions options;
  bool json = false;
  bool quick = false;
  app.add_option("suite", suites,
                 "Suites to run: octokit, endpoint, storm [all]")
      ->check(CLI::IsMember(suites));
  app.add_flag("--json", json, "Print the figures as JSON");
  app.add_flag("--quick", quick,
               "Run with small numbers, to see that the benchmark works. The "
               "figures mean nothing");
  app.add_option("--rounds", options.rounds, "Turns of each contestant [5]");
  CLI11_PARSE(app, argc, argv);
  if (quick) {
    options.time = absl::Milliseconds(200);
    options.rounds = 1;
    options.keys = 20;
    options.transitions = 3;
    options.judges_speed = false;
  }

  std::vector<Figure> figures;
  for (const std::string& suite : suites) {
    const std::vector<Figure> more = suite == "octokit"
                                         ? DirectOrThrough(options)
                                     : suite == "endpoint" ? Endpoint(options)
                                                           : RestStorm(options);
    figures.insert(figures.end(), more.begin(), more.end());
  }
  return PrintFigures(figures, json) ? 0 : 1;
}
