#ifndef SIGNALBOX_TESTS_BENCH_POSTING_SUITES_H_
#define SIGNALBOX_TESTS_BENCH_POSTING_SUITES_H_

#include <vector>

#include "absl/time/time.h"
#include "tests/bench/figures.h"

namespace signalbox {

// How well Signalbox posts, against GitHub's rules. All but Idle run on a
// virtual clock, with the store on a real disk.

struct StormOptions {
  int keys = 20'000;
  int transitions = 20;
};
// Everything changes at once. Only what counts in the end should be posted.
std::vector<Figure> Storm(const StormOptions& options);

struct OutageOptions {
  int keys = 100'000;
  absl::Duration time = absl::Hours(24);
  int reports_per_second = 100;
};
// GitHub is down, with 502 or no answer at all, while farms go on.
std::vector<Figure> Outage(const OutageOptions& options);

struct FairnessOptions {
  int busy_entries = 10'000;
  int calm_repositories = 99;
};
// One repository has many reports, others few.
std::vector<Figure> Fairness(const FairnessOptions& options);

struct IdleOptions {
  int calls = 2'000;
};
// From a farm's call to GitHub, with nothing else to do; in real time, beside
// the bare HTTP round trip.
std::vector<Figure> Idle(const IdleOptions& options);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_POSTING_SUITES_H_
