#ifndef SIGNALBOX_SERVER_RPC_SERVER_LIMITS_H_
#define SIGNALBOX_SERVER_RPC_SERVER_LIMITS_H_

#include <grpcpp/server_builder.h>

namespace signalbox {

// Bounds what a client can cost: sizes, streams, ages and silence of
// connections; and has an address for one process alone. The benchmarks' no-op
// server has the same limits, so that it is a reference.
void SetServerLimits(grpc::ServerBuilder* builder);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_SERVER_LIMITS_H_
