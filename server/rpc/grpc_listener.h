#ifndef SIGNALBOX_SERVER_RPC_GRPC_LISTENER_H_
#define SIGNALBOX_SERVER_RPC_GRPC_LISTENER_H_

#include <grpcpp/server.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "server/rpc/grpc_tls.h"
#include "server/rpc/status_service.h"

namespace signalbox {

struct GrpcListenerOptions {
  // At least one. HOST:PORT; with port 0 the system chooses a free port. Or
  // unix:PATH: each program that may write to the socket can connect.
  std::vector<std::string> listen;
  // For connections to HOST:PORT; borrowed. Null: they are not encrypted.
  // Connections to unix:PATH never are.
  const GrpcTls* tls = nullptr;
  // Allows connections from other machines that are not encrypted.
  bool insecure_plaintext = false;
  // Whether each caller must show a token.
  bool has_callers = false;
  // Tools such as grpcurl can read the schema.
  bool reflection = false;
};

// GrpcListener is the gRPC server: it makes a StatusServiceImpl and gRPC's
// health service reachable at some addresses.
class GrpcListener {
 public:
  // Listens and serves. `service` is borrowed.
  //
  // Errors: those of ParseAddress and CheckUnixAddress. UNAVAILABLE, reason
  // ADDRESS_NOT_AVAILABLE: the process cannot listen there. INVALID_ARGUMENT:
  // other machines can reach an address, but connections are not encrypted,
  // reason ADDRESS_NOT_LOOPBACK; or clients need neither a token nor a
  // certificate, reason CALLERS_MISSING.
  static absl::StatusOr<std::unique_ptr<GrpcListener>> Start(
      const GrpcListenerOptions& options, StatusServiceImpl* service);

  // Ends the streams, gives the other calls under way two seconds to end,
  // cancels the rest, and stops.
  ~GrpcListener();

  // Where it listens, in the order of the options, with the actual ports.
  const std::vector<std::string>& addresses() const { return addresses_; }

 private:
  GrpcListener(std::vector<std::string> addresses, StatusServiceImpl* service,
               std::unique_ptr<grpc::Server> server)
      : addresses_(std::move(addresses)),
        service_(service),
        server_(std::move(server)) {}

  const std::vector<std::string> addresses_;
  StatusServiceImpl* const service_;
  const std::unique_ptr<grpc::Server> server_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_RPC_GRPC_LISTENER_H_
