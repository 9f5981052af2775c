#ifndef SIGNALBOX_TESTS_BENCH_OUR_PROGRAMS_H_
#define SIGNALBOX_TESTS_BENCH_OUR_PROGRAMS_H_

#include <memory>
#include <string>

#include "tests/bench/program.h"

namespace signalbox {

// These start programs of this build at a free loopback port, whose HOST:PORT
// is Process::found().

// signalbox-server with its data in `data_dir`. It posts to the GitHub at
// `api_url`, with a token. found() is its gRPC address.
std::unique_ptr<Process> StartOurServer(const std::string& api_url,
                                        const std::string& data_dir);

// signalbox-shim in front of the server at `server` (HOST:PORT). `secret_file`
// holds the webhook secret.
std::unique_ptr<Process> StartOurShim(const std::string& server,
                                      const std::string& secret_file);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_OUR_PROGRAMS_H_
