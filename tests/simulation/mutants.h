#ifndef SIGNALBOX_TESTS_SIMULATION_MUTANTS_H_
#define SIGNALBOX_TESTS_SIMULATION_MUTANTS_H_

#include <cstdint>
#include <string>
#include <vector>

namespace signalbox {

// A mutant: a deliberate fault in the server's code, from mutants.txt. It shows
// that the simulation would notice the loss of the code that the fault removes.
struct MutantInfo {
  const char* name;
  const char* what;  // What goes wrong.
};

// In the order of mutants.txt.
const std::vector<MutantInfo>& AllMutants();

// Switches the fault on in this process. False, with a message to stderr: there
// is none of that name.
bool SwitchOn(const std::string& name);

// Runs the simulation with each of these faults until it finds a violation,
// with the seeds `first` to `first` + `seeds` - 1 and about `reports` reports
// in each. `jobs` processes run at a time. Prints for each fault which seed
// found it, with which violation and how long that took; `json`: as JSON lines.
// Returns the exit code: 0 if all were found, 1 if not, 2 if a name is unknown.
int HuntMutants(const std::vector<std::string>& names, int64_t first, int seeds,
                int reports, int jobs, bool json);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SIMULATION_MUTANTS_H_
