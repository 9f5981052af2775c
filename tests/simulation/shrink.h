#ifndef SIGNALBOX_TESTS_SIMULATION_SHRINK_H_
#define SIGNALBOX_TESTS_SIMULATION_SHRINK_H_

#include <functional>

#include "tests/simulation/plan.h"

namespace signalbox {

// The plan without incidents that are not needed for it to fail: leaving out
// any one more would make it pass. `fails` runs a plan; that of `plan` itself
// must be true. Gives up after `most_runs` of them, with what it has.
Plan Shrink(Plan plan, const std::function<bool(const Plan&)>& fails,
            int most_runs = 2000);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SIMULATION_SHRINK_H_
