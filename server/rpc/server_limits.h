#ifndef SIGNALBOX_SERVER_RPC_SERVER_LIMITS_H_
#define SIGNALBOX_SERVER_RPC_SERVER_LIMITS_H_

#include <grpcpp/server_builder.h>

namespace signalbox {

// Sets on `builder` the limits for what a client can cost the server: the sizes
// of messages, the number of calls per connection, and how long a connection
// may live or stay silent. Also forbids a second process to listen on the same
// address. A function of its own, because the benchmarks' reference server must
// have the same limits.
void SetServerLimits(grpc::ServerBuilder* builder);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_SERVER_LIMITS_H_
