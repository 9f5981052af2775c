#include <algorithm>
#include <functional>
#include <iterator>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tests/bench/calls/rounds.h"
#include "tests/bench/calls/stream_load.h"
#include "tests/bench/calls/suites.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

constexpr double kReadsPerSecond = 300;
constexpr double kReportsPerSecond = 10'000;
// An open loop needs room to catch up after a pause of the machine.
constexpr double kShareOfCapacity = 0.8;

// One server: reads of known commits while nothing else happens, and while
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

  // With reports as single calls.
  void RunWithCalls(absl::Duration time, double reports_per_second) {
    Run(time, [&] {
      CallLoad load;
      load.time = time;
      load.rate = reports_per_second;
      const CallResult reports = incoming_.Run(load);
      reports_.Add(reports.PerSecond(), reports_per_second);
      report_p99_.Add(reports.Microseconds(0.99), reports.Microseconds(0.5));
    });
  }

  // With reports by StreamReports.
  void RunWithStreams(absl::Duration time, double reports_per_second) {
    Run(time, [&] {
      StreamLoad load;
      load.time = time;
      load.rate = reports_per_second;
      const StreamResult reports =
          SendStreams(load, incoming_.stubs(), streamed_, streamed_calls_);
      streamed_calls_ += reports.sent;
      failed_streamed_ += reports.failed;
      reports_.Add(reports.PerSecond(), reports_per_second);
    });
  }

  const Comparison& p50() const { return p50_; }
  const Comparison& p99() const { return p99_; }
  const Comparison& reports() const { return reports_; }
  const Comparison& report_p99() const { return report_p99_; }
  int64_t failed() const {
    return failed_ + failed_streamed_ + known_.failed() + incoming_.failed();
  }

 private:
  void Run(absl::Duration time, const std::function<void()>& report) {
    const CallResult idle = Read(time);
    std::thread reporter(report);
    const CallResult busy = Read(time);
    reporter.join();
    p50_.Add(busy.Microseconds(0.5), idle.Microseconds(0.5));
    p99_.Add(busy.Microseconds(0.99), idle.Microseconds(0.99));
  }

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
  const Workload streamed_{Workload::Kind::kPendingAndResult, 3};
  const Stubs stubs_;
  int64_t reads_ = 0;
  int64_t failed_ = 0;
  int64_t streamed_calls_ = 0;
  int64_t failed_streamed_ = 0;
  Comparison p50_;
  Comparison p99_;
  Comparison reports_;
  Comparison report_p99_;
};

std::vector<Figure> ReadsOf(const CallOptions& options, bool is_streamed) {
  const std::string suite =
      is_streamed ? "reads, reports by streams" : "reads, reports by calls";
  const TempDir dir(options.directory);
  const DeadAddress github;
  const Contestant noop = StartNoop();
  const Contestant server = StartServer(dir.Path("data"), github);
  Reader reference(&noop);
  Reader subject(&server);
  ShowProgress(absl::StrCat(suite, ": what the servers hold"));
  reference.Fill(options.time);
  const double capacity = subject.Fill(options.time);
  // Calls may exceed what the machine can do; streams do not.
  const double rate =
      is_streamed ? kReportsPerSecond
                  : std::min(kReportsPerSecond, kShareOfCapacity * capacity);
  for (int round = 0; round < options.rounds; ++round) {
    ShowProgress(absl::StrCat(suite, ": round ", round + 1));
    for (Reader* reader : {&reference, &subject}) {
      if (is_streamed) {
        reader->RunWithStreams(options.time, rate);
      } else {
        reader->RunWithCalls(options.time, rate);
      }
    }
  }
  ShowProgress("");

  std::vector<Figure> figures = {
      subject.p99().ToFigure(
          suite, "GetCommitStatus while reports come in / when idle, p99", "us",
          options.judges_speed ? Figure::Aim::kAtMost : Figure::Aim::kNone, 3),
      subject.p50().ToFigure(suite, "  p50", "us"),
      reference.p99().ToFigure(suite, "  the same at the no-op, p99", "us"),
      subject.reports().ToFigure(suite, "reports a second / as many as sent",
                                 "/s")};
  if (!is_streamed) {
    figures.push_back(subject.report_p99().ToFigure(
        suite, "  p99 of their latency / p50", "us"));
  }
  figures.push_back(
      NothingFailed(suite, subject.failed() + reference.failed()));
  if (rate < kReportsPerSecond) {
    figures.front().note =
        absl::StrFormat("at %.0f reports a second, %g of what it holds", rate,
                        kShareOfCapacity);
  }
  return figures;
}

}  // namespace

std::vector<Figure> Reading(const CallOptions& options) {
  std::vector<Figure> figures = ReadsOf(options, true);
  std::vector<Figure> more = ReadsOf(options, false);
  std::move(more.begin(), more.end(), std::back_inserter(figures));
  return figures;
}

}  // namespace signalbox
