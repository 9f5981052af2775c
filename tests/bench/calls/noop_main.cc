// The references beside which Signalbox is measured; see noop.h.

#include <cstdio>
#include <string>

#include "tests/bench/calls/noop.h"

int main(int argc, char** argv) {
  const std::string kind = argc == 2 ? argv[1] : "";
  if (kind == "grpc") signalbox::ServeNoopGrpc();
  if (kind == "http") signalbox::ServeNoopHttp();
  if (argc == 3 && std::string(argv[1]) == "durable") {
    signalbox::ServeDurableGrpc(argv[2]);
  }
  if (argc == 3 && std::string(argv[1]) == "rest") {
    signalbox::ServeNoopRest(argv[2]);
  }
  std::fprintf(stderr,
               "usage: signalbox-bench-noop grpc | http | durable FILE | rest "
               "SERVER\n");
  return 2;
}
