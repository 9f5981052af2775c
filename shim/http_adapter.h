#ifndef SIGNALBOX_SHIM_HTTP_ADAPTER_H_
#define SIGNALBOX_SHIM_HTTP_ADAPTER_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "shim/http_head.h"

namespace signalbox {

struct HttpRequest {
  HttpHead head;
  // When the first byte of the request arrived.
  std::chrono::steady_clock::time_point first_byte;
};

struct HttpAnswer {
  int status = 500;
  std::string text;  // One line for people.
};

// Receives the next bytes of a body. False: it wants no more.
using BodySink = absl::FunctionRef<bool(absl::string_view)>;

// Reads the body, without its framing, into a sink. Call at most once.
//   CANCELLED          the sink wanted no more.
//   INVALID_ARGUMENT   the body is broken, or ended too soon.
//   DEADLINE_EXCEEDED  the body did not arrive in time.
//   UNAVAILABLE        it came slowly while other requests needed the thread.
using BodyReader = absl::FunctionRef<absl::Status(BodySink)>;

// Answers a request. Many threads call it at once. An exception becomes a 500
// that says nothing about the exception.
using HttpHandler = std::function<HttpAnswer(const HttpRequest&, BodyReader)>;

struct HttpServerOptions {
  std::string host = "127.0.0.1";  // An address, or a name of this machine.
  uint16_t port = 0;               // 0: any free port.
  // From the accept to the end of the head.
  std::chrono::milliseconds head_timeout{5000};
  // From the first byte to the end of the body.
  std::chrono::milliseconds body_timeout{7000};
  // From the first byte until the connection is closed in any case.
  std::chrono::milliseconds total_timeout{9500};
  // How long a request may wait for its client while other requests wait for a
  // thread. Shorter if a lack of descriptors allows only few threads.
  std::chrono::milliseconds patience{100};
  // The most bytes of a body on the wire, with framing, before the connection
  // is closed. The handler's own limits are lower.
  uint64_t max_wire_bytes = 160 << 20;
};

// An HTTP/1 server for short requests, with one request per connection.
//
// It uses cpp-httplib only for what is safe in the packaged versions: calling
// the handler and writing answers. Of a request, cpp-httplib sees only the
// body, without its framing. HttpServer answers a malformed request itself,
// with 400.
//
// Slow clients, or many of them, cost little and delay no others. A request
// gets a thread only when its head is complete. While it waits for its body and
// others need the thread, it loses the thread.
//
// Thread-safe.
class HttpServer {
 public:
  // Listens and serves. Errors name the address: INVALID_ARGUMENT if it is not
  // an address, and system errors such as FAILED_PRECONDITION for a port in
  // use.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(
      const HttpServerOptions& options, HttpHandler handler);
  virtual ~HttpServer() = default;

  // The port that it listens on.
  virtual uint16_t port() const = 0;

  // Accepts no more connections, answers the requests under way, and returns
  // after at most `total_timeout`.
  virtual void Stop() = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SHIM_HTTP_ADAPTER_H_
