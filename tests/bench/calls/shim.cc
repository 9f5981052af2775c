#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/bench/calls/rounds.h"
#include "tests/bench/calls/suites.h"
#include "tests/bench/our_programs.h"
#include "tests/bench/percentile.h"
#include "tests/bench/webhooks/deliveries.h"
#include "tests/bench/webhooks/load_generator.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

constexpr char kSuite[] = "shim";
// More than any server takes on today's machines.
constexpr double kMostPerSecond = 20'000;

// One HTTP server that takes deliveries.
struct Taker {
  const Process* program;
  int64_t failed = 0;

  struct Round {
    double per_second = 0;
    double cpu = 0;  // Microseconds for each.
    double p99 = 0;  // Microseconds.
  };
  Round Take(const Deliveries& kind, absl::Duration time) {
    const std::vector<SignedDelivery> deliveries = kind.Make(
        static_cast<int>(kMostPerSecond * absl::ToDoubleSeconds(time)) + 1);
    Load load;
    load.port = program->Port();
    load.time = time;
    LoadResult result;
    const absl::Duration cpu =
        CpuOf(*program, [&] { result = SendLoad(load, kind, deliveries); });
    failed += result.failed;
    if (result.latencies.empty()) {
      GiveUp(
          absl::StrCat(program->name(), " does not accept a correct delivery"));
    }
    return {result.PerSecond(),
            absl::ToDoubleMicroseconds(cpu) /
                static_cast<double>(result.latencies.size()),
            absl::ToDoubleMicroseconds(Percentile(result.latencies, 0.99))};
  }
};

}  // namespace

std::vector<Figure> Shim(const CallOptions& options) {
  const TempDir dir(options.directory);
  const std::string secret_file = dir.Path("secret");
  std::ofstream(secret_file) << kWebhookSecret;
  const Contestant noop = StartNoop();
  const auto shim = StartOurShim(noop.address, secret_file);
  const auto plain =
      StartMeasured("cpp-httplib", {OurProgram("signalbox-bench-noop"), "http"},
                    {}, "listening on ");
  const Deliveries kind(ExamplePayload(), Deliveries::Form::kJson);
  Taker reference{plain.get()};
  Taker subject{shim.get()};
  reference.Take(kind, options.time / 8);
  subject.Take(kind, options.time / 8);

  Comparison rate;
  Comparison cpu;
  Comparison p99;
  for (int round = 0; round < options.rounds; ++round) {
    ShowProgress(absl::StrCat(kSuite, ": round ", round + 1));
    const Taker::Round theirs = reference.Take(kind, options.time / 2);
    const Taker::Round ours = subject.Take(kind, options.time / 2);
    rate.Add(ours.per_second, theirs.per_second);
    cpu.Add(ours.cpu, theirs.cpu);
    p99.Add(ours.p99, theirs.p99);
  }
  ShowProgress("");
  return {rate.ToFigure(kSuite, "webhooks a second / cpp-httplib reading them",
                        "/s"),
          cpu.ToFigure(kSuite, "CPU for each", "us"),
          p99.ToFigure(kSuite, "from sent to answered, p99", "us"),
          {kSuite, "size of each", static_cast<double>(kind.body_size()), "B"},
          NothingFailed(kSuite, subject.failed + reference.failed)};
}

}  // namespace signalbox
