// Measures how well signalbox-server takes calls; see suites.h.

#include <stdlib.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "tests/bench/calls/contestants.h"
#include "tests/bench/calls/suites.h"
#include "tests/bench/figures.h"
#include "tests/bench/program.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

double LoadAverage() {
  double average = 0;
  getloadavg(&average, 1);
  return average;
}

std::vector<Figure> Machine(const CallOptions& options, double load_before) {
  std::vector<Figure> figures;
  const auto add = [&](const std::string& what, double value) {
    figures.push_back({"machine", what, value, ""});
  };
  add("processors", static_cast<double>(sysconf(_SC_NPROCESSORS_ONLN)));
  add("load average before", load_before);
  add("load average after", LoadAverage());
  add("the data's file system is in memory",
      IsInMemory(FileSystemOf(options.directory)) ? 1 : 0);
  figures.back().note = FileSystemOf(options.directory);
  if (options.judges_speed) {
    figures.back().aim = Figure::Aim::kAtMost;
  }
  return figures;
}

int Main(int argc, char** argv) {
  CLI::App app("Measures how well signalbox-server takes calls.");
  CallOptions options;
  options.directory = BinDirectory();
  ScaleOptions scale;
  const std::vector<std::pair<
      std::string, std::function<std::vector<Figure>(const CallOptions&)>>>
      all = {{"unary", Unary},  {"latency", Latency}, {"stream", Streaming},
             {"read", Reading}, {"watch", Watching},  {"rest", Resting},
             {"shim", Shim}};
  std::vector<std::string> names;
  for (const auto& [name, run] : all) names.push_back(name);
  std::vector<std::string> suites = names;
  names.push_back("scale");
  bool json = false;
  bool quick = false;
  double seconds = absl::ToDoubleSeconds(options.time);
  std::string save;
  app.add_option("suite", suites,
                 "Suites to run: unary, latency, stream, read, watch, rest, "
                 "shim [these], scale "
                 "(takes minutes and gigabytes)")
      ->check(CLI::IsMember(names));
  app.add_flag("--json", json, "Print the figures as JSON");
  app.add_option("--save", save, "File to write the figures to, as JSON");
  app.add_flag("--quick", quick,
               "Run with small numbers, to see that the benchmark works. The "
               "figures mean nothing");
  app.add_option("--rounds", options.rounds, "Turns of each server [9]");
  app.add_option("--seconds", seconds,
                 "Seconds of one turn of one server [1.5]");
  app.add_option("--directory", options.directory,
                 "Directory for the servers' data, on a real disk [beside the "
                 "programs]");
  app.add_option("--due-keys", scale.due_keys,
                 "In suite scale: keys that wait to be posted [1000000]");
  app.add_option("--known-keys", scale.known_keys,
                 "In suite scale: keys in the database, step by step "
                 "[10000 1000000 5000000]");
  app.add_option("--reports-per-key", scale.reports_per_key,
                 "In suite scale: reports of each key in the database [10]");
  CLI11_PARSE(app, argc, argv);
  options.time = absl::Seconds(seconds);
  if (quick) {
    options.time = absl::Milliseconds(100);
    options.stream_time = absl::Milliseconds(200);
    options.rounds = 1;
    options.judges_speed = false;
    scale = {2000, {2000}, 3};
  }

  // Static, so that GiveUp removes it too.
  static const TempDir data(options.directory);
  options.directory = data.path();
  const double load_before = LoadAverage();
  std::vector<Figure> figures;
  for (const std::string& suite : suites) {
    std::vector<Figure> more;
    if (suite == "scale") more = Scale(options, scale);
    for (const auto& [name, run] : all) {
      if (name == suite) more = run(options);
    }
    std::move(more.begin(), more.end(), std::back_inserter(figures));
  }
  std::vector<Figure> machine = Machine(options, load_before);
  std::move(machine.begin(), machine.end(), std::back_inserter(figures));
  if (!save.empty()) {
    std::ofstream(save) << FiguresAsJson(figures) << "\n";
  }
  return PrintFigures(figures, json) ? 0 : 1;
}

}  // namespace
}  // namespace signalbox

int main(int argc, char** argv) { return signalbox::Main(argc, argv); }
