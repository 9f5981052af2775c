#ifndef SIGNALBOX_TESTS_INTEGRATION_SIMULATOR_COUNTERS_H_
#define SIGNALBOX_TESTS_INTEGRATION_SIMULATOR_COUNTERS_H_

#include <string>

namespace signalbox {

// Fails the test for everything that the clients of the GitHub simulator at
// `url` ("http://HOST:PORT") did although GitHub asks them not to. Every test
// that runs one ends with it.
void ExpectGoodConduct(const std::string& url);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_INTEGRATION_SIMULATOR_COUNTERS_H_
