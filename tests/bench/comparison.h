#ifndef SIGNALBOX_TESTS_BENCH_COMPARISON_H_
#define SIGNALBOX_TESTS_BENCH_COMPARISON_H_

#include <string>
#include <vector>

#include "tests/bench/figures.h"

namespace signalbox {

// Collects, round by round, the figure of a subject and that of the reference
// beside which it was measured.
class Comparison {
 public:
  // Adds one round.
  void Add(double value, double reference);

  // The medians of all rounds. The figure's ratio is the median of the rounds'
  // ratios. The parameters are members of Figure.
  Figure ToFigure(const std::string& suite, const std::string& what,
                  const std::string& unit, Figure::Aim aim = Figure::Aim::kNone,
                  double target = 0) const;

 private:
  std::vector<double> values_;
  std::vector<double> references_;
  std::vector<double> ratios_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_COMPARISON_H_
