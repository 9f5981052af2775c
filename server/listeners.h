#ifndef SIGNALBOX_SERVER_LISTENERS_H_
#define SIGNALBOX_SERVER_LISTENERS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/metrics.h"
#include "server/rpc/grpc_listener.h"
#include "server/rpc/grpc_tls.h"
#include "server/rpc/status_service.h"
#include "server/server.h"
#include "server/web/health.h"
#include "server/web/web_pages.h"

namespace signalbox {

// Listeners are the addresses at which the server answers: gRPC, and the pages
// for monitoring.
//
// RunOnce is for one thread, the functions that stop for another.
class Listeners {
 public:
  // Listens and serves. Pointers are borrowed. Errors: those of StartWebPages,
  // GrpcTls::Open and GrpcListener::Start.
  static absl::StatusOr<std::unique_ptr<Listeners>> Start(
      const ServerOptions& options, const Health* health, Metrics* metrics,
      StatusServiceImpl* service);

  // Reads the files of TLS again that may have changed. Returns when to call it
  // again.
  absl::Time RunOnce(const Moment& now);

  // As ~GrpcListener.
  void StopGrpc() { grpc_.reset(); }
  void StopWeb();

  // As those of Server; also after the listeners have stopped.
  const std::vector<std::string>& grpc_addresses() const {
    return grpc_addresses_;
  }
  std::string web_address() const { return web_.address.ToString(); }

 private:
  Listeners() = default;

  WebPages web_;
  std::unique_ptr<GrpcTls> tls_;  // Null: connections are not encrypted.
  std::unique_ptr<GrpcListener> grpc_;
  std::vector<std::string> grpc_addresses_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_LISTENERS_H_
