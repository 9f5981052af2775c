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

// Takes the next bytes of a body; false: no more are wanted.
using BodySink = absl::FunctionRef<bool(absl::string_view)>;

// Reads the body, without its framing, into a sink. Call at most once.
//   CANCELLED          the sink wanted no more.
//   INVALID_ARGUMENT   it is broken, or ended too soon.
//   DEADLINE_EXCEEDED  it did not arrive in time.
//   UNAVAILABLE        it came slowly while other requests needed the thread.
using BodyReader = absl::FunctionRef<absl::Status(BodySink)>;

// Answers a request. Called on many threads at once. An exception becomes a
// 500 that does not tell what was thrown.
using HttpHandler = std::function<HttpAnswer(const HttpRequest&, BodyReader)>;

struct HttpServerOptions {
  std::string host = "127.0.0.1";  // An address, or a name of this machine.
  uint16_t port = 0;               // 0: any that is free.
  // From the accept to the end of the head.
  std::chrono::milliseconds head_timeout{5000};
  // From the first byte to the end of the body.
  std::chrono::milliseconds body_timeout{7000};
  // From the first byte until a connection is closed, whatever it does.
  std::chrono::milliseconds total_timeout{9500};
  // How long a request may wait for its client while others wait for a thread;
  // less where there can be few threads for want of descriptors.
  std::chrono::milliseconds patience{100};
  // Bytes of a body as sent, with its framing, before the connection is
  // dropped: the handler's own limits come first.
  uint64_t max_wire_bytes = 160 << 20;
};

// An HTTP/1 server for short requests: one request for each connection.
//
// It holds cpp-httplib, which is used for what is safe in the packaged
// version: accepting connections and writing answers; of a request it sees
// nothing but the body, without its framing. Requests that are no proper HTTP
// are answered here, with 400.
//
// Clients that are slow, or too many, cost little and delay nobody: a thread is
// held only by a request whose head is there, and given up while its body is
// awaited and others need one.
//
// Thread-safe.
class HttpServer {
 public:
  // Listens and serves. Errors name the address: INVALID_ARGUMENT if it is
  // none, and the system's own, such as FAILED_PRECONDITION for a port in use.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(
      const HttpServerOptions& options, HttpHandler handler);
  virtual ~HttpServer() = default;

  // The port that is listened on.
  virtual uint16_t port() const = 0;

  // Accepts nothing more, answers the requests under way, and returns: at most
  // `total_timeout` later.
  virtual void Stop() = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SHIM_HTTP_ADAPTER_H_
