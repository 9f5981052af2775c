#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/clock.h"
#include "server/outbox/sqlite_outbox.h"
#include "tests/bench/calls/rounds.h"
#include "tests/bench/calls/suites.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

using Aim = Figure::Aim;

constexpr int64_t kContextsOfCommit = 100;
constexpr int64_t kCommitsOfBatch = 10;

// Fills a store. `is_observed`: GitHub shows the keys already; else they are
// due.
void FillStore(const std::string& data_dir, int64_t keys, bool is_observed) {
  SqliteOutboxOptions options;
  options.data_dir = data_dir;
  options.lane_of = [](const Repository&) { return "filled"; };
  absl::StatusOr<std::unique_ptr<Outbox>> outbox = OpenSqliteOutbox(options);
  if (!outbox.ok()) GiveUp(outbox.status().message());
  const Workload workload(Workload::Kind::kNewKeys, 99);
  v1::ReportResultRequest names;
  int64_t commit = 0;
  for (int64_t key = 0; key < keys;) {
    std::vector<Submission> batch;
    for (int64_t i = 0; i < kCommitsOfBatch && key < keys; ++i) {
      workload.Fill(commit++, &names);
      Report report;
      report.repository = *ParseRepository(names.repository());
      report.sha = names.sha();
      report.result = Result::kSuccess;
      report.description = names.description();
      report.target_url = names.target_url();
      Submission& submission = batch.emplace_back();
      if (is_observed) submission.observed = Observed{key + 1, "somebody"};
      for (int64_t j = 0; j < kContextsOfCommit && key < keys; ++j, ++key) {
        report.context = absl::StrCat("ci/part-", j);
        submission.reports.push_back(report);
      }
    }
    const auto outcomes = (*outbox)->Accept(batch, Clock::System()->Now());
    if (!outcomes.ok()) GiveUp(outcomes.status().message());
    if (key % 10'000 == 0) {
      ShowProgress(absl::StrCat("scale: filled with ", key, " of ", keys));
    }
  }
}

std::vector<Figure> ScaleOf(const CallOptions& options, int64_t keys,
                            bool is_observed, double rate_target,
                            const std::string& suite) {
  const TempDir dir(options.directory);
  const DeadAddress github;
  FillStore(dir.Path("full"), keys, is_observed);
  const absl::Duration begin = Clock::System()->Monotonic();
  const Contestant full = StartServer(dir.Path("full"), github);
  Lane subject(&full, Workload::Kind::kPendingAndResult, 1);
  CallLoad first;
  first.in_flight = 1;
  first.time = absl::ZeroDuration();
  subject.Run(first);
  const absl::Duration ready = Clock::System()->Monotonic() - begin;

  const Contestant empty = StartServer(dir.Path("empty"), github);
  Lane reference(&empty, Workload::Kind::kPendingAndResult, 1);
  CallLoad load;
  load.time = options.time / 4;
  reference.Run(load);
  subject.Run(load);
  load.time = options.time;
  Comparison rate;
  Comparison p99;
  for (int round = 0; round < options.rounds; ++round) {
    ShowProgress(absl::StrCat(suite, ": round ", round + 1));
    const CallResult theirs = reference.Run(load);
    const CallResult ours = subject.Run(load);
    rate.Add(ours.PerSecond(), theirs.PerSecond());
    p99.Add(ours.Microseconds(0.99), theirs.Microseconds(0.99));
  }
  ShowProgress("");
  const Aim at_least = options.judges_speed ? Aim::kAtLeast : Aim::kNone;
  const Aim at_most = options.judges_speed ? Aim::kAtMost : Aim::kNone;
  return {{suite, "keys before", static_cast<double>(keys), ""},
          {suite, "from started to the first report accepted",
           absl::ToDoubleSeconds(ready), "s", at_most, 2},
          rate.ToFigure(suite, "durable calls a second / an empty server's",
                        "/s", at_least, rate_target),
          p99.ToFigure(suite, "from sent to answered, p99", "us"),
          {suite, "resident, peak", full.program->PeakMebibytes(), "MiB",
           at_most, 256},
          NothingFailed(suite, subject.failed() + reference.failed())};
}

}  // namespace

std::vector<Figure> Scale(const CallOptions& options,
                          const ScaleOptions& scale) {
  std::vector<Figure> figures =
      ScaleOf(options, scale.due_keys, false, 0.9, "scale: keys due");
  std::vector<Figure> more =
      ScaleOf(options, scale.known_keys, true, 0.8, "scale: keys known");
  std::move(more.begin(), more.end(), std::back_inserter(figures));
  return figures;
}

}  // namespace signalbox
