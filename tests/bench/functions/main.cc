// The cost of the functions that a report passes through, by Google Benchmark,
// and of the store's large tasks. Its own flags apply:
// --benchmark_filter=Accept, --benchmark_min_time=0.01 and so on.

#include <benchmark/benchmark.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "common/webhook/json_quick.h"
#include "common/webhook/json_strict.h"
#include "server/base/clock.h"
#include "server/github/github_limits.h"
#include "server/outbox/sqlite_outbox.h"
#include "server/report/judge.h"
#include "server/report/report.h"
#include "server/rpc/convert.h"
#include "tests/bench/calls/workload.h"
#include "tests/bench/functions/store.h"
#include "tests/bench/program.h"
#include "tests/bench/webhooks/deliveries.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

const Workload& Reported() {
  static const auto* const workload =
      new Workload(Workload::Kind::kPendingAndResult, 1);
  return *workload;
}

template <typename Request>
Request RequestOf(int64_t call) {
  Request request;
  Reported().Fill(call, &request);
  return request;
}

template <typename Request>
absl::StatusOr<Converted> Convert(const Request& request) {
  static const auto* const options = new ConvertOptions();
  return FromProto(request, *options);
}

Submission SubmissionOf(int64_t call) {
  return Reported().IsPending(call)
             ? Convert(RequestOf<v1::ReportPendingRequest>(call))->submission
             : Convert(RequestOf<v1::ReportResultRequest>(call))->submission;
}

// The key holds nothing, then a pending. In the end a result arrives late.
void BM_Judge(benchmark::State& state) {
  const Report pending = SubmissionOf(0).report;
  const Report result = SubmissionOf(1).report;
  Held held;
  held.phase = Phase::kFarmPending;
  held.run.attempt = result.attempt;
  held.description = pending.description;
  for (auto iteration : state) {
    benchmark::DoNotOptimize(Judge(nullptr, pending));
    benchmark::DoNotOptimize(Judge(&held, result));
    benchmark::DoNotOptimize(Judge(&held, pending));
  }
  state.SetItemsProcessed(3 * state.iterations());
}
BENCHMARK(BM_Judge);

template <typename Request>
void BM_FromProto(benchmark::State& state) {
  const auto request = RequestOf<Request>(0);
  for (auto iteration : state) {
    benchmark::DoNotOptimize(Convert(request));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_FromProto<v1::ReportPendingRequest>);
BENCHMARK(BM_FromProto<v1::ReportResultRequest>);

// Durably, in the programs' directory, which should be on a real disk. Pendings
// and results take turns, as in the suite `calls`.
void BM_Accept(benchmark::State& state) {
  const TempDir dir(BinDirectory());
  SqliteOutboxOptions options(kGitHubLimits);
  options.data_dir = dir.Path("data");
  options.credential_of = [](const Repository&) { return "credential"; };
  absl::StatusOr<std::unique_ptr<Outbox>> outbox = OpenSqliteOutbox(options);
  if (!outbox.ok()) GiveUp(outbox.status().message());
  int64_t call = 0;
  for (auto iteration : state) {
    state.PauseTiming();
    std::vector<Submission> batch;
    for (int64_t i = 0; i < state.range(0); ++i) {
      batch.push_back(SubmissionOf(call++));
    }
    state.ResumeTiming();
    const auto outcomes = (*outbox)->Accept(batch, Clock::System()->Now());
    if (!outcomes.ok() || !outcomes->front().status.ok()) {
      state.SkipWithError("nothing is accepted");
    }
  }
  state.SetItemsProcessed(call);
}
BENCHMARK(BM_Accept)->Arg(1)->Arg(64)->Arg(256)->UseRealTime();

// A real delivery of 21 KB.
template <auto Read>
void BM_ReadDelivery(benchmark::State& state) {
  constexpr absl::string_view kMembers[] = {
      "action",       "pull_request.title",        "pull_request.user.login",
      "number",       "pull_request.head.ref",     "pull_request.head.sha",
      "pull_request", "pull_request.head.repo.id", "pull_request.base.ref",
      "ref",          "pull_request.base.repo.id", "repository.full_name",
      "check_run",    "pull_request.updated_at",   "repository.html_url",
      "changes.base", "pull_request.head.repo",    "repository.id"};
  const std::string json = ExamplePayload();
  for (auto iteration : state) {
    benchmark::DoNotOptimize(Read(json, absl::MakeConstSpan(kMembers)));
  }
}
BENCHMARK(BM_ReadDelivery<QuickRead>);
BENCHMARK(BM_ReadDelivery<StrictRead>);

}  // namespace
}  // namespace signalbox

int main(int argc, char** argv) {
  using namespace signalbox;
  benchmark::Initialize(&argc, argv);
  CLI::App app(
      "Measures what functions cost. Takes the options of Google Benchmark "
      "(--benchmark_filter=...), too.");
  StoreSizes sizes;
  app.add_option("--merged-commits", sizes.merged_commits,
                 "Commits of each of two repositories that become one [2000]");
  app.add_option("--abandoned-entries", sizes.abandoned_entries,
                 "Entries of an account whose credential is refused [20000]");
  app.add_option("--retried-entries", sizes.retried_entries,
                 "Entries that are made due in one transaction [200]");
  app.add_option("--observed-commits", sizes.observed_commits,
                 "Commits with statuses of other programs only [100000]");
  app.add_option("--idle-repositories", sizes.idle_repositories,
                 "Repositories with nothing due [100000]");
  CLI11_PARSE(app, argc, argv);
  AddStoreBenchmarks(sizes);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
