#include "tests/github_simulator/http_front.h"

#include <httplib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/error.h"

namespace signalbox {
namespace {

constexpr size_t kMaxBody = 1 << 20;
constexpr size_t kMaxTarget = 2048;
constexpr absl::Duration kIdleTimeout = absl::Seconds(30);
// Each idle connection and each long poll holds a thread.
constexpr size_t kThreads = 128;

// httplib's own stream cannot reset a connection, and the packaged header does
// not declare it.
class Stream : public httplib::Stream {
 public:
  explicit Stream(Connection* connection) : connection_(connection) {}

  bool is_readable() const override { return true; }
  bool is_writable() const override { return !connection_->is_reset(); }
  ssize_t read(char* to, size_t size) override {
    return connection_->Read(to, size);
  }
  ssize_t write(const char* from, size_t size) override {
    return connection_->Write(from, size);
  }
  // Nothing calls these.
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return connection_->socket(); }

 private:
  Connection* const connection_;
};

// The connection that this thread serves. httplib does not pass it to handlers.
thread_local Connection* current_connection = nullptr;

// Headers that httplib adds to a request.
bool IsOfHttplib(const std::string& name) {
  return name == "REMOTE_ADDR" || name == "REMOTE_PORT" ||
         name == "LOCAL_ADDR" || name == "LOCAL_PORT";
}

class Front : public HttpFront, private httplib::Server {
 public:
  explicit Front(std::unique_ptr<TlsContext> tls)
      : stop_fd_(eventfd(0, EFD_CLOEXEC)), tls_(std::move(tls)) {}
  ~Front() override { close(stop_fd_); }

  bool Open(const Address& address) {
    // httplib sets SO_REUSEPORT, with which two simulators could share a port.
    // This does not.
    set_socket_options([](socket_t socket) {
      const int on = 1;
      setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    });
    port_ = address.port;
    if (port_ == 0) {
      port_ = bind_to_any_port(address.host);
    } else if (!bind_to_port(address.host, port_)) {
      port_ = -1;
    }
    // httplib's backlog is 5.
    return port_ > 0 && ::listen(svr_sock_, 1024) == 0;
  }

  int port() const override { return port_; }

  void Serve(HttpFront::Handler handler, Ended ended) override {
    handler_ = std::move(handler);
    ended_exchange_ = std::move(ended);
    new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
    set_payload_max_length(kMaxBody);
    // These only set the Keep-Alive header: this class keeps the connections.
    set_keep_alive_timeout(absl::ToInt64Seconds(kIdleTimeout));
    set_keep_alive_max_count(1'000'000);
    const auto bodyless = [this](const httplib::Request& request,
                                 httplib::Response& response) {
      Answer(request, "", &response);
    };
    const auto with_body = [this](const httplib::Request& request,
                                  httplib::Response& response,
                                  const httplib::ContentReader& reader) {
      std::string body;
      // httplib reads a body of unknown length until the connection ends.
      const bool has_body = request.has_header("Content-Length") ||
                            request.has_header("Transfer-Encoding");
      const bool is_read =
          !has_body || reader([&body](const char* data, size_t size) {
            body.append(data, size);
            return body.size() <= kMaxBody;
          });
      if (!is_read) {
        // By Content-Length, httplib may already have set 413.
        if (response.status != 413) {
          response.status = body.size() > kMaxBody ? 413 : 400;
        }
        response.set_header("Connection", "close");
        return;
      }
      Answer(request, body, &response);
    };
    // Every request has this path: see process_and_close_socket.
    Get("/", bodyless);
    Options("/", bodyless);
    Post("/", with_body);
    Put("/", with_body);
    Patch("/", with_body);
    Delete("/", with_body);
    set_exception_handler([](const httplib::Request&,
                             httplib::Response& response,
                             std::exception_ptr) { response.status = 500; });
    if (!stopping_) listen_after_bind();
    ended_ = true;
  }

  void Stop() override {
    stopping_ = true;
    const uint64_t one = 1;
    if (::write(stop_fd_, &one, sizeof one) < 0) std::abort();
    // httplib loses a stop that comes before it runs.
    while (!ended_ && !is_running()) std::this_thread::yield();
    stop();
  }

 private:
  void Answer(const httplib::Request& request, const std::string& body,
              httplib::Response* response) {
    SimulatedRequest simulated = {.method = request.method,
                                  .target = request.target,
                                  .headers = {},
                                  .body = body};
    // Answers to requests sent together rarely arrive later than this.
    simulated.latency = absl::Milliseconds(100);
    for (const auto& [name, value] : request.headers) {
      if (!IsOfHttplib(name)) simulated.headers.emplace_back(name, value);
    }
    const SimulatedResponse answer = handler_(simulated);
    const bool is_there = answer.delay <= absl::ZeroDuration() ||
                          current_connection->Wait(stop_fd_, answer.delay);
    const bool is_answered =
        (is_there || stopping_) && !answer.reset_connection;
    if (!is_answered) current_connection->Reset();
    ended_exchange_(answer.exchange, is_answered);
    response->status = answer.status;
    std::string content_type;
    for (const auto& [name, value] : answer.headers) {
      if (absl::EqualsIgnoreCase(name, "content-type")) {
        content_type = value;
      } else {
        response->set_header(name.c_str(), value);
      }
    }
    if (!content_type.empty()) {
      response->set_content(answer.body, content_type.c_str());
    }
  }

  bool process_and_close_socket(socket_t socket) override {
    Connection connection(socket, tls_.get());
    Stream stream(&connection);
    current_connection = &connection;
    // httplib matches paths with std::regex, which recurses. So httplib sees
    // one short path. The real one is in `target`.
    const auto hide_path = [](httplib::Request& request) {
      request.path.clear();
      if (request.target.size() <= kMaxTarget) request.path.push_back('/');
    };
    bool is_good = true;
    bool is_closed = false;
    while (is_good && !is_closed &&
           connection.AwaitRequest(stop_fd_, kIdleTimeout)) {
      is_good = Process(*this, stream, stopping_, &is_closed, hide_path);
      if (connection.is_reset()) break;
    }
    current_connection = nullptr;
    return is_good;
  }

  // A template, because the installed cpp-httplib has only one of the two
  // functions. 0.18 also takes the addresses of both ends; nothing uses them.
  template <typename Server>
  static bool Process(Server& server, Stream& stream, bool close,
                      bool* is_closed,
                      const std::function<void(httplib::Request&)>& hide_path) {
    if constexpr (requires {
                    server.process_request(stream, close, *is_closed,
                                           hide_path);
                  }) {
      return server.process_request(stream, close, *is_closed, hide_path);
    } else {
      return server.process_request(stream, /*remote_addr=*/"",
                                    /*remote_port=*/0, /*local_addr=*/"",
                                    /*local_port=*/0, close, *is_closed,
                                    hide_path);
    }
  }

  const int stop_fd_;
  int port_ = 0;
  const std::unique_ptr<TlsContext> tls_;  // Null: plain.
  HttpFront::Handler handler_;
  Ended ended_exchange_;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> ended_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<HttpFront>> HttpFront::Bind(
    const Address& address, std::unique_ptr<TlsContext> tls) {
  auto front = std::make_unique<Front>(std::move(tls));
  if (front->Open(address)) return front;
  return Error(absl::StatusCode::kUnavailable, "ADDRESS_IN_USE",
               absl::StrCat("cannot listen on ", address.ToString()));
}

}  // namespace signalbox
