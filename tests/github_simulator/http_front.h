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

// HttpFront is the simulator's HTTP/1.1 server, with keep-alive. It hides
// cpp-httplib. It refuses bodies of more than 1 MiB and paths of more than
// 2,048 bytes.
//
// Thread-safety: Stop may be called on any thread; Bind and Serve on one.
class HttpFront {
 public:
  // Answers a request. Called on many threads at once. After the call, the
  // front waits for the response's `delay`, and resets the connection if the
  // response says so.
  using Handler = std::function<SimulatedResponse(const SimulatedRequest&)>;
  // Called once for each request, after the delay and before the answer is
  // written. So it has returned when the client has the answer. `is_answered`
  // false: the client gets no answer, because of a reset or because it went
  // away.
  using Ended = std::function<void(int64_t exchange, bool is_answered)>;

  virtual ~HttpFront() = default;

  // Begins to listen; with HTTPS if `tls` is given. UNAVAILABLE: the address
  // cannot be used. The address's port 0 takes a free port, see port().
  static absl::StatusOr<std::unique_ptr<HttpFront>> Bind(
      const Address& address, std::unique_ptr<TlsContext> tls = nullptr);

  virtual int port() const = 0;

  // Serves until Stop is called, or listening fails. Call it once.
  virtual void Serve(Handler handler, Ended ended) = 0;

  // Makes Serve return once the requests under way are answered. Cuts their
  // delays short. May also be called before Serve.
  virtual void Stop() = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_TESTS_GITHUB_SIMULATOR_HTTP_FRONT_H_
