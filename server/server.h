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
  // The expected contexts of a repository that no item of
  // `config.repositories` matches.
  std::vector<std::string> contexts = {"ci/build"};
  // gRPC reflection, for tools such as grpcurl.
  bool reflection = false;
  // Allows gRPC from other machines without encryption.
  bool insecure_plaintext = false;

  // Called once, from any thread, after the database has failed. The server can
  // no longer accept reports: end the process, so that a new one recovers.
  std::function<void(absl::Status)> on_failure;
};

// Server is the whole signalbox-server: it creates the parts, connects them,
// and stops them in the right order. main.cc uses it.
//
// Thread-safe.
class Server {
 public:
  // Opens the database and starts to serve. Errors are one line that says what
  // failed and why.
  static absl::StatusOr<std::unique_ptr<Server>> Start(
      const ServerOptions& options);

  // Calls Stop, if it was not called before.
  ~Server();

  // Stops the server. It refuses new reports, answers the accepted ones, and
  // waits up to `patience` for the answers to posts in flight. If a post is
  // still in flight then, the next process reads its entry back when the lease
  // has ended.
  void Stop(absl::Duration patience = absl::Seconds(5));

  // Where the server listens: HOST:PORT with the actual port; gRPC also at
  // unix:PATH, and in the order of the configuration.
  std::vector<std::string> grpc_addresses() const;
  std::string web_address() const;

 private:
  struct Parts;
  explicit Server(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_SERVER_H_
