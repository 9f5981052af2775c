#ifndef SIGNALBOX_TESTS_SIMULATION_SHRINK_H_
#define SIGNALBOX_TESTS_SIMULATION_SHRINK_H_

#include <functional>

#include "tests/simulation/plan.h"

namespace signalbox {

// Makes a plan that fails shorter, so that people can understand the failure:
// leaves out incidents as long as the plan still fails. `fails` runs a plan; it
// must be true for `plan`. Stops after `most_runs` runs and returns the
// shortest plan so far.
Plan Shrink(Plan plan, const std::function<bool(const Plan&)>& fails,
            int most_runs = 2000);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_SIMULATION_SHRINK_H_
