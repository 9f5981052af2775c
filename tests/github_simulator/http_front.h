#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_HTTP_FRONT_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_HTTP_FRONT_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/base/address.h"
#include "tests/github_simulator/github_rules.h"

namespace signalbox {

// HttpFront puts HTTP/1.1 with keep-alive around a handler. It hides
// cpp-httplib.
//
// Bodies may have at most 1 MiB, paths 2,048 bytes.
class HttpFront {
 public:
  // Called on many threads at once. `delay` of the response is over when it
  // returns; a reset connection is reset.
  using Handler = std::function<SimulatedResponse(const SimulatedRequest&)>;

  virtual ~HttpFront() = default;

  // Listens. UNAVAILABLE: the address cannot be had.
  static absl::StatusOr<std::unique_ptr<HttpFront>> Bind(
      const Address& address);

  virtual int port() const = 0;

  // Serves until Stop, or until listening fails. Call it once.
  virtual void Serve(Handler handler) = 0;

  // Makes Serve return once the requests under way are answered. Thread-safe;
  // may be called before Serve.
  virtual void Stop() = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_HTTP_FRONT_H_
