#include "shim/http_adapter.h"

#include <httplib.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <exception>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "shim/head_gate.h"
#include "shim/log.h"
#include "shim/thread_pool.h"

namespace signalbox {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kBacklog = 1024;
// A thread is held by a request whose head is there, never by a silent client.
constexpr size_t kMaxThreads = 256;
constexpr size_t kMaxQueuedRequests = 1024;
constexpr size_t kMaxWaitingConnections = 4096;
// How long and how much a client may go on sending after its answer.
constexpr std::chrono::milliseconds kDrainTime{2000};
constexpr uint64_t kDrainBytes = 256 << 20;

// One request's bytes for cpp-httplib: first a head that was written here,
// then the body from the socket, with one deadline and one count for all of it.
class RequestStream final : public httplib::Stream {
 public:
  RequestStream(int socket, std::string first_bytes,
                Clock::time_point read_deadline,
                Clock::time_point write_deadline, uint64_t max_bytes)
      : socket_(socket),
        buffer_(std::move(first_bytes)),
        read_deadline_(read_deadline),
        write_deadline_(write_deadline),
        bytes_left_(max_bytes) {}

  ssize_t read(char* out, size_t size) override {
    if (next_ == buffer_.size()) {
      const ssize_t count = Fill();
      if (count <= 0) return count;
    }
    const size_t count = std::min(size, buffer_.size() - next_);
    memcpy(out, buffer_.data() + next_, count);
    next_ += count;
    return static_cast<ssize_t>(count);
  }

  ssize_t write(const char* bytes, size_t size) override {
    size_t sent = 0;
    while (sent < size) {
      const ssize_t count =
          send(socket_, bytes + sent, size - sent, MSG_NOSIGNAL);
      if (count >= 0) {
        sent += static_cast<size_t>(count);
      } else if (errno == EAGAIN) {
        if (!Await(POLLOUT, write_deadline_)) return -1;
      } else if (errno != EINTR) {
        return -1;
      }
    }
    return static_cast<ssize_t>(sent);
  }

  // Reads on for a while, so that closing does not reset the connection under
  // a client that is still sending and has yet to read its answer.
  void Drain() {
    shutdown(socket_, SHUT_WR);
    read_deadline_ = std::min(write_deadline_, Clock::now() + kDrainTime);
    bytes_left_ = kDrainBytes;
    while (Fill() > 0) {
    }
  }

  bool is_readable() const override { return true; }
  bool is_writable() const override { return true; }
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  // Only asked for to see whether select() could take it.
  socket_t socket() const override { return -1; }

 private:
  // As recv(); -1 also at the deadline and at the limit.
  ssize_t Fill() {
    if (bytes_left_ == 0) return -1;
    buffer_.resize(std::min<uint64_t>(16 << 10, bytes_left_));
    next_ = 0;
    ssize_t count = -1;
    while (Await(POLLIN, read_deadline_)) {
      count = recv(socket_, buffer_.data(), buffer_.size(), 0);
      if (count >= 0 || (errno != EAGAIN && errno != EINTR)) break;
    }
    buffer_.resize(count > 0 ? static_cast<size_t>(count) : 0);
    bytes_left_ -= buffer_.size();
    return count;
  }

  // False at the deadline.
  bool Await(short events, Clock::time_point deadline) const {
    pollfd polled = {socket_, events, 0};
    while (true) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
      if (left.count() <= 0) return false;
      const int ready = poll(&polled, 1, static_cast<int>(left.count()));
      if (ready > 0) return true;
      if (ready < 0 && errno != EINTR) return false;
    }
  }

  const int socket_;
  std::string buffer_;
  size_t next_ = 0;
  Clock::time_point read_deadline_;
  const Clock::time_point write_deadline_;
  uint64_t bytes_left_;
};

// A request on its way through cpp-httplib, which has no room for it.
struct Exchange {
  const HttpRequest* request = nullptr;
  absl::Status head_status;
  RequestStream* stream = nullptr;
  bool body_was_read = false;
};
thread_local Exchange* current_exchange = nullptr;

// Runs accepted connections at once: all that is done with them there is to
// put them into the gate.
class InlineQueue final : public httplib::TaskQueue {
 public:
  void enqueue(std::function<void()> job) override { job(); }
  void shutdown() override {}
};

size_t MaxWaitingConnections() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 64;
  // Half of the descriptors for silent connections, the rest for requests.
  return std::clamp<size_t>(limit.rlim_cur / 2, 64, kMaxWaitingConnections);
}

// A socket that listens on `host` and `port`.
absl::StatusOr<UniqueFd> Listen(const std::string& host, uint16_t port) {
  addrinfo hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const std::string service = absl::StrCat(port);
  const int error = getaddrinfo(host.c_str(), service.c_str(), &hints, &found);
  if (error != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot listen on ", host, ": ", gai_strerror(error)));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(
      found, &freeaddrinfo);
  int last_errno = 0;
  for (const addrinfo* it = found; it != nullptr; it = it->ai_next) {
    UniqueFd fd(
        socket(it->ai_family, it->ai_socktype | SOCK_CLOEXEC, it->ai_protocol));
    const int yes = 1;
    // Not SO_REUSEPORT: a second process would take half of the deliveries.
    if (fd.get() >= 0 &&
        setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) ==
            0 &&
        bind(fd.get(), it->ai_addr, it->ai_addrlen) == 0 &&
        listen(fd.get(), kBacklog) == 0) {
      return fd;
    }
    last_errno = errno;
  }
  return absl::ErrnoToStatus(
      last_errno, absl::StrCat("cannot listen on ", host, ":", port));
}

class HttplibServer final : public HttpServer, private httplib::Server {
 public:
  HttplibServer(const HttpServerOptions& options, HttpHandler handler,
                UniqueFd listener)
      : options_(options),
        handler_(std::move(handler)),
        listener_(std::move(listener)),
        threads_(kMaxThreads, kMaxQueuedRequests),
        gate_(MaxWaitingConnections(), options.head_timeout,
              [this](Arrival arrival) { Pass(std::move(arrival)); }) {
    new_task_queue = [] { return new InlineQueue; };
    Post("/", [this](const httplib::Request&, httplib::Response& response,
                     const httplib::ContentReader& reader) {
      const HttpAnswer answer = Answer(reader);
      response.status = answer.status;
      if (answer.status == 405) response.set_header("Allow", "POST");
      response.set_content(answer.text, "text/plain");
    });
    // Without it the library tells the client what was thrown.
    set_exception_handler([](const httplib::Request&,
                             httplib::Response& response,
                             std::exception_ptr) { response.status = 500; });
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
    stopping_ = true;
    // Ends every accept, also one that has yet to begin.
    shutdown(listener_.get(), SHUT_RDWR);
    if (accepting_.joinable()) accepting_.join();
    gate_.Stop();
    threads_.Drain();
  }

 private:
  // The library closes its socket and returns at errors that pass, such as a
  // connection that was aborted in the backlog. It is given a duplicate, so
  // that nothing that waits in the backlog is lost then.
  void Accept() {
    while (!stopping_) {
      svr_sock_ = dup(listener_.get());
      if (svr_sock_ != -1) listen_after_bind();
      if (stopping_) return;
      LogLine(LogLevel::kWarning, "accepting connections again");
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }

  bool process_and_close_socket(socket_t socket) override {
    try {
      gate_.Add(socket);
      return true;
    } catch (const std::exception&) {
      return false;
    }
  }

  void Pass(Arrival arrival) {
    // Jobs must be copyable.
    auto shared = std::make_shared<Arrival>(std::move(arrival));
    if (!threads_.Submit([this, shared] { Serve(*shared); })) {
      LogLine(LogLevel::kWarning, "connection dropped: too many requests");
    }
  }

  void Serve(Arrival& arrival) {
    try {
      const absl::string_view bytes = arrival.bytes;
      const size_t head_size = HttpHeadSize(bytes);
      HttpRequest request;
      request.first_byte = arrival.first_byte;
      Exchange exchange;
      absl::StatusOr<HttpHead> head = ParseHttpHead(bytes.substr(0, head_size));
      exchange.head_status = head.status();
      if (head.ok()) request.head = *std::move(head);
      exchange.request = &request;
      // The body's type is left out: it would wake the library's own decoding
      // of forms, with its limit of 8 KiB.
      const std::string framing =
          request.head.chunked
              ? "Transfer-Encoding: chunked"
              : absl::StrCat("Content-Length: ", request.head.content_length);
      RequestStream stream(arrival.socket.get(),
                           absl::StrCat("POST / HTTP/1.1\r\n", framing,
                                        "\r\n\r\n", bytes.substr(head_size)),
                           arrival.first_byte + options_.body_timeout,
                           arrival.first_byte + options_.total_timeout,
                           options_.max_wire_bytes);
      exchange.stream = &stream;
      exchange.body_was_read = head.ok() && !request.head.chunked &&
                               request.head.content_length == 0;
      current_exchange = &exchange;
      bool closed = false;
      process_request(stream, /*close_connection=*/true, closed, nullptr);
      current_exchange = nullptr;
      if (!exchange.body_was_read) stream.Drain();
    } catch (const std::exception&) {
      current_exchange = nullptr;
      LogLine(LogLevel::kError, "connection dropped: exception");
    }
  }

  HttpAnswer Answer(const httplib::ContentReader& reader) {
    Exchange& exchange = *current_exchange;
    const HttpRequest& request = *exchange.request;
    if (!exchange.head_status.ok()) {
      LogLine(LogLevel::kInfo, "not HTTP",
              {{"answer", 400}, {"why", exchange.head_status.message()}});
      return {400, "bad request\n"};
    }
    if (Clock::now() >= request.first_byte + options_.body_timeout) {
      LogLine(LogLevel::kWarning, "request waited too long for a thread");
      return {503, "try again later\n"};
    }
    HttpAnswer answer;
    try {
      answer = handler_(request, [&](BodySink sink) {
        if (request.head.expects_continue) {
          constexpr absl::string_view kContinue =
              "HTTP/1.1 100 Continue\r\n\r\n";
          exchange.stream->write(kContinue.data(), kContinue.size());
        }
        exchange.body_was_read = reader([&](const char* bytes, size_t size) {
          return sink(absl::string_view(bytes, size));
        });
        return exchange.body_was_read;
      });
    } catch (const std::exception& e) {
      LogLine(LogLevel::kError, "exception in a handler", {{"why", e.what()}});
      answer = {500, "internal error\n"};
    }
    if (request.head.method == "HEAD") answer.text.clear();
    return answer;
  }

  const HttpServerOptions options_;
  const HttpHandler handler_;
  const UniqueFd listener_;
  std::atomic<bool> stopping_ = false;
  ThreadPool threads_;
  HeadGate gate_;
  std::thread accepting_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(
    const HttpServerOptions& options, HttpHandler handler) {
  absl::StatusOr<UniqueFd> listener = Listen(options.host, options.port);
  if (!listener.ok()) return listener.status();
  return std::make_unique<HttplibServer>(options, std::move(handler),
                                         *std::move(listener));
}

}  // namespace signalbox
