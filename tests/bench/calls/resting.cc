#include <chrono>
#include <fstream>
#include <memory>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/bench/calls/contestants.h"
#include "tests/bench/calls/rounds.h"
#include "tests/bench/calls/suites.h"
#include "tests/bench/our_programs.h"
#include "tests/support/temp_dir.h"

namespace signalbox {

std::vector<Figure> Resting(const CallOptions& options) {
  const TempDir dir(options.directory);
  const DeadAddress github;
  const std::string secret_file = dir.Path("secret");
  std::ofstream(secret_file) << "It's a Secret to Everybody";
  const Contestant server = StartServer(dir.Path("data"), github);
  const std::unique_ptr<Process> shim =
      StartOurShim(server.address, secret_file);

  ShowProgress("rest");
  std::this_thread::sleep_for(absl::ToChronoMilliseconds(options.time));
  // CPU time is counted in steps of 10 ms.
  const absl::Duration time = options.time * 8;
  const std::pair<const Process*, double> programs[] = {
      {server.program.get(), 30}, {shim.get(), 20}};
  std::vector<absl::Duration> before;
  for (const auto& [program, limit] : programs) {
    before.push_back(program->CpuTime());
  }
  std::this_thread::sleep_for(absl::ToChronoMilliseconds(time));
  ShowProgress("");
  const Figure::Aim at_most =
      options.judges_speed ? Figure::Aim::kAtMost : Figure::Aim::kNone;
  std::vector<Figure> figures;
  for (size_t i = 0; i < before.size(); ++i) {
    const auto& [program, limit] = programs[i];
    figures.push_back({"rest", absl::StrCat(program->name(), ", resident"),
                       program->ResidentMebibytes(), "MiB", at_most, limit});
    const double share =
        absl::FDivDuration(program->CpuTime() - before[i], time);
    figures.push_back({"rest", absl::StrCat(program->name(), ", CPU"),
                       100 * share, "%", at_most, 0.5});
  }
  return figures;
}

}  // namespace signalbox
