#ifndef SIGNALBOX_TESTS_SIMULATION_MUTANTS_H_
#define SIGNALBOX_TESTS_SIMULATION_MUTANTS_H_

#include <cstdint>
#include <string>
#include <vector>

namespace signalbox {

// A deliberate fault from mutants.txt.
struct MutantInfo {
  const char* name;
  const char* what;  // What goes wrong.
};

// In the order of mutants.txt.
const std::vector<MutantInfo>& AllMutants();

// Switches the fault on in this process. False: there is none of that name.
bool SwitchOn(const std::string& name);

// Runs the simulation with each fault until it finds a violation, over at most
// `seeds` seeds from `first` on. Prints which seed found what, and how long it
// took. Returns 0 if all were found, else 1; 2 for an unknown name.
int HuntMutants(const std::vector<std::string>& names, int64_t first, int seeds,
                int reports, int jobs, bool json);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SIMULATION_MUTANTS_H_
