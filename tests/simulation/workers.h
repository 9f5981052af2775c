#ifndef SIGNALBOX_TESTS_SIMULATION_WORKERS_H_
#define SIGNALBOX_TESTS_SIMULATION_WORKERS_H_

#include <functional>
#include <string>

namespace signalbox {

// Does `work(0)` to `work(count - 1)` in `jobs` processes at a time, since what
// it does is one at a time in a process, and hands each result to `done`, in
// this process and as they come. A process that ends otherwise than by
// returning has the result "died".
//
// `done` returns whether to go on; what is under way ends then.
void RunInProcesses(int count, int jobs,
                    const std::function<std::string(int)>& work,
                    const std::function<bool(int, const std::string&)>& done);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SIMULATION_WORKERS_H_
