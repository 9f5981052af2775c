// Runs the server through simulated years of trouble; see simulation.h.

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "nlohmann/json.hpp"
#include "server/base/clock.h"
#include "tests/simulation/explorer.h"
#include "tests/simulation/random.h"
#include "tests/simulation/shrink.h"
#include "tests/simulation/simulation.h"
#include "tests/simulation/workers.h"
#ifdef SIGNALBOX_MUTANTS
#include "tests/simulation/mutants.h"
#endif

namespace signalbox {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  int64_t first = FreshSeed();
  int seeds = 100;
  int reports = 500;
  int jobs = 1;
  bool json = false;
};

// Every kTwiceEvery-th seed runs twice, and must have the same history.
constexpr int kTwiceEvery = 50;

std::string TextOf(const history::Violation& violation) {
  return absl::StrCat(violation.invariant, " ", history::TextOf(violation.name),
                      ": ", violation.what);
}

Json Summary(int64_t seed, const Options& options) {
  const Plan plan = DrawPlan(seed, options.reports);
  const SimulationResult result = Simulate(plan);
  const history::Checked& checked = result.findings.checked;
  Json violations = Json::array();
  for (const history::Violation& violation : result.findings.violations) {
    violations.push_back(TextOf(violation));
  }
  if (seed % kTwiceEvery == 0 &&
      Simulate(plan).fingerprint != result.fingerprint) {
    violations.push_back("a second run of the same seed had another history");
  }
  return {{"acked", checked.acked},
          {"recorded", checked.recorded},
          {"statuses", checked.statuses},
          {"posts", checked.posts},
          {"crashes", checked.crashes},
          {"virtual_s", absl::ToDoubleSeconds(result.virtual_time)},
          {"faults", result.faults},
          {"violations", violations}};
}

// Sums over the seeds.
struct Totals {
  int seeds = 0;
  int bad_seeds = 0;
  std::map<std::string, double> sums;
  std::map<std::string, int64_t> faults;
  int64_t fault_count = 0;

  void Add(const Json& summary) {
    ++seeds;
    for (const char* name :
         {"acked", "recorded", "statuses", "posts", "crashes", "virtual_s"}) {
      sums[name] += summary.at(name).get<double>();
    }
    for (const auto& [name, count] : summary.at("faults").items()) {
      faults[name] += count.get<int64_t>();
      fault_count += count.get<int64_t>();
    }
  }
};

void PrintTotals(Totals totals, const Options& options, double seconds) {
  const double acked = totals.sums["acked"];
  if (options.json) {
    Json json = {{"first", options.first},
                 {"seeds", totals.seeds},
                 {"bad_seeds", totals.bad_seeds},
                 {"faults", totals.fault_count},
                 {"seconds", seconds},
                 {"acked_per_second", acked / seconds},
                 {"bound_95_percent", 3 / std::max(acked, 1.0)}};
    for (const auto& [name, sum] : totals.sums) json[name] = sum;
    for (const auto& [name, count] : totals.faults) {
      json["faults_by_kind"][name] = count;
    }
    std::printf("%s\n", json.dump().c_str());
    return;
  }
  absl::PrintF(
      "%d seeds (%d to %d), %.0f acked reports of %.0f statuses, %d seeds with "
      "violations\n",
      totals.seeds, options.first, options.first + totals.seeds - 1, acked,
      totals.sums["statuses"], totals.bad_seeds);
  if (totals.bad_seeds == 0) {
    absl::PrintF(
        "no report was lost or shown wrongly, so with 95 %% confidence that "
        "happens to fewer than %.1e of the reports\n",
        3 / std::max(acked, 1.0));
  }
  absl::PrintF("%d faults, one per %.1f reports; %.0f crashes; %.0f posts\n",
               totals.fault_count,
               acked / std::max<double>(1, totals.fault_count),
               totals.sums["crashes"], totals.sums["posts"]);
  absl::PrintF(
      "%.1f s: %.0f reports and %.0f faults per second, %.0f virtual hours\n",
      seconds, acked / seconds, totals.fault_count / seconds,
      totals.sums["virtual_s"] / 3600);
  for (const auto& [name, count] : totals.faults) {
    absl::PrintF("  %8d  %s\n", count, name);
  }
}

int RunSeeds(const Options& options) {
  Clock* const clock = Clock::System();
  const SteadyTime begin = clock->Steady();
  const bool shows_progress = isatty(STDERR_FILENO) != 0;
  std::fprintf(stderr, "to repeat this run, add --first %lld\n",
               static_cast<long long>(options.first));
  Totals totals;
  RunInProcesses(
      options.seeds, options.jobs,
      [&](int i) { return Summary(options.first + i, options).dump(); },
      [&](int i, const std::string& result) {
        const Json summary = Json::parse(result, nullptr, false);
        const int64_t seed = options.first + i;
        std::vector<std::string> violations;
        if (summary.is_object()) {
          totals.Add(summary);
          violations = summary.at("violations");
        } else {
          ++totals.seeds;
          violations = {
              "the simulation's process ended before it returned a "
              "result"};
        }
        if (shows_progress) {
          std::fprintf(stderr, "\r%d of %d seeds ", totals.seeds,
                       options.seeds);
        }
        if (violations.empty()) return true;
        ++totals.bad_seeds;
        std::fprintf(stderr,
                     "seed %lld: %zu violations; to see its history, run\n"
                     "  signalbox-simulate --replay %lld --reports %d\n",
                     static_cast<long long>(seed), violations.size(),
                     static_cast<long long>(seed), options.reports);
        for (size_t v = 0; v < std::min<size_t>(3, violations.size()); ++v) {
          std::fprintf(stderr, "    %s\n", violations[v].c_str());
        }
        return true;
      });
  if (shows_progress) std::fprintf(stderr, "\r                      \r");
  PrintTotals(totals, options, absl::ToDoubleSeconds(clock->Steady() - begin));
  return totals.bad_seeds == 0 ? 0 : 1;
}

int RunExplorer(ExplorerScope scope, bool json) {
  if (scope.two_series || scope.newest_text) {
    scope.keys = 1;
    scope.reports = scope.two_series ? 4 : 3;
  }
  Clock* const clock = Clock::System();
  const SteadyTime begin = clock->Steady();
  const bool shows_progress = isatty(STDERR_FILENO) != 0;
  if (shows_progress) {
    scope.progress = [](int64_t states, int64_t transitions) {
      std::fprintf(stderr, "\r%lld states, %lld transitions ",
                   static_cast<long long>(states),
                   static_cast<long long>(transitions));
    };
  }
  const ExplorerResult result = Explore(scope);
  if (shows_progress) std::fprintf(stderr, "\r%50s\r", "");
  const double seconds = absl::ToDoubleSeconds(clock->Steady() - begin);
  if (json) {
    const Json figures = {{"keys", scope.keys},
                          {"reports", scope.reports},
                          {"crashes", scope.crashes},
                          {"losses", scope.losses},
                          {"refusals", scope.refusals},
                          {"states", result.states},
                          {"transitions", result.transitions},
                          {"ends", result.ends},
                          {"longest_path", result.longest_path},
                          {"complete", result.is_complete},
                          {"violation", result.violation},
                          {"seconds", seconds}};
    std::printf("%s\n", figures.dump().c_str());
  } else {
    absl::PrintF(
        "%d keys, %d reports each, %d crashes, %d losses, %d refusals: %d "
        "states, %d transitions, %d ends, longest path %d, %.1f s: %s\n%s",
        scope.keys, scope.reports, scope.crashes, scope.losses, scope.refusals,
        result.states, result.transitions, result.ends, result.longest_path,
        seconds,
        !result.violation.empty() ? "VIOLATION"
        : result.is_complete      ? "complete"
                                  : "NOT COMPLETE",
        result.violation);
  }
  return result.is_complete ? 0 : 1;
}

// Shows one seed: the events from outside, what the server does, and what is
// wrong.
int Replay(int64_t seed, const Options& options, bool shrinks) {
  Plan plan = DrawPlan(seed, options.reports);
  const auto fails = [](const Plan& shorter) {
    return !Simulate(shorter).findings.violations.empty();
  };
  if (shrinks && fails(plan)) plan = Shrink(std::move(plan), fails);
  for (const Incident& incident : plan.incidents) {
    std::printf("%s\n", incident.Line().c_str());
  }
  const SimulationResult result = Simulate(plan);
  for (const history::Event& event : result.events) {
    std::printf("%s\n", history::LineOf(event).c_str());
  }
  for (const history::Violation& violation : result.findings.violations) {
    std::printf("VIOLATION %s\n", TextOf(violation).c_str());
  }
  std::printf("%zu incidents, %zu events, fingerprint %016llx\n",
              plan.incidents.size(), result.events.size(),
              static_cast<unsigned long long>(result.fingerprint));
  return result.findings.violations.empty() ? 0 : 1;
}

}  // namespace
}  // namespace signalbox

int main(int argc, char** argv) {
  using namespace signalbox;
  CLI::App app(
      "Runs the real server code through simulated trouble, on a virtual "
      "clock, and checks that every promise was kept.");
  Options options;
  options.jobs =
      std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  int64_t replayed = 0;
  bool shrinks = false;
  app.add_option("--seeds", options.seeds,
                 "How many seeds to run, each a simulation [100]")
      ->check(CLI::PositiveNumber);
  app.add_option("--first", options.first,
                 "The first seed; the others follow [drawn at random]");
  app.add_option("--reports", options.reports,
                 "About so many reports in each simulation [500]")
      ->check(CLI::Range(1, 100'000));
  app.add_option("--jobs", options.jobs, "Processes at a time [one per core]")
      ->check(CLI::Range(1, 256));
  app.add_flag("--json", options.json, "Print the figures as JSON");
  app.add_option("--replay", replayed,
                 "Run this seed alone, and print its whole history");
  app.add_flag("--shrink", shrinks,
               "With --replay: first leave out all incidents that the "
               "failure does not need");
  bool explores = false;
  ExplorerScope scope;
  app.add_flag("--explore", explores,
               "Instead of drawing from seeds, visit every state of a small "
               "world");
  app.add_option("--keys", scope.keys, "With --explore: statuses, 1 or 2 [2]")
      ->check(CLI::Range(1, 2));
  app.add_option("--reports-per-key", scope.reports,
                 "With --explore: reports about each status, 1 to 3 [3]")
      ->check(CLI::Range(1, 3));
  app.add_flag("--any-order", scope.any_order,
               "With --explore: the reports about a status arrive in any "
               "order");
  app.add_flag("--two-series", scope.two_series,
               "With --explore: one status, about which each of two series "
               "reports a pending and a result, in any order");
  app.add_flag("--newest-text", scope.newest_text,
               "With --explore: one status, about which three results with "
               "different texts are reported, in any order");
  app.add_option("--crashes", scope.crashes,
                 "With --explore: the most crashes of the server [2]");
  app.add_option("--losses", scope.losses,
                 "With --explore: the most lost requests and answers [2]");
  app.add_option("--refusals", scope.refusals,
                 "With --explore: the most posts for which GitHub refuses the "
                 "whole repository [0]");
  app.add_option("--most-states", scope.most_states,
                 "With --explore: give up after so many states, of 16 bytes "
                 "each [100000000]")
      ->check(CLI::Range(int64_t{1}, int64_t{1'000'000'000}));
#ifdef SIGNALBOX_MUTANTS
  std::vector<std::string> mutants;
  bool all = false;
  app.add_option("--mutant", mutants,
                 "Run until a violation shows this deliberate fault of "
                 "mutants.txt; repeatable");
  app.add_flag("--mutants", all, "The same for every fault of mutants.txt");
#endif
  CLI11_PARSE(app, argc, argv);
#ifdef SIGNALBOX_MUTANTS
  if (all) {
    for (const MutantInfo& mutant : AllMutants())
      mutants.push_back(mutant.name);
  }
  if (!mutants.empty() && replayed == 0 && !explores) {
    return HuntMutants(mutants, options.first, options.seeds, options.reports,
                       options.jobs, options.json);
  }
  if (!mutants.empty() && !SwitchOn(mutants.front())) return 2;
#endif
  scope.jobs = options.jobs;
  if (explores) return RunExplorer(scope, options.json);
  if (replayed != 0) return Replay(replayed, options, shrinks);
  return RunSeeds(options);
}
