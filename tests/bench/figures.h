#ifndef SIGNALBOX_TESTS_BENCH_FIGURES_H_
#define SIGNALBOX_TESTS_BENCH_FIGURES_H_

#include <optional>
#include <string>
#include <vector>

namespace signalbox {

// One figure of a benchmark, with its aim. `Met()` says whether it was reached.
//
// A machine's speed changes from hour to hour. So many figures are measured
// beside a reference, on the same machine in the same minute, and the aim is
// for the ratio of the two.
struct Figure {
  enum class Aim { kNone, kAtMost, kAtLeast };

  std::string suite;  // The suite that measured it: "storm".
  std::string what;   // What was measured: "requests per key".
  double value = 0;
  std::string unit;  // May be empty.
  Aim aim = Aim::kNone;
  double target = 0;
  // The same figure of the reference, in the same unit.
  std::optional<double> reference = std::nullopt;
  // Value divided by reference. If there is a ratio, the aim is for the ratio.
  // After several rounds it is the median of their ratios, which need not be
  // the quotient of the medians.
  std::optional<double> ratio = std::nullopt;
  // What people should know about this figure; may be empty.
  std::string note = "";

  bool Met() const {
    const double judged = ratio.value_or(value);
    return aim == Aim::kNone ||
           (aim == Aim::kAtMost ? judged <= target : judged >= target);
  }
};

// The figures as one JSON array.
std::string FiguresAsJson(const std::vector<Figure>& figures);

// Prints the figures to stdout, as a table or as JSON. Returns whether every
// figure met its aim.
bool PrintFigures(const std::vector<Figure>& figures, bool json);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_FIGURES_H_
