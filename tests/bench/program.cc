#include "tests/bench/program.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"

namespace signalbox {

void GiveUp(absl::string_view why) {
  const std::string line =
      absl::StrCat(program_invocation_short_name, ": ", why, "\n");
  std::fputs(line.c_str(), stderr);
  std::exit(2);
}

std::string BinDirectory() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) {
    GiveUp("/proc is not mounted, so the benchmark cannot find its programs");
  }
  return self.parent_path().string();
}

std::unique_ptr<Process> StartMeasured(
    const std::string& name, const std::vector<std::string>& command,
    const std::map<std::string, std::string>& environment,
    absl::string_view ready) {
  Process::Options options;
  options.name = name;
  options.environment = environment;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string text = *variable;
    const size_t equals = text.find('=');
    if (equals == std::string::npos) continue;
    options.environment.try_emplace(text.substr(0, equals),
                                    text.substr(equals + 1));
  }
  const bool shows_errors = std::getenv("SIGNALBOX_BENCH_STDERR") != nullptr;
  options.errors_file = shows_errors ? "/dev/stderr" : "/dev/null";
  options.fail = [](const std::string& why) {
    GiveUp(absl::StrCat(why, "; SIGNALBOX_BENCH_STDERR=1 shows what it says"));
  };
  auto process = std::make_unique<Process>(command, std::move(options));
  process->WaitForLine(ready);
  return process;
}

}  // namespace signalbox
