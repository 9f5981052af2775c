#ifndef SIGNALBOX_SERVER_SERVER_H_
#define SIGNALBOX_SERVER_SERVER_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/secret.h"
#include "server/config.h"

namespace signalbox {

// What one process of signalbox-server is made of: the configuration file, and
// what flags and environment lay over it.
struct ServerOptions {
  Config config;

  // Serves github.com's names instead of https://api.github.com; no slash at
  // its end. Empty: not set.
  std::string github_api_url;
  // A token for every account of github.com that the file does not name: from
  // a file (read again when it changes), or from the environment.
  std::string github_token_file;
  Secret github_token;
  // Contexts that are expected where no `repositories` item matches.
  std::vector<std::string> contexts = {"ci/build"};
  // gRPC reflection, for tools such as grpcurl.
  bool reflection = false;

  // Called once, from any thread, when the store has failed: acks can't be
  // given any more, and the process must end and recover.
  std::function<void(absl::Status)> on_failure;
};

// The whole server, put together: builds the parts, hands functions over, and
// takes them down in the right order.
//
// Thread-safe.
class Server {
 public:
  // Opens the store and starts to serve. Errors are one line that says what
  // cannot be had and why.
  static absl::StatusOr<std::unique_ptr<Server>> Start(
      const ServerOptions& options);

  // Stops, if Stop was not called.
  ~Server();

  // Refuses new reports, answers those accepted, waits up to `patience` for
  // posts in flight (what is left is given back by its deadline), and ends.
  void Stop(absl::Duration patience = absl::Seconds(5));

  // HOST:PORT, with the port that was really taken.
  std::string grpc_address() const;
  std::string web_address() const;

 private:
  struct Parts;
  explicit Server(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_SERVER_H_
