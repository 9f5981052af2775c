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

// The same, but the messages of unary reports are appended to the file `path`,
// with one fdatasync for all that wait, before they are answered.
void ServeDurableGrpc(const std::string& path);

// cpp-httplib with its defaults and sixteen threads: reads the body of a POST,
// and answers 200.
void ServeNoopHttp();

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_CALLS_NOOP_H_
