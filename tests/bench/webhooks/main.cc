// Measures how well Signalbox takes webhooks; see suites.h.

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "tests/bench/figures.h"
#include "tests/bench/webhooks/suites.h"

int main(int argc, char** argv) {
  using namespace signalbox;
  CLI::App app("Measures how well Signalbox takes webhooks.");
  std::vector<std::string> suites = {"throughput", "distant", "outage"};
  ThroughputOptions throughput;
  OutageOptions outage;
  bool json = false;
  bool quick = false;
  double seconds = 2;
  app.add_option("suite", suites,
                 "Suites to run: throughput, distant, outage [all]")
      ->check(CLI::IsMember(suites));
  app.add_flag("--json", json, "Print the figures as JSON");
  app.add_flag("--quick", quick,
               "Run with small numbers, to see that the benchmark works. The "
               "figures mean nothing");
  app.add_option("--rounds", throughput.rounds, "Runs of each server [3]");
  app.add_option("--seconds", seconds, "Seconds of one run of one server [2]");
  app.add_option("--servers", throughput.servers,
                 "Servers to compare: signalbox, Sinatra, Node [all]")
      ->check(CLI::IsMember(throughput.servers));
  CLI11_PARSE(app, argc, argv);
  throughput.time = absl::Seconds(seconds);
  if (quick) {
    throughput.time = absl::Milliseconds(100);
    throughput.rounds = 1;
    throughput.judges_speed = false;
    outage.pull_requests = 20;
  }

  std::vector<Figure> figures;
  for (const std::string& suite : suites) {
    const std::vector<Figure> more =
        suite == "throughput" ? Throughput(throughput)
        : suite == "distant"  ? Throughput(Distant(throughput))
                              : ShimOutage(outage);
    figures.insert(figures.end(), more.begin(), more.end());
  }
  return PrintFigures(figures, json) ? 0 : 1;
}
