#ifndef SIGNALBOX_TESTS_BENCH_FIGURES_H_
#define SIGNALBOX_TESTS_BENCH_FIGURES_H_

#include <optional>
#include <string>
#include <vector>

namespace signalbox {

// One figure of a benchmark, and its aim.
//
// A machine's speed changes from hour to hour. So a figure that is measured
// beside a reference, on the same machine and in the same minute, is judged by
// the ratio of the two.
struct Figure {
  enum class Aim { kNone, kAtMost, kAtLeast };

  std::string suite;  // "storm"
  std::string what;   // "requests per key"
  double value = 0;
  std::string unit;  // May be empty.
  Aim aim = Aim::kNone;
  double target = 0;
  // What the value is compared with, in the same unit.
  std::optional<double> reference = std::nullopt;
  // Their ratio. If there is one, the aim is for the ratio. It need not be the
  // quotient of the two: with medians of several rounds it is not.
  std::optional<double> ratio = std::nullopt;
  // What is odd about this figure, for people.
  std::string note = "";

  bool Met() const {
    const double judged = ratio.value_or(value);
    return aim == Aim::kNone ||
           (aim == Aim::kAtMost ? judged <= target : judged >= target);
  }
};

// One JSON array for programs.
std::string FiguresAsJson(const std::vector<Figure>& figures);

// A table for people, or FiguresAsJson, to stdout. Returns whether every figure
// met its aim.
bool PrintFigures(const std::vector<Figure>& figures, bool json);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_FIGURES_H_
