#ifndef SIGNALBOX_TESTS_BENCH_CALLS_NOOP_H_
#define SIGNALBOX_TESTS_BENCH_CALLS_NOOP_H_

#include <string>

namespace signalbox {

// What the libraries cost by themselves: servers that do nothing with what
// they are sent. They serve until the process is killed. "listening on
// HOST:PORT" on stdout says that they do.

// signalbox.v1 on the callback API with the limits of signalbox-server: every
// report is ACCEPTED and every commit has ten statuses.
void ServeNoopGrpc();

// cpp-httplib as it comes, with sixteen threads: reads the body of a POST, and
// answers 200.
void ServeNoopHttp();

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_CALLS_NOOP_H_
