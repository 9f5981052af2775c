#include "common/http/http_server.h"

#include <httplib.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <exception>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/http/body_framing.h"
#include "common/http/head_gate.h"
#include "common/http/http_connection.h"
#include "common/http/http_head.h"
#include "common/http/request_socket.h"
#include "common/http/streamed_answer.h"
#include "common/http/thread_pool.h"
#include "common/log.h"

namespace signalbox {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kBacklog = 1024;
constexpr rlim_t kWantedDescriptors = 16384;
// Of the process: other connections, the log and the like.
constexpr size_t kOtherDescriptors = 64;
// Of a streamed answer: for so many bytes, the client has `piece_timeout`.
constexpr size_t kPiece = 16 << 10;

// A request as cpp-httplib reads it: a fixed head, after which it reads a body
// up to the end of the stream; then the body without its framing.
class RequestStream final : public httplib::Stream {
 public:
  RequestStream(RequestSocket& socket, const HttpHead& head)
      : socket_(socket), framing_(head) {}

  ssize_t read(char* out, size_t size) override {
    while (piece_.empty() && status_.ok() && !framing_.is_at_end()) {
      if (bytes_.empty()) {
        const absl::StatusOr<absl::string_view> bytes = socket_.Read();
        status_ = bytes.status();
        if (bytes.ok()) bytes_ = *bytes;
      }
      piece_ = framing_.Next(bytes_);
      status_.Update(framing_.status());
    }
    if (!status_.ok()) return -1;
    const size_t count = std::min(size, piece_.size());
    std::copy_n(piece_.data(), count, out);
    piece_.remove_prefix(count);
    return static_cast<ssize_t>(count);
  }
  ssize_t write(const char* bytes, size_t size) override {
    if (is_muted_) return static_cast<ssize_t>(size);
    is_writable_ &= socket_.Write(absl::string_view(bytes, size));
    return is_writable_ ? static_cast<ssize_t>(size) : -1;
  }

  bool is_readable() const override { return true; }
  bool is_writable() const override { return is_writable_; }
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  // The library only checks whether select() could take it.
  socket_t socket() const override { return -1; }

  // Sends bytes past the library, which then writes nothing. The client has
  // `piece_timeout` for each piece, but no time after `end`. Without bytes,
  // says whether the next could be sent.
  bool WritePieces(absl::string_view bytes,
                   std::chrono::milliseconds piece_timeout,
                   Clock::time_point end) {
    is_muted_ = true;
    do {
      const Clock::time_point now = Clock::now();
      // A write that need not wait would succeed after the deadline, too.
      is_writable_ &= now < end;
      if (!is_writable_ || bytes.empty()) break;
      socket_.SetWriteDeadline(std::min(end, now + piece_timeout));
      is_writable_ = socket_.Write(bytes.substr(0, kPiece));
      bytes.remove_prefix(std::min(bytes.size(), kPiece));
    } while (!bytes.empty());
    return is_writable_;
  }

  // Whether nothing of the request is left in the socket.
  bool is_at_end() const { return framing_.is_at_end(); }
  // Whether the whole request was read, and nothing came after it.
  bool IsQuiet() const {
    return is_at_end() && status_.ok() && piece_.empty() && bytes_.empty() &&
           socket_.IsQuiet();
  }
  // Why reading failed. OK if it did not.
  const absl::Status& status() const { return status_; }

 private:
  RequestSocket& socket_;
  BodyFraming framing_;
  absl::string_view piece_ = "POST / HTTP/1.1\r\n\r\n";
  absl::string_view bytes_;  // The bytes after the piece.
  absl::Status status_;
  bool is_writable_ = true;  // No write has failed.
  bool is_muted_ = false;    // The answer does not come from the library.
};

// A request on its way through cpp-httplib, which has no place for it.
struct Exchange {
  HttpServerRequest request;
  absl::Status head_status;
  RequestStream* stream = nullptr;
  bool may_be_kept = false;  // The connection, unless the answer says no.
  bool is_kept = false;      // The answer leaves it open.
  bool is_followed = false;  // More bytes came before the answer.
  bool is_streamed = false;  // The answer has been sent.
};
thread_local Exchange* current_exchange = nullptr;

// The ranges of the addresses with which a machine reaches itself.
const std::vector<AddressRange>& LoopbackRanges() {
  static const auto* const ranges = new std::vector<AddressRange>{
      *ParseAddressRange("", "127.0.0.0/8"), *ParseAddressRange("", "::1")};
  return *ranges;
}

// Whether the other end of the connection has an address in one of `ranges`.
bool ComesFrom(int fd, const std::vector<AddressRange>& ranges) {
  if (ranges.empty()) return false;
  sockaddr_storage storage = {};
  socklen_t size = sizeof(storage);
  auto* const peer = reinterpret_cast<sockaddr*>(&storage);
  return getpeername(fd, peer, &size) == 0 &&
         std::ranges::any_of(ranges, [peer](const auto& range) {
           return range.Contains(*peer);
         });
}

// The most connections at once, so that a descriptor is always free.
struct Capacity {
  size_t silent;  // Until their head has arrived.
  size_t served;
  size_t queued;
};
Capacity FindCapacity(size_t max_threads) {
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  const size_t descriptors =
      std::max<size_t>(limit.rlim_cur, 16 + kOtherDescriptors);
  const size_t free = descriptors - kOtherDescriptors;
  return {std::min(free / 2, 16 * max_threads), std::min(free / 4, max_threads),
          std::min(free / 4, 4 * max_threads)};
}

absl::StatusOr<UniqueFd> Listen(const Address& address) {
  const std::string problem =
      absl::StrCat("cannot listen on ", address.ToString());
  addrinfo hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const std::string service = absl::StrCat(address.port);
  const int error =
      getaddrinfo(address.host.c_str(), service.c_str(), &hints, &found);
  if (error != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(problem, ": ", gai_strerror(error)));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(
      found, &freeaddrinfo);
  int last_errno = 0;
  for (const addrinfo* it = found; it != nullptr; it = it->ai_next) {
    UniqueFd fd(
        socket(it->ai_family, it->ai_socktype | SOCK_CLOEXEC, it->ai_protocol));
    const int yes = 1;
    // Not SO_REUSEPORT: a second process would take half of the requests.
    // TCP_NODELAY is for the accepted connections, which inherit it: an answer
    // takes two writes. On a kept connection, the second would wait for the
    // client's acknowledgement of the first, which takes 40 ms.
    if (fd.get() >= 0 &&
        setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) ==
            0 &&
        setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)) ==
            0 &&
        bind(fd.get(), it->ai_addr, it->ai_addrlen) == 0 &&
        listen(fd.get(), kBacklog) == 0) {
      return fd;
    }
    last_errno = errno;
  }
  return absl::ErrnoToStatus(last_errno, problem);
}

class HttplibServer final : public HttpServer, private httplib::Server {
 public:
  HttplibServer(const HttpServerOptions& options, HttpHandler handler,
                UniqueFd listener, std::unique_ptr<TlsConnections> tls)
      : options_(options),
        handler_(std::move(handler)),
        listener_(std::move(listener)),
        tls_(std::move(tls)),
        capacity_(FindCapacity(options.max_threads)),
        patience_(options.patience * capacity_.served / options.max_threads),
        threads_(capacity_.served, capacity_.queued),
        waiting_([this] { return threads_.Shortage(); }),
        gate_(capacity_.silent, options.head_timeout, options.idle_timeout,
              [this](Arrival arrival) { Pass(std::move(arrival)); }) {
    Post("/", [this](const httplib::Request&, httplib::Response& response,
                     const httplib::ContentReader& reader) {
      const HttpAnswer answer = Answer(reader);
      response.status = answer.status;
      for (const auto& [name, value] : answer.headers) {
        response.set_header(name, value);
      }
      response.set_content(answer.text, answer.content_type);
    });
    // The library always says that it closes.
    set_post_routing_handler(
        [](const httplib::Request&, httplib::Response& response) {
          Exchange& exchange = *current_exchange;
          if (exchange.is_streamed) return;
          exchange.is_kept = exchange.may_be_kept && response.status / 100 == 2;
          if (exchange.is_kept) response.headers.erase("Connection");
        });
    // Without it, the library sends the exception's text to the client.
    set_exception_handler(
        [](const httplib::Request&, httplib::Response& response,
           const std::exception_ptr&) { response.status = 500; });
    accepting_ = std::thread([this] { Accept(); });
  }

  ~HttplibServer() override { Stop(); }

  uint16_t port() const override {
    sockaddr_storage address = {};
    socklen_t size = sizeof(address);
    getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.ss_family == AF_INET6
                     ? reinterpret_cast<sockaddr_in6*>(&address)->sin6_port
                     : reinterpret_cast<sockaddr_in*>(&address)->sin_port);
  }

  void Stop() override {
    if (!stopping_) stream_end_ = Clock::now() + options_.total_timeout;
    stopping_ = true;
    // Ends every accept(), also one that has not begun yet.
    shutdown(listener_.get(), SHUT_RDWR);
    if (accepting_.joinable()) accepting_.join();
    gate_.Stop();
    threads_.Drain();
  }

 private:
  // Not the library's loop: it ends at the first accept() that fails, and 0.18
  // then answers no request any more. A failure is transient, such as a
  // connection that was aborted in the backlog, or a lack of descriptors.
  void Accept() {
    bool failed_before = false;
    while (!stopping_) {
      const int fd = accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
      const int error = errno;
      if (stopping_) {
        if (fd >= 0) close(fd);
        return;
      }
      if (fd >= 0) {
        failed_before = false;
        Take(fd);
        continue;
      }
      if (error == EINTR) continue;
      if (!failed_before) {
        LogWarning("accept() failed; the HTTP server tries again",
                   {{"why", absl::ErrnoToStatus(error, "accept()").message()}});
      }
      failed_before = true;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }

  void Take(int fd) {
    try {
      UniqueFd socket(fd);
      if (tls_ == nullptr) {
        gate_.Add(std::move(socket));
      } else {
        gate_.Add(
            tls_->Make(std::move(socket),
                       absl::FromChrono(Clock::now().time_since_epoch())));
      }
    } catch (const std::exception&) {
      LogError("the HTTP server dropped a connection after an exception");
    }
  }

  void Pass(Arrival arrival) {
    // Jobs must be copyable.
    auto shared = std::make_shared<Arrival>(std::move(arrival));
    const auto serve = [this, shared] { Serve(*shared); };
    bool is_taken = threads_.Submit(serve);
    // A request that waits for its client gives way soon.
    while (waiting_.MakeRoom() && !is_taken) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      is_taken = threads_.Submit(serve);
    }
    if (!is_taken) {
      LogWarning(
          "the HTTP server dropped a connection: it has too many requests");
    }
  }

  void Serve(Arrival& arrival) {
    try {
      if (AnswerOn(arrival)) gate_.Keep(std::move(arrival.connection));
    } catch (const std::exception&) {
      current_exchange = nullptr;
      LogError("the HTTP server dropped a connection after an exception");
    }
  }

  // Returns whether the connection stays open.
  bool AnswerOn(Arrival& arrival) {
    const absl::string_view bytes = arrival.bytes;
    const size_t head_size = HttpHeadSize(bytes);
    absl::StatusOr<HttpHead> head = ParseHttpHead(bytes.substr(0, head_size));
    Exchange exchange;
    exchange.head_status = head.status();
    if (head.ok()) exchange.request.head = *std::move(head);
    exchange.request.first_byte = arrival.first_byte;
    exchange.request.peer_is_loopback =
        ComesFrom(arrival.connection.fd(), LoopbackRanges());
    exchange.may_be_kept =
        exchange.request.head.may_be_kept &&
        ComesFrom(arrival.connection.fd(), options_.kept_clients);
    RequestSocket socket(
        arrival.connection, std::string(bytes.substr(head_size)),
        {arrival.first_byte, arrival.first_byte + options_.body_timeout,
         arrival.first_byte + options_.total_timeout, patience_,
         options_.max_wire_bytes},
        waiting_);
    RequestStream stream(socket, exchange.request.head);
    exchange.stream = &stream;
    current_exchange = &exchange;
    Process(*this, stream);
    current_exchange = nullptr;
    if (!exchange.head_status.ok() || !stream.is_at_end() ||
        exchange.is_followed) {
      socket.Drain();
    }
    return exchange.is_kept && stream.is_writable();
  }

  // A template, so that a call that the installed cpp-httplib lacks is no
  // error. 0.18 also wants both ends' addresses, which nothing here uses.
  template <typename Server>
  static void Process(Server& server, httplib::Stream& stream) {
    bool closed = false;
    if constexpr (requires {
                    server.process_request(stream, true, closed, nullptr);
                  }) {
      server.process_request(stream, /*close_connection=*/true, closed,
                             nullptr);
    } else {
      server.process_request(stream, /*remote_addr=*/"", /*remote_port=*/0,
                             /*local_addr=*/"", /*local_port=*/0,
                             /*close_connection=*/true, closed, nullptr);
    }
  }

  HttpAnswer OwnAnswer(int status) const {
    if (options_.own_answer) return options_.own_answer(status);
    if (status == 400) return {400, "bad request\n"};
    if (status == 500) return {500, "internal error\n"};
    // Without Retry-After, some clients retry at once.
    return {503, "try again later\n", "text/plain", {{"Retry-After", "5"}}};
  }

  HttpAnswer Answer(const httplib::ContentReader& reader) {
    Exchange& exchange = *current_exchange;
    const HttpServerRequest& request = exchange.request;
    if (!exchange.head_status.ok()) {
      LogInfo("the HTTP server refused a request that is not valid HTTP",
              {{"answer", 400}, {"why", exchange.head_status.message()}});
      return OwnAnswer(400);
    }
    if (Clock::now() >= request.first_byte + options_.body_timeout) {
      LogWarning(
          "a request waited too long for a thread; its client gets a 503");
      return OwnAnswer(503);
    }
    HttpAnswer answer;
    try {
      answer = handler_(request, [&](BodySink sink) {
        return ReadBody(exchange, reader, sink);
      });
    } catch (const std::exception& e) {
      LogError("a request failed with an exception; its client gets a 500",
               {{"why", e.what()}});
      answer = OwnAnswer(500);
    }
    if (request.head.method == "HEAD") answer.text.clear();
    if (exchange.may_be_kept) {
      exchange.is_followed = !exchange.stream->IsQuiet();
      exchange.may_be_kept = !exchange.is_followed && !stopping_;
    }
    if (answer.stream != nullptr) Stream(answer, exchange);
    return answer;
  }

  // Not by cpp-httplib: it streams nothing unless it listens itself.
  void Stream(const HttpAnswer& answer, Exchange& exchange) {
    exchange.is_streamed = true;
    const bool is_kept = exchange.may_be_kept && answer.status / 100 == 2;
    const bool is_complete = WriteStreamedAnswer(
        answer, exchange.request.head, is_kept, [&](absl::string_view bytes) {
          return exchange.stream->WritePieces(bytes, options_.piece_timeout,
                                              stream_end_.load());
        });
    exchange.is_kept = is_kept && is_complete;
  }

  static absl::Status ReadBody(Exchange& exchange,
                               const httplib::ContentReader& reader,
                               BodySink sink) {
    RequestStream& stream = *exchange.stream;
    if (exchange.request.head.expects_continue) {
      constexpr absl::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
      stream.write(kContinue.data(), kContinue.size());
    }
    const bool complete = reader([&](const char* bytes, size_t size) {
      return sink(absl::string_view(bytes, size));
    });
    if (!stream.status().ok()) return stream.status();
    if (!complete) {
      return absl::CancelledError("the handler does not want the whole body");
    }
    return absl::OkStatus();
  }

  const HttpServerOptions options_;
  const HttpHandler handler_;
  const UniqueFd listener_;
  // Of the thread that accepts. Null: there is no TLS.
  const std::unique_ptr<TlsConnections> tls_;
  std::atomic<bool> stopping_ = false;
  // From then on, streams can send no more.
  std::atomic<Clock::time_point> stream_end_ = Clock::time_point::max();
  const Capacity capacity_;
  const std::chrono::milliseconds patience_;
  ThreadPool threads_;
  WaitingRoom waiting_;
  HeadGate gate_;
  std::thread accepting_;
};

}  // namespace

void HttpServer::RaiseDescriptorLimit() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t wanted = std::min(limit.rlim_max, kWantedDescriptors);
  if (limit.rlim_cur >= wanted) return;
  limit.rlim_cur = wanted;
  setrlimit(RLIMIT_NOFILE, &limit);
}

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(
    const HttpServerOptions& options, HttpHandler handler) {
  std::unique_ptr<TlsConnections> tls;
  if (!options.tls.cert_file.empty() || !options.tls.key_file.empty()) {
    auto opened = TlsConnections::Open(options.tls);
    if (!opened.ok()) return opened.status();
    tls = *std::move(opened);
  }
  absl::StatusOr<UniqueFd> listener = Listen(options.listen);
  if (!listener.ok()) return listener.status();
  return std::make_unique<HttplibServer>(options, std::move(handler),
                                         *std::move(listener), std::move(tls));
}

}  // namespace signalbox
