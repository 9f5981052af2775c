#ifndef SIGNALBOX_TESTS_BENCH_FUNCTIONS_STORE_H_
#define SIGNALBOX_TESTS_BENCH_FUNCTIONS_STORE_H_

namespace signalbox {

// How much the store holds when it is measured.
struct StoreSizes {
  // Of each of two repositories that become one; ten contexts a commit.
  int merged_commits = 2'000;
  // Of one account, ten a repository.
  int abandoned_entries = 20'000;
  // Of one repository: what RetryAll makes due in one transaction.
  int retried_entries = 200;
  // Only with statuses that others set at GitHub.
  int observed_commits = 100'000;
  int idle_repositories = 100'000;
};

// Adds to the benchmarks how long the store's large tasks hold the writer, and
// what the search for work costs when there is none.
//
// A task that is too large for one transaction is done in many. Reports wait
// for the transaction that runs, so the longest counts: `longest_ms`. It is the
// time of the call, which includes waiting for the disk and sometimes a
// checkpoint.
void AddStoreBenchmarks(const StoreSizes& sizes);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_FUNCTIONS_STORE_H_
