#ifndef SIGNALBOX_TESTS_BENCH_CALLS_NOOP_H_
#define SIGNALBOX_TESTS_BENCH_CALLS_NOOP_H_

#include <string>

namespace signalbox {

// Servers that do nothing with their requests. They show the cost of the
// libraries alone, as references for signalbox-server and the shim. Each prints
// "listening on HOST:PORT" when it begins, and serves until the process is
// killed.

// signalbox.v1 with gRPC's callback API and the limits of signalbox-server. It
// answers every report with ACCEPTED, and every commit has ten statuses.
void ServeNoopGrpc();

// The same, but it appends the message of each unary report to the file `path`
// before it answers, with one fdatasync for all that wait.
void ServeDurableGrpc(const std::string& path);

// cpp-httplib with its defaults and sixteen threads. It reads the body of a
// POST and answers 200.
void ServeNoopHttp();

// cpp-httplib with 64 threads, which keeps connections. It reads the body of a
// status that is POSTed as to GitHub, makes one unary call to the gRPC server
// at `server`, and answers 201.
void ServeNoopRest(const std::string& server);

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_BENCH_CALLS_NOOP_H_
