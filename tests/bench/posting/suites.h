#ifndef SIGNALBOX_TESTS_BENCH_POSTING_SUITES_H_
#define SIGNALBOX_TESTS_BENCH_POSTING_SUITES_H_

#include <vector>

#include "absl/time/time.h"
#include "tests/bench/figures.h"

namespace signalbox {

// The suites of the benchmark "posting": how well the server posts, measured
// against GitHub's rules. All but Idle run on a virtual clock, with the store
// on a real disk. Each returns its figures, some of them with aims.

// How many keys change at once, and how often each.
struct StormOptions {
  int keys = 20'000;
  int transitions = 20;
};
// All keys change many times at once. The server should post only the last
// report of each.
std::vector<Figure> Storm(const StormOptions& options);

// `keys` that farms report about, in turn, while GitHub is down for `time`.
struct OutageOptions {
  int keys = 100'000;
  absl::Duration time = absl::Hours(24);
  int reports_per_second = 100;
};
// GitHub answers with 502, or not at all, while farms go on to report. How soon
// does GitHub show everything afterwards, and with how many requests?
std::vector<Figure> Outage(const OutageOptions& options);

// One busy repository has `busy_entries` due entries; each calm one has one.
struct FairnessOptions {
  int busy_entries = 10'000;
  int calm_repositories = 99;
};
// How long does the busy repository delay the posts of the calm ones?
std::vector<Figure> Fairness(const FairnessOptions& options);

struct IdleOptions {
  int calls = 2'000;  // How often it is measured.
};
// How long does it take from a farm's call until GitHub has the post, when the
// server has nothing else to do? In real time, compared with a bare HTTP
// request.
std::vector<Figure> Idle(const IdleOptions& options);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_POSTING_SUITES_H_
