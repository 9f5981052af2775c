#ifndef SIGNALBOX_TESTS_BENCH_PROGRAM_H_
#define SIGNALBOX_TESTS_BENCH_PROGRAM_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/support/process.h"

namespace signalbox {

// Starts a program that a benchmark measures, and waits until it prints a line
// with `ready`. Process::found() of the result is what follows `ready` in that
// line. If the program does not start, the benchmark ends with a message.
//
// `name` is for messages. The program has the environment variables of
// `environment` besides those of this process. Its standard error is dropped,
// unless SIGNALBOX_BENCH_STDERR is set.
std::unique_ptr<Process> StartMeasured(
    const std::string& name, const std::vector<std::string>& command,
    const std::map<std::string, std::string>& environment,
    absl::string_view ready);

// The directory of this build's programs.
std::string BinDirectory();

// Prints why the benchmark cannot go on, and ends it with exit code 2.
[[noreturn]] void GiveUp(absl::string_view why);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_PROGRAM_H_
