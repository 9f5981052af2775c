#ifndef SIGNALBOX_TESTS_BENCH_CALLS_NOOP_H_
#define SIGNALBOX_TESTS_BENCH_CALLS_NOOP_H_

#include <string>

namespace signalbox {

// The cost of the libraries by themselves: servers that do nothing with their
// requests. They serve until the process is killed, and print "listening on
// HOST:PORT" when they begin.

// signalbox.v1 on the callback API with the limits of signalbox-server: every
// report is ACCEPTED and every commit has ten statuses.
void ServeNoopGrpc();

// cpp-httplib with its defaults and sixteen threads: reads the body of a POST,
// and answers 200.
void ServeNoopHttp();

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_CALLS_NOOP_H_
