#ifndef SIGNALBOX_SERVER_SERVER_H_
#define SIGNALBOX_SERVER_SERVER_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/config/config.h"
#include "server/config/credential_setup.h"

namespace signalbox {

// The settings of one signalbox-server process: the configuration file, and the
// flags and environment variables that change it.
struct ServerOptions {
  Config config;

  CredentialFlags credential_flags;
  // Contexts that are expected if no item of `repositories` matches.
  std::vector<std::string> contexts = {"ci/build"};
  // gRPC reflection, for tools such as grpcurl.
  bool reflection = false;

  // Called once, from any thread, after the store has failed. The server can no
  // longer acknowledge reports: the process must end and recover.
  std::function<void(absl::Status)> on_failure;
};

// The whole server: creates its parts, connects them, and stops them in the
// right order.
//
// Thread-safe.
class Server {
 public:
  // Opens the store and starts to serve. Errors are one line that says what
  // failed and why.
  static absl::StatusOr<std::unique_ptr<Server>> Start(
      const ServerOptions& options);

  // Calls Stop, if it was not called before.
  ~Server();

  // Refuses new reports, answers the accepted ones, waits up to `patience` for
  // posts in flight, and ends. The entries of posts that are still in flight
  // then become due again when their leases end.
  void Stop(absl::Duration patience = absl::Seconds(5));

  // HOST:PORT, with the actual port.
  std::string grpc_address() const;
  std::string web_address() const;

 private:
  struct Parts;
  explicit Server(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_SERVER_H_
