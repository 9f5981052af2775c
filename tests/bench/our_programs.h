#ifndef SIGNALBOX_TESTS_BENCH_OUR_PROGRAMS_H_
#define SIGNALBOX_TESTS_BENCH_OUR_PROGRAMS_H_

#include <memory>
#include <string>

#include "tests/bench/program.h"

namespace signalbox {

// The programs of this build, at free loopback addresses. found() is HOST:PORT.

// signalbox-server with its data in `data_dir`, and a token for the GitHub at
// `api_url`. found() is its address for gRPC.
std::unique_ptr<Process> StartOurServer(const std::string& api_url,
                                        const std::string& data_dir);

// signalbox-shim in front of the server at `server`.
std::unique_ptr<Process> StartOurShim(const std::string& server,
                                      const std::string& secret_file);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_OUR_PROGRAMS_H_
