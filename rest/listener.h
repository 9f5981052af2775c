#ifndef SIGNALBOX_REST_LISTENER_H_
#define SIGNALBOX_REST_LISTENER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/address.h"
#include "common/http/http_server.h"
#include "common/tls_material.h"
#include "rest/door.h"
#include "signalbox/v1/status_service.grpc.pb.h"

namespace signalbox {

// The settings of the door for tools that speak GitHub's REST API.
struct RestSettings {
  std::string listen;               // HOST:PORT. Empty: there is no door.
  std::string public_url;           // See RestDoorOptions.
  std::string host = "github.com";  // RestDoorOptions::default_host.
  TlsPaths tls = {};                // Of the listener. Empty: plain HTTP.
  bool forward = false;  // Other requests go on to GitHub; see RestDoor.
};

// An option of a command line, and the setting that it sets.
struct RestOption {
  const char* flag;
  std::string* value;
  const char* help;
  const char* type;
};
std::vector<RestOption> OptionsOf(RestSettings& settings);

// Checks the settings, beside `webhooks`, the address for GitHub's webhooks.
// INVALID_ARGUMENT: a setting is malformed, or has no effect. Or both addresses
// have one port: the guide puts the webhooks' on the internet. Or other
// machines can reach the door, and its links would say `http://`, or its
// connections are not encrypted.
absl::Status CheckRest(const RestSettings& settings, const Address& webhooks);

// The door on its own listener. The destructor answers the requests under way.
class RestListener {
 public:
  // Listens and serves, and prints the address. Borrows `server`. Null: the
  // settings want no door. Errors are those of HttpServer::Start. The settings
  // must have passed CheckRest.
  static absl::StatusOr<std::unique_ptr<RestListener>> Start(
      const RestSettings& settings, v1::StatusService::StubInterface& server);

  uint16_t port() const { return http_->port(); }

 private:
  RestListener(RestDoorOptions options,
               v1::StatusService::StubInterface& server)
      : door_(std::move(options), server) {}

  RestDoor door_;
  std::unique_ptr<HttpServer> http_;  // Last: it calls the door.
};

}  // namespace signalbox

#endif  // SIGNALBOX_REST_LISTENER_H_
