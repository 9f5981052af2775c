#ifndef SIGNALBOX_TESTS_SIMULATION_WORKERS_H_
#define SIGNALBOX_TESTS_SIMULATION_WORKERS_H_

#include <functional>
#include <string>

namespace signalbox {

// Runs `work(0)` to `work(count - 1)` in `jobs` processes at a time, because
// work can run only once at a time in a process. Passes each result to `done`
// in this process, as it arrives. If a process ends without returning, the
// result is "died".
//
// `done` returns whether to go on; if not, running processes are killed.
void RunInProcesses(int count, int jobs,
                    const std::function<std::string(int)>& work,
                    const std::function<bool(int, const std::string&)>& done);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SIMULATION_WORKERS_H_
