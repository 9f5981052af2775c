#ifndef SIGNALBOX_COMMON_RPC_SERVER_CONNECTION_H_
#define SIGNALBOX_COMMON_RPC_SERVER_CONNECTION_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/rpc/channel.h"
#include "signalbox/v1/status_service.grpc.pb.h"

namespace signalbox {

// Makes the shim's connection to the server at `address`. Its clients, which
// are GitHub and tools, wait for some seconds only: it connects again within
// about a second after the server has restarted. It repeats a unary call that
// failed with UNAVAILABLE, up to four times. That is safe for what the shim
// sends: the server knows a delivery by its id, and a status equal to the
// newest changes nothing. Errors: those of OpenChannel.
absl::StatusOr<std::unique_ptr<v1::StatusService::Stub>> ConnectToServer(
    const std::string& address, const ChannelTls& tls = {});

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_RPC_SERVER_CONNECTION_H_
