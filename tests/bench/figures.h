#ifndef SIGNALBOX_TESTS_BENCH_FIGURES_H_
#define SIGNALBOX_TESTS_BENCH_FIGURES_H_

#include <string>
#include <vector>

namespace signalbox {

// One figure of a benchmark, and what it is aimed at.
struct Figure {
  enum class Aim { kNone, kAtMost, kAtLeast };

  std::string suite;  // "storm"
  std::string what;   // "requests per key"
  double value = 0;
  std::string unit;  // May be empty.
  Aim aim = Aim::kNone;
  double target = 0;

  bool Met() const {
    return aim == Aim::kNone ||
           (aim == Aim::kAtMost ? value <= target : value >= target);
  }
};

// A table for people, or one JSON array for programs, to stdout. Returns
// whether every figure met its aim.
bool PrintFigures(const std::vector<Figure>& figures, bool json);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_FIGURES_H_
