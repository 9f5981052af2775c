#include "tests/bench/comparison.h"

#include "tests/bench/percentile.h"

namespace signalbox {

void Comparison::Add(double value, double reference) {
  values_.push_back(value);
  references_.push_back(reference);
  ratios_.push_back(value / reference);
}

Figure Comparison::ToFigure(const std::string& suite, const std::string& what,
                            const std::string& unit, Figure::Aim aim,
                            double target) const {
  return {
      suite, what,   Percentile(values_, 0.5),     unit,
      aim,   target, Percentile(references_, 0.5), Percentile(ratios_, 0.5)};
}

}  // namespace signalbox
