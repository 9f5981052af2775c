#ifndef SIGNALBOX_TESTS_INTEGRATION_SIMULATOR_COUNTERS_H_
#define SIGNALBOX_TESTS_INTEGRATION_SIMULATOR_COUNTERS_H_

#include <set>
#include <string>

namespace signalbox {

// Fails the test for each counter of misbehaviour at the GitHub simulator that
// is not zero: its clients did what GitHub asks clients not to do. `url` is
// "http://HOST:PORT". Ignores the counters named in `except`. Each test that
// runs a simulator ends with this.
void ExpectGoodConduct(const std::string& url,
                       const std::set<std::string>& except = {});

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_INTEGRATION_SIMULATOR_COUNTERS_H_
