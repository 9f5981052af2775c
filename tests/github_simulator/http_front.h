#ifndef SIGNALBOX_TESTS_GITHUB_SIMULATOR_HTTP_FRONT_H_
#define SIGNALBOX_TESTS_GITHUB_SIMULATOR_HTTP_FRONT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/address.h"
#include "tests/github_simulator/connection.h"
#include "tests/github_simulator/github_rules.h"

namespace signalbox {

// HttpFront puts HTTP/1.1 with keep-alive around a handler. It hides
// cpp-httplib.
//
// Bodies may have at most 1 MiB, paths 2,048 bytes.
class HttpFront {
 public:
  // Called on many threads at once. The front waits for the response's `delay`,
  // and resets the connection if the response says so.
  using Handler = std::function<SimulatedResponse(const SimulatedRequest&)>;
  // Called after the delay and before the answer is written, so that it is done
  // when the client has the answer. `is_answered` false: the client gets no
  // answer, or went away meanwhile.
  using Ended = std::function<void(int64_t exchange, bool is_answered)>;

  virtual ~HttpFront() = default;

  // Listens, with TLS if `tls` is given. UNAVAILABLE: cannot listen on the
  // address.
  static absl::StatusOr<std::unique_ptr<HttpFront>> Bind(
      const Address& address, std::unique_ptr<TlsContext> tls = nullptr);

  virtual int port() const = 0;

  // Serves until Stop, or until listening fails. Call it once.
  virtual void Serve(Handler handler, Ended ended) = 0;

  // Makes Serve return after the requests under way are answered. Cuts their
  // delays short. Thread-safe; may be called before Serve.
  virtual void Stop() = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_HTTP_FRONT_H_
