#include <unistd.h>

#include <filesystem>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/base/clock.h"
#include "server/github/github_limits.h"
#include "server/outbox/sqlite_outbox.h"
#include "tests/bench/calls/rounds.h"
#include "tests/bench/calls/suites.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

using Aim = Figure::Aim;

constexpr int64_t kContextsOfCommit = 100;
constexpr int64_t kCommitsOfBatch = 10;

// What a store holds before it is measured.
struct Held {
  int64_t keys = 0;
  int64_t reports_per_key = 1;
  // GitHub shows the keys already; else they are due.
  bool is_observed = false;
};

void FillStore(const std::string& data_dir, const Held& held) {
  SqliteOutboxOptions options(kGitHubLimits);
  options.data_dir = data_dir;
  options.credential_of = [](const Repository&) { return "filled"; };
  absl::StatusOr<std::unique_ptr<Outbox>> outbox = OpenSqliteOutbox(options);
  if (!outbox.ok()) GiveUp(outbox.status().message());
  const Workload workload(Workload::Kind::kNewKeys, 99);
  v1::ReportResultRequest names;
  int64_t commit = 0;
  for (int64_t key = 0; key < held.keys;) {
    std::vector<Submission> batch;
    for (int64_t i = 0; i < kCommitsOfBatch && key < held.keys; ++i) {
      workload.Fill(commit++, &names);
      Submission& submission = batch.emplace_back();
      Report& report = submission.report;
      report.repository = *ParseRepository(names.repository());
      report.sha = *ParseSha(names.sha());
      report.target_url = names.target_url();
      for (int64_t j = 0; j < kContextsOfCommit && key < held.keys;
           ++j, ++key) {
        submission.contexts.push_back(absl::StrCat("ci/part-", j));
      }
    }
    for (int64_t i = 0; i < held.reports_per_key; ++i) {
      for (Submission& submission : batch) {
        if (held.is_observed) {
          submission.observed =
              Observed{key * held.reports_per_key + i, "somebody"};
        }
        submission.report.result =
            i % 2 == 0 ? Result::kSuccess : Result::kFailure;
        submission.report.description =
            absl::StrCat(names.description(), ", try ", i);
      }
      const auto outcomes = (*outbox)->Accept(batch, Clock::System()->Now());
      if (!outcomes.ok()) GiveUp(outcomes.status().message());
      for (const Outcome& outcome : *outcomes) {
        if (!outcome.status.ok()) GiveUp(outcome.status.message());
        for (const Receipt& receipt : outcome.receipts) {
          if (receipt.disposition != Disposition::kAccepted) {
            GiveUp("cannot fill the store: it did not accept a report");
          }
        }
      }
    }
    if (key % 10'000 == 0) {
      ShowProgress(
          absl::StrCat("scale: filled with ", key, " of ", held.keys, " keys"));
    }
  }
}

double GibibytesIn(const std::string& directory) {
  double bytes = 0;
  for (const auto& file : std::filesystem::directory_iterator(directory)) {
    bytes += static_cast<double>(file.file_size());
  }
  return bytes / (1 << 30);
}

std::vector<Figure> ScaleOf(const CallOptions& options, const Held& held,
                            double rate_target) {
  const std::string suite = absl::StrCat(
      "scale: ", held.keys, held.is_observed ? " keys known, " : " keys due, ",
      held.keys * held.reports_per_key, " reports");
  const TempDir dir(options.directory);
  const DeadAddress github;
  FillStore(dir.Path("full"), held);
  // Otherwise the system would write its cache of gigabytes meanwhile.
  sync();
  const double gibibytes = GibibytesIn(dir.Path("full"));
  const SteadyTime begin = Clock::System()->Steady();
  const Contestant full = StartServer(dir.Path("full"), github);
  Lane subject(&full, Workload::Kind::kPendingAndResult, 1);
  CallLoad first;
  first.in_flight = 1;
  first.time = absl::ZeroDuration();
  subject.Run(first);
  const absl::Duration ready = Clock::System()->Steady() - begin;

  const Contestant empty = StartServer(dir.Path("empty"), github);
  Lane reference(&empty, Workload::Kind::kPendingAndResult, 1);
  WarmUp(options, &subject, &reference);
  const LaneComparison rounds = Compare(options, suite, &subject, &reference);
  const Aim at_least = options.judges_speed ? Aim::kAtLeast : Aim::kNone;
  const Aim at_most = options.judges_speed ? Aim::kAtMost : Aim::kNone;
  return {
      {suite, "stored before", gibibytes, "GiB"},
      {suite, "from started to the first report accepted",
       absl::ToDoubleSeconds(ready), "s", at_most, 2},
      rounds.rate.ToFigure(suite, "durable calls a second / an empty server's",
                           "/s", at_least, rate_target),
      rounds.cpu.ToFigure(suite, "CPU of the server per call", "us"),
      rounds.p99.ToFigure(suite, "from sent to answered, p99", "us"),
      {suite, "resident, peak", full.program->PeakMebibytes(), "MiB", at_most,
       256},
      NothingFailed(suite, subject.failed() + reference.failed())};
}

}  // namespace

std::vector<Figure> Scale(const CallOptions& options,
                          const ScaleOptions& scale) {
  std::vector<Figure> figures =
      ScaleOf(options, {scale.due_keys, 1, false}, 0.9);
  for (const int64_t keys : scale.known_keys) {
    std::vector<Figure> more =
        ScaleOf(options, {keys, scale.reports_per_key, true}, 0.8);
    std::move(more.begin(), more.end(), std::back_inserter(figures));
  }
  return figures;
}

}  // namespace signalbox
