#include <algorithm>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tests/bench/calls/rounds.h"
#include "tests/bench/calls/suites.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

constexpr char kSuite[] = "reads";
constexpr double kReadsPerSecond = 300;
constexpr double kReportsPerSecond = 10'000;
// An open loop needs room to catch up after a pause of the machine.
constexpr double kShareOfCapacity = 0.8;

// One server: reads of what is known while nothing else happens, and while
// reports come in.
class Reader {
 public:
  explicit Reader(const Contestant* server)
      : known_(server, Workload::Kind::kPendingAndResult, 1),
        incoming_(server, Workload::Kind::kPendingAndResult, 2),
        stubs_(Connect(server->address, 1)) {}

  // Makes commits known. Returns how many reports a second it takes.
  double Fill(absl::Duration time) {
    CallLoad load;
    load.time = time;
    return known_.Run(load).PerSecond();
  }

  void Run(absl::Duration time, double reports_per_second) {
    const CallResult idle = Read(time);
    CallLoad load;
    load.time = time;
    load.rate = reports_per_second;
    CallResult reports;
    std::thread reporter([&] { reports = incoming_.Run(load); });
    const CallResult busy = Read(time);
    reporter.join();
    p50_.Add(busy.Microseconds(0.5), idle.Microseconds(0.5));
    p99_.Add(busy.Microseconds(0.99), idle.Microseconds(0.99));
    reports_.Add(reports.PerSecond(), reports_per_second);
    report_p99_.Add(reports.Microseconds(0.99), reports.Microseconds(0.5));
  }

  const Comparison& p50() const { return p50_; }
  const Comparison& p99() const { return p99_; }
  const Comparison& reports() const { return reports_; }
  const Comparison& report_p99() const { return report_p99_; }
  int64_t failed() const {
    return failed_ + known_.failed() + incoming_.failed();
  }

 private:
  CallResult Read(absl::Duration time) {
    CallLoad load;
    load.time = time;
    load.rate = kReadsPerSecond;
    CallResult result = SendCalls(
        load, stubs_, Reads(&known_.workload(), known_.calls()), reads_);
    reads_ += result.sent;
    failed_ += result.failed;
    if (result.latencies.empty()) GiveUp(result.first_failure);
    return result;
  }

  Lane known_;
  Lane incoming_;
  const Stubs stubs_;
  int64_t reads_ = 0;
  int64_t failed_ = 0;
  Comparison p50_;
  Comparison p99_;
  Comparison reports_;
  Comparison report_p99_;
};

}  // namespace

std::vector<Figure> Reading(const CallOptions& options) {
  const TempDir dir(options.directory);
  const DeadAddress github;
  const Contestant noop = StartNoop();
  const Contestant server = StartServer(dir.Path("data"), github);
  Reader reference(&noop);
  Reader subject(&server);
  ShowProgress("reads: what the servers hold");
  reference.Fill(options.time);
  const double capacity = subject.Fill(options.time);
  const double rate = std::min(kReportsPerSecond, kShareOfCapacity * capacity);
  for (int round = 0; round < options.rounds; ++round) {
    ShowProgress(absl::StrCat(kSuite, ": round ", round + 1));
    reference.Run(options.time, rate);
    subject.Run(options.time, rate);
  }
  ShowProgress("");

  std::vector<Figure> figures = {
      subject.p99().ToFigure(
          kSuite, "GetCommitStatus while reports come in / when idle, p99",
          "us",
          options.judges_speed ? Figure::Aim::kAtMost : Figure::Aim::kNone, 3),
      subject.p50().ToFigure(kSuite, "  p50", "us"),
      reference.p99().ToFigure(kSuite, "  the same at the no-op, p99", "us"),
      subject.reports().ToFigure(kSuite, "reports a second / as many as sent",
                                 "/s"),
      subject.report_p99().ToFigure(kSuite, "  p99 of their latency / p50",
                                    "us"),
      NothingFailed(kSuite, subject.failed() + reference.failed())};
  if (rate < kReportsPerSecond) {
    figures.front().note =
        absl::StrFormat("at %.0f reports a second, %g of what it holds", rate,
                        kShareOfCapacity);
  }
  return figures;
}

}  // namespace signalbox
