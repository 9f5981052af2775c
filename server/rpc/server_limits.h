#ifndef SIGNALBOX_SERVER_RPC_SERVER_LIMITS_H_
#define SIGNALBOX_SERVER_RPC_SERVER_LIMITS_H_

#include <grpcpp/server_builder.h>

namespace signalbox {

// Limits what a client can cost the server: the sizes of messages, the number
// of streams, and how long a connection may live or stay silent. Also keeps a
// second process off the same address. The no-op server of the benchmarks has
// the same limits, so that it can serve as a reference.
void SetServerLimits(grpc::ServerBuilder* builder);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_SERVER_LIMITS_H_
