#include "tests/simulation/mutants.h"

#include <algorithm>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "nlohmann/json.hpp"
#include "server/base/clock.h"
#include "tests/simulation/simulation.h"
#include "tests/simulation/the_mutant.h"
#include "tests/simulation/workers.h"

namespace signalbox {
namespace {

using Json = nlohmann::ordered_json;

// The place in the list, from 1; 0: there is none of that name.
int Find(const std::string& name) {
  const auto& all = AllMutants();
  const auto found =
      std::find_if(all.begin(), all.end(),
                   [&](const MutantInfo& info) { return name == info.name; });
  return found == all.end() ? 0 : static_cast<int>(found - all.begin()) + 1;
}

// Runs seeds until one finds the fault.
std::string Hunt(const std::string& name, int64_t first, int seeds,
                 int reports) {
  the_mutant = Find(name);
  Clock* const clock = Clock::System();
  const SteadyTime begin = clock->Steady();
  Json found = {{"mutant", name}, {"killed", false}};
  for (int64_t seed = first; seed < first + seeds; ++seed) {
    const auto violations =
        Simulate(DrawPlan(seed, reports)).findings.violations;
    if (violations.empty()) continue;
    found["killed"] = true;
    found["seed"] = seed;
    found["invariant"] = violations.front().invariant;
    break;
  }
  found["seconds"] = absl::ToDoubleSeconds(clock->Steady() - begin);
  return found.dump();
}

}  // namespace

bool SwitchOn(const std::string& name) {
  const int mutant = Find(name);
  if (mutant == 0) {
    std::fprintf(stderr, "--mutant: mutants.txt has no fault \"%s\"\n",
                 name.c_str());
    return false;
  }
  the_mutant = mutant;
  return true;
}

int HuntMutants(const std::vector<std::string>& names, int64_t first, int seeds,
                int reports, int jobs, bool json) {
  for (const std::string& name : names) {
    if (!SwitchOn(name)) return 2;
  }
  std::fprintf(stderr, "to repeat this run, add --first %lld\n",
               static_cast<long long>(first));
  int survivors = 0;
  RunInProcesses(
      static_cast<int>(names.size()), jobs,
      [&](int i) { return Hunt(names[i], first, seeds, reports); },
      [&](int i, const std::string& result) {
        const Json found = Json::parse(result, nullptr, false);
        const bool killed =
            found.is_object() ? found.value("killed", false) : true;
        survivors += killed ? 0 : 1;
        if (json) {
          std::printf("%s\n",
                      found.is_object() ? result.c_str() : "{\"killed\":true}");
          return true;
        }
        const std::string how =
            !found.is_object() ? "killed: the process died"
            : killed           ? absl::StrCat("killed by seed ",
                                              found.value("seed", int64_t{0}), ", ",
                                              found.value("invariant", ""))
                               : std::string("SURVIVED");
        absl::PrintF("%-24s %7.1f s  %-28s  %s\n", names[i],
                     found.is_object() ? found.value("seconds", 0.0) : 0.0, how,
                     AllMutants()[Find(names[i]) - 1].what);
        std::fflush(stdout);
        return true;
      });
  if (!json) {
    absl::PrintF("%d mutants, %d survived\n", names.size(), survivors);
  }
  return survivors == 0 ? 0 : 1;
}

}  // namespace signalbox
