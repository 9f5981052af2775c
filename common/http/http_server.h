#ifndef SIGNALBOX_COMMON_HTTP_HTTP_SERVER_H_
#define SIGNALBOX_COMMON_HTTP_HTTP_SERVER_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/address.h"

namespace signalbox {

// The head of a request: at most 16 KiB with 100 headers, parsed strictly and
// without decoding.
struct HttpHead {
  std::string method;
  std::string path;  // Up to a '?', as sent.
  // In order; names in lower case, values without the space around them.
  std::vector<std::pair<std::string, std::string>> headers;

  // How the body is framed.
  bool chunked = false;
  uint64_t content_length = 0;  // 0 if chunked.

  bool expects_continue = false;

  // The values of all headers with this lower-case name. Borrowed.
  std::vector<absl::string_view> Values(absl::string_view name) const;

  // The value of a header that a request has at most once. Nothing: it is
  // missing, or repeated, and two readers could choose different ones.
  std::optional<absl::string_view> OnlyValue(absl::string_view name) const;
};

struct HttpServerRequest {
  HttpHead head;
  // When the first byte of the request arrived.
  std::chrono::steady_clock::time_point first_byte;
};

struct HttpAnswer {
  int status = 500;
  std::string text;  // Not sent as an answer to HEAD.
  std::string content_type = "text/plain";
  // Others than those about length, type and connection.
  std::vector<std::pair<std::string, std::string>> headers = {};
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
using HttpHandler =
    std::function<HttpAnswer(const HttpServerRequest&, BodyReader)>;

struct HttpServerOptions {
  // Where to listen. The host is an address or a name of this machine.
  Address listen = {"127.0.0.1", 0};
  // The most requests that are served at once. Four times as many may wait for
  // a thread, and 16 times as many connections for a head. The server keeps
  // fewer of each if the process has few file descriptors.
  size_t max_threads = 256;
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
// HttpServer answers a malformed request itself, with 400: everything that two
// parsers could read differently, such as lines that do not end in CRLF, a
// repeated length, or a length beside Transfer-Encoding. It also refuses any
// Content-Encoding.
//
// Slow clients, or many of them, cost little and delay no others. A request
// gets a thread only when its head is complete. While it waits for its body and
// others need the thread, it loses the thread.
//
// The log gets one line for a request that is malformed, dropped, or answered
// by HttpServer itself. Peers are not authenticated, and there is no TLS.
//
// Thread-safe.
class HttpServer {
 public:
  // Listens and serves. Errors name the address: INVALID_ARGUMENT if it is not
  // an address, and system errors such as FAILED_PRECONDITION for a port in
  // use.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(
      const HttpServerOptions& options, HttpHandler handler);
  // Stops it.
  virtual ~HttpServer() = default;

  // The port that it listens on.
  virtual uint16_t port() const = 0;

  // Accepts no more connections, answers the requests under way, and returns
  // after at most `total_timeout`.
  virtual void Stop() = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_HTTP_HTTP_SERVER_H_
