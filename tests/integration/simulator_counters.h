#ifndef SIGNALBOX_TESTS_INTEGRATION_SIMULATOR_COUNTERS_H_
#define SIGNALBOX_TESTS_INTEGRATION_SIMULATOR_COUNTERS_H_

#include <set>
#include <string>

namespace signalbox {

// Fails the test for everything that the clients of the GitHub simulator at
// `url` ("http://HOST:PORT") did although GitHub asks them not to, except the
// counters in `except`. Every test that runs a simulator ends with it.
void ExpectGoodConduct(const std::string& url,
                       const std::set<std::string>& except = {});

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_INTEGRATION_SIMULATOR_COUNTERS_H_
