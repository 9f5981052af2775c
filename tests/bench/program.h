#ifndef SIGNALBOX_TESTS_BENCH_PROGRAM_H_
#define SIGNALBOX_TESTS_BENCH_PROGRAM_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/support/process.h"

namespace signalbox {

// Starts a program that is measured, and waits until it prints a line with
// `ready`. Its found() is the text after that. A failure ends the benchmark
// with a message.
//
// `environment` is added to the environment. Standard error is dropped.
std::unique_ptr<Process> StartMeasured(
    const std::string& name, const std::vector<std::string>& command,
    const std::map<std::string, std::string>& environment,
    absl::string_view ready);

// Where the programs of this build are.
std::string BinDirectory();

// Ends the benchmark with exit code 2.
[[noreturn]] void GiveUp(absl::string_view why);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_PROGRAM_H_
