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
#include "common/tls_material.h"

namespace signalbox {

// The head of a request: its request line and headers. At most 16 KiB with 100
// headers, parsed strictly, and not decoded.
struct HttpHead {
  std::string method;
  std::string path;   // As the client sent it, up to the first '?'.
  std::string query;  // As the client sent it, after that '?'.
  // In the order sent. Names in lower case; values without the space around
  // them.
  std::vector<std::pair<std::string, std::string>> headers;

  // How the client sends the body: in chunks, or as so many bytes.
  bool chunked = false;
  uint64_t content_length = 0;  // 0 if chunked.

  // The client waits for "100 Continue" before it sends the body. HttpServer
  // sends that when the handler begins to read.
  bool expects_continue = false;

  // The client speaks HTTP/1.0. It cannot read an answer in chunks.
  bool is_http_1_0 = false;

  // The client may send another request on the connection: it speaks HTTP/1.1,
  // and asks for nothing but `keep-alive` in Connection.
  bool may_be_kept = false;

  // The values of all headers with this lower-case name. Borrowed.
  std::vector<absl::string_view> Values(absl::string_view name) const;

  // The value of the one header with this lower-case name. Nothing: there is no
  // such header, or there are several. Two programs could choose different ones
  // of several, so none is trusted.
  std::optional<absl::string_view> OnlyValue(absl::string_view name) const;
};

// What a handler gets besides the body.
struct HttpServerRequest {
  HttpHead head;
  // When the first byte of the request arrived.
  std::chrono::steady_clock::time_point first_byte;
  // The other end of the connection has a loopback address. It may be a proxy
  // that serves other machines.
  bool peer_is_loopback = false;
};

// HttpServer's function that sends the next bytes of a streamed body. False:
// the client is gone or takes the bytes too slowly (see `piece_timeout`), or
// the server stops. Send no more then. Without bytes, it sends nothing and only
// says that.
using AnswerSink = absl::FunctionRef<bool(absl::string_view)>;

struct HttpAnswer {
  int status = 500;
  std::string text;  // The body; not sent as an answer to HEAD.
  std::string content_type = "text/plain";
  // Other headers. HttpServer adds those about length, type and connection.
  std::vector<std::pair<std::string, std::string>> headers = {};

  // Sends the body instead of `text`, for bodies that are large, or that come
  // later than `total_timeout`: the answer then has no time limit but that of
  // AnswerSink. So it must not take long without a call of the sink. It runs on
  // the handler's thread, after the handler, and not if the answer has no body.
  // False: the body is incomplete, and the client must notice that.
  std::function<bool(AnswerSink)> stream = nullptr;
  // The bytes that `stream` will send; nothing: that is not known yet. For HEAD
  // those that it would send.
  std::optional<uint64_t> stream_size = std::nullopt;
};

// A handler's function that receives the next bytes of a body. False: the
// handler wants no more bytes.
using BodySink = absl::FunctionRef<bool(absl::string_view)>;

// HttpServer's function that reads the body from the client and passes it,
// without framing, to a sink. A handler calls it at most once. Errors:
//   CANCELLED          the sink returned false.
//   INVALID_ARGUMENT   the framing is wrong, or the body ended too soon.
//   DEADLINE_EXCEEDED  the body did not arrive in time.
//   UNAVAILABLE        the body came slowly, and another request needs the
//                      thread (see `patience`). The handler returns at once.
using BodyReader = absl::FunctionRef<absl::Status(BodySink)>;

// Answers a request. Many threads call it at once. If it throws an exception,
// the client gets a 500 that says nothing about the exception.
using HttpHandler =
    std::function<HttpAnswer(const HttpServerRequest&, BodyReader)>;

struct HttpServerOptions {
  // Where to listen. The host is an IP address of this machine, or a name that
  // stands for one.
  Address listen = {"127.0.0.1", 0};
  // PEM files with a certificate and its key, which are read again when they
  // change. Empty: connections are not encrypted. `ca_file` is not used.
  TlsPaths tls = {};
  // The most requests that run at once. Four times as many may wait for a
  // thread, and 16 times as many connections may wait for their head. Further
  // connections are closed. If the process has few file descriptors, all three
  // numbers are smaller.
  size_t max_threads = 256;
  // The most time from the accept to the end of the head, with the handshake of
  // TLS; on a kept connection, from the first byte of the request.
  std::chrono::milliseconds head_timeout{5000};
  // The most time from the first byte of the request to the end of its body.
  std::chrono::milliseconds body_timeout{7000};
  // From the first byte until the server has answered; if it has not, it closes
  // the connection. Answers with `stream` may take longer.
  std::chrono::milliseconds total_timeout{9500};
  // The most time for what an answer with `stream` sends at once, or for each
  // 16 KiB of that.
  std::chrono::milliseconds piece_timeout{16'000};
  // If a request has waited so long for bytes from its client, and another
  // request needs a thread, the reader returns UNAVAILABLE to its handler.
  // Shorter if few file descriptors allow only few threads.
  std::chrono::milliseconds patience{100};
  // The most bytes of a request's body, framing included. After more, the
  // server closes the connection without an answer. So give a handler that
  // answers too large bodies a lower limit of its own.
  uint64_t max_wire_bytes = 160 << 20;
  // The clients whose connections stay open after an answer of 200 to 299, such
  // as a reverse proxy. Others get one answer for each connection.
  std::vector<AddressRange> kept_clients = {};
  // How long such a connection may be idle. Longer than the client keeps an
  // idle connection: a request that the client sends while the server closes
  // gets no answer. nginx keeps it for 60 s.
  std::chrono::milliseconds idle_timeout{75'000};
  // Makes the answers of HttpServer itself: 400 to a request that is malformed,
  // 503 to one that waited too long for a thread, and 500 if the handler threw.
  // Must not throw. Empty: short texts.
  std::function<HttpAnswer(int status)> own_answer = {};
};

// HttpServer is an HTTP/1 server for short requests. With it, the shim receives
// webhooks and serves the REST endpoint, and signalbox-server shows its pages
// for monitoring. It does not authenticate clients.
//
// A connection carries one request, or several one after the other if its
// client is among `kept_clients`. HttpServer closes it, too, after any answer
// but 200 to 299, and if anything of the next request has arrived before the
// answer: then the two ends may disagree where a request ends. An idle
// connection takes no thread.
//
// HttpServer itself answers a malformed request, with 400. A request is
// malformed if two parsers could read it differently: for example, a line does
// not end in CRLF, or a length is repeated or beside Transfer-Encoding. A
// request with a Content-Encoding is malformed, too.
//
// Slow clients, even many of them, cost little and hardly delay others. A
// request gets a thread only when its head is complete, and can lose it while
// its body arrives slowly (see `patience`).
//
// HttpServer writes one log line for each request that is malformed, that it
// drops, or that it answers itself.
//
// Thread-safe.
class HttpServer {
 public:
  // Lets the process have up to 16,384 file descriptors, if the system permits
  // it. Connections cost one each, also silent ones. Call it before Start.
  static void RaiseDescriptorLimit();

  // Listens and serves. Errors name the address: INVALID_ARGUMENT if it is not
  // an address; errors of the system, such as FAILED_PRECONDITION if the port
  // is in use.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(
      const HttpServerOptions& options, HttpHandler handler);
  // Calls Stop, if it was not called before.
  virtual ~HttpServer() = default;

  // The port that it listens on.
  virtual uint16_t port() const = 0;

  // Accepts no more connections, answers the requests under way, and returns
  // after at most `total_timeout`, or when the handlers and streams have
  // returned. After `total_timeout`, a stream cannot begin another 16 KiB.
  virtual void Stop() = 0;
};

}  // namespace signalbox

#endif  // SIGNALBOX_COMMON_HTTP_HTTP_SERVER_H_
