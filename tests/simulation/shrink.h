#ifndef SIGNALBOX_TESTS_SIMULATION_SHRINK_H_
#define SIGNALBOX_TESTS_SIMULATION_SHRINK_H_

#include <functional>

#include "tests/simulation/plan.h"

namespace signalbox {

// Leaves out incidents until the plan would pass without any one more. `fails`
// runs a plan; it must be true of `plan` itself. Stops after `most_runs` of
// them, with the plan it has.
Plan Shrink(Plan plan, const std::function<bool(const Plan&)>& fails,
            int most_runs = 2000);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SIMULATION_SHRINK_H_
