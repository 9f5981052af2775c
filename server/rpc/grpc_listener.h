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

// GrpcListener is the gRPC server: it makes a StatusServiceImpl and gRPC's
// health service reachable at one address.
class GrpcListener {
 public:
  // Listens and serves. `listen` is a loopback address, HOST:PORT. Port 0: the
  // system chooses a free port. `reflection`: tools such as grpcurl can read
  // the schema. `service` is borrowed.
  //
  // Errors: those of ParseLoopbackAddress. UNAVAILABLE, reason
  // ADDRESS_NOT_AVAILABLE: the process cannot listen there.
  static absl::StatusOr<std::unique_ptr<GrpcListener>> Start(
      absl::string_view listen, bool reflection, StatusServiceImpl* service);

  // Ends the streams, gives the other calls under way two seconds to end,
  // cancels the rest, and stops.
  ~GrpcListener();

  // Where it listens, with the actual port.
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
