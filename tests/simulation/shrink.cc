#include "tests/simulation/shrink.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace signalbox {

Plan Shrink(Plan plan, const std::function<bool(const Plan&)>& fails,
            int most_runs) {
  int runs = 0;
  // Leaves out smaller and smaller pieces, as long as the plan still fails.
  for (size_t piece = std::max<size_t>(1, plan.incidents.size() / 2);;) {
    bool shorter = false;
    for (size_t begin = 0; begin < plan.incidents.size();) {
      if (runs++ >= most_runs) return plan;
      const size_t end = std::min(begin + piece, plan.incidents.size());
      Plan without = plan;
      without.incidents.erase(without.incidents.begin() + begin,
                              without.incidents.begin() + end);
      if (fails(without)) {
        plan = std::move(without);
        shorter = true;
      } else {
        begin = end;
      }
    }
    if (piece == 1 && !shorter) return plan;
    if (!shorter) piece = std::max<size_t>(1, piece / 2);
  }
}

}  // namespace signalbox
