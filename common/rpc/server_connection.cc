#include "common/rpc/server_connection.h"

#include <grpcpp/grpcpp.h>

namespace signalbox {
namespace {

// Waits between the tries of a call: 0.1, 0.2, 0.4, 0.8 s, a fifth more or
// less. A stream has its own entry without any: who sends a report over it
// repeats the report, not the stream.
constexpr char kServiceConfig[] = R"({
  "methodConfig": [{
    "name": [{"service": "signalbox.v1.StatusService"}],
    "retryPolicy": {
      "maxAttempts": 5,
      "initialBackoff": "0.1s",
      "maxBackoff": "1s",
      "backoffMultiplier": 2,
      "retryableStatusCodes": ["UNAVAILABLE"]
    }
  }, {
    "name": [{"service": "signalbox.v1.StatusService",
              "method": "StreamReports"}]
  }]
})";

}  // namespace

absl::StatusOr<std::unique_ptr<v1::StatusService::Stub>> ConnectToServer(
    const std::string& address, const ChannelTls& tls) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 500);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 60000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 5000);
  // Ignores proxies from the environment.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetServiceConfigJSON(kServiceConfig);
  const absl::StatusOr<std::shared_ptr<grpc::Channel>> channel =
      OpenChannel(address, tls, arguments);
  if (!channel.ok()) return channel.status();
  return v1::StatusService::NewStub(*channel);
}

}  // namespace signalbox
