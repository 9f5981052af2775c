#ifndef SIGNALBOX_SERVER_RPC_GRPC_LISTENER_H_
#define SIGNALBOX_SERVER_RPC_GRPC_LISTENER_H_

#include <grpcpp/server.h>

#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/address.h"
#include "server/rpc/status_service.h"

namespace signalbox {

// Serves a StatusServiceImpl and gRPC's health service on one address.
class GrpcListener {
 public:
  // `listen` is a loopback address, HOST:PORT; port 0: a free port. `service`
  // is borrowed. `reflection`: also serves the schema, for tools.
  //
  // Errors: those of ParseLoopbackAddress. UNAVAILABLE, reason
  // ADDRESS_NOT_AVAILABLE.
  static absl::StatusOr<std::unique_ptr<GrpcListener>> Start(
      absl::string_view listen, bool reflection, StatusServiceImpl* service);

  // Ends the streams, gives the calls under way two seconds, and ends.
  ~GrpcListener();

  // With the actual port.
  const Address& address() const { return address_; }

 private:
  GrpcListener(Address address, StatusServiceImpl* service,
               std::unique_ptr<grpc::Server> server)
      : address_(std::move(address)),
        service_(service),
        server_(std::move(server)) {}

  const Address address_;
  StatusServiceImpl* const service_;
  const std::unique_ptr<grpc::Server> server_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_GRPC_LISTENER_H_
