#ifndef SIGNALBOX_TESTS_SIMULATION_WORKERS_H_
#define SIGNALBOX_TESTS_SIMULATION_WORKERS_H_

#include <functional>
#include <string>

namespace signalbox {

// Calls work(0) to work(count - 1) in child processes, at most `jobs` at a
// time; a child makes several calls in turn. (Simulations need this, because a
// process can run only one at a time.) Passes each result, in the order of
// their ends, to `done` in this process. If a child ends during a call, the
// result of that call is "died", and another child makes the others.
//
// If `done` returns false, kills the children that run, and returns.
void RunInProcesses(int count, int jobs,
                    const std::function<std::string(int)>& work,
                    const std::function<bool(int, const std::string&)>& done);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SIMULATION_WORKERS_H_
