#ifndef SIGNALBOX_TESTS_BENCH_FIGURES_H_
#define SIGNALBOX_TESTS_BENCH_FIGURES_H_

#include <optional>
#include <string>
#include <vector>

namespace signalbox {

// One figure of a benchmark, and what it is aimed at.
//
// A machine is as fast as the hour allows. So what is measured beside a
// reference, on the same machine and in the same minute, is judged by how the
// two compare.
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
  // How they compare: if there is one, it has the aim. It need not be the
  // quotient of the two: medians of several rounds are not.
  std::optional<double> ratio = std::nullopt;
  // For people: what is odd about this figure.
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
