#include "server/rpc/grpc_listener.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include <algorithm>
#include <chrono>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/address.h"
#include "common/error.h"
#include "server/base/batch_scheduling.h"
#include "server/rpc/server_limits.h"

namespace signalbox {
namespace {

// How long calls under way may take once the server stops.
constexpr std::chrono::seconds kCallPatience(2);

// Whether the options permit to listen at `address`.
absl::Status CheckReach(const Address& address,
                        const GrpcListenerOptions& options) {
  if (address.IsLoopback()) return absl::OkStatus();
  if (options.tls == nullptr && !options.insecure_plaintext) {
    return InvalidField(
        "listen", address.ToString(),
        "is not a loopback address, and connections to it would not be "
        "encrypted; add \"tls: {cert_file: FILE, key_file: FILE, "
        "client_ca_file: FILE}\" to the configuration file, or give "
        "--insecure-plaintext if nobody else can read what is sent",
        "ADDRESS_NOT_LOOPBACK");
  }
  const bool needs_certificate =
      options.tls != nullptr && options.tls->requires_client_certificate();
  if (options.has_callers || needs_certificate) return absl::OkStatus();
  return InvalidField(
      "listen", address.ToString(),
      "is not a loopback address, and everybody who can connect could report; "
      "add callers to the configuration file, or a client_ca_file to its tls "
      "without \"client_certificates: optional\"",
      "CALLERS_MISSING");
}

// An address at which the server is about to listen.
struct Place {
  std::string host;  // Empty: a Unix socket.
  std::string text;
  int port = 0;  // Filled in when the server has started.
};

absl::StatusOr<std::vector<Place>> FindPlaces(
    const GrpcListenerOptions& options) {
  std::vector<Place> places;
  for (const std::string& listen : options.listen) {
    if (absl::StartsWith(listen, "unix:")) {
      absl::Status checked = CheckUnixAddress("listen", listen);
      if (!checked.ok()) return checked;
      places.push_back({"", listen});
      continue;
    }
    const absl::StatusOr<Address> address = ParseAddress("listen", listen);
    if (!address.ok()) return address.status();
    const absl::Status status = CheckReach(*address, options);
    if (!status.ok()) return status;
    places.push_back({address->host, address->ToString()});
  }
  return places;
}

}  // namespace

absl::StatusOr<std::unique_ptr<GrpcListener>> GrpcListener::Start(
    const GrpcListenerOptions& options, StatusServiceImpl* service) {
  absl::StatusOr<std::vector<Place>> places = FindPlaces(options);
  if (!places.ok()) return places.status();
  // For gRPC's threads. Otherwise arriving calls interrupt the thread that
  // commits, and there are more and smaller commits.
  const BatchScheduling scheduling;
  grpc::EnableDefaultHealthCheckService(true);
  if (options.reflection) {
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  }
  grpc::ServerBuilder builder;
  const std::shared_ptr<grpc::ServerCredentials> plaintext =
      grpc::InsecureServerCredentials();
  const std::shared_ptr<grpc::ServerCredentials> credentials =
      options.tls == nullptr ? plaintext : options.tls->MakeCredentials();
  for (Place& place : *places) {
    builder.AddListeningPort(
        place.text, place.host.empty() ? plaintext : credentials, &place.port);
  }
  builder.RegisterService(service);
  SetServerLimits(&builder);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  // gRPC stops at the first address that fails, and leaves its port 0.
  const auto failed = std::ranges::find(*places, 0, &Place::port);
  if (server == nullptr || failed != places->end()) {
    const Place& place = failed != places->end() ? *failed : places->front();
    return Error(
        absl::StatusCode::kUnavailable, "ADDRESS_NOT_AVAILABLE",
        absl::StrCat(
            "cannot listen on ", place.text,
            ": the address is in use, or this machine does not have it"));
  }
  std::vector<std::string> addresses;
  for (const Place& place : *places) {
    addresses.push_back(place.host.empty()
                            ? place.text
                            : Address{place.host, place.port}.ToString());
  }
  return std::unique_ptr<GrpcListener>(
      new GrpcListener(std::move(addresses), service, std::move(server)));
}

GrpcListener::~GrpcListener() {
  server_->GetHealthCheckService()->SetServingStatus(false);
  service_->CloseStreams();
  server_->Shutdown(std::chrono::system_clock::now() + kCallPatience);
  server_->Wait();
}

}  // namespace signalbox
