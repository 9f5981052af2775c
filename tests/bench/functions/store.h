#ifndef SIGNALBOX_TESTS_BENCH_FUNCTIONS_STORE_H_
#define SIGNALBOX_TESTS_BENCH_FUNCTIONS_STORE_H_

namespace signalbox {

// How large the store's large tasks are when they are measured.
struct StoreSizes {
  // Two repositories become one: commits of each of them, with ten contexts.
  int merged_commits = 2'000;
  // A credential is refused: entries of its account, ten in each repository.
  int abandoned_entries = 20'000;
  // Entries of one repository that RetryAll makes due in one transaction.
  int retried_entries = 200;
  // Commits that have only statuses from other programs.
  int observed_commits = 100'000;
  int idle_repositories = 100'000;  // Repositories with nothing due.
};

// Adds benchmarks of the store's large tasks to Google Benchmark. They measure
// how long each task keeps the store's writer busy, and what the search for
// work costs when there is none.
//
// The store does a large task in many transactions. Reports wait for the
// transaction that runs, so the longest one counts: the counter `longest_ms`,
// in milliseconds. It is the time of the call, including waits for the disk and
// sometimes a checkpoint.
void AddStoreBenchmarks(const StoreSizes& sizes);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_FUNCTIONS_STORE_H_
