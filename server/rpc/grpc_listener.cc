#include "server/rpc/grpc_listener.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include <chrono>

#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "server/base/batch_scheduling.h"
#include "server/rpc/server_limits.h"

namespace signalbox {
namespace {

// How long calls under way may take once the server stops.
constexpr std::chrono::seconds kCallPatience(2);

}  // namespace

absl::StatusOr<std::unique_ptr<GrpcListener>> GrpcListener::Start(
    absl::string_view listen, bool reflection, StatusServiceImpl* service) {
  absl::StatusOr<Address> address = ParseLoopbackAddress("listen", listen);
  if (!address.ok()) return address.status();
  // For gRPC's threads. Otherwise arriving calls interrupt the thread that
  // commits, and there are more and smaller commits.
  const BatchScheduling scheduling;
  grpc::EnableDefaultHealthCheckService(true);
  if (reflection) grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(address->ToString(),
                           grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(service);
  SetServerLimits(&builder);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) {
    return Error(
        absl::StatusCode::kUnavailable, "ADDRESS_NOT_AVAILABLE",
        absl::StrCat(
            "cannot listen on ", address->ToString(),
            ": the address is in use, or this machine does not have it"));
  }
  address->port = port;
  return std::unique_ptr<GrpcListener>(
      new GrpcListener(*std::move(address), service, std::move(server)));
}

GrpcListener::~GrpcListener() {
  server_->GetHealthCheckService()->SetServingStatus(false);
  service_->CloseStreams();
  server_->Shutdown(std::chrono::system_clock::now() + kCallPatience);
  server_->Wait();
}

}  // namespace signalbox
