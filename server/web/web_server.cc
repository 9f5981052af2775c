#include "server/web/web_server.h"

#include <httplib.h>
#include <sys/socket.h>

#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "common/log.h"
#include "common/mutex.h"

namespace signalbox {
namespace {

constexpr int kThreads = 4;
constexpr size_t kMaxBody = 1024;  // Nothing here reads a body.

void SetHeaders(httplib::Response* response) {
  response->set_header("Cache-Control", "no-store");
  response->set_header("X-Content-Type-Options", "nosniff");
  response->set_header("Content-Security-Policy", "default-src 'none'");
}

void SetUp(httplib::Server& server) {
  server.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  server.set_payload_max_length(kMaxBody);
  server.set_keep_alive_max_count(1);
  server.set_read_timeout(5);
  server.set_write_timeout(5);
  // By default, the library lets other processes share the port.
  server.set_socket_options([](socket_t socket) {
    const int yes = 1;
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  });
  // The library matches routes by recursion, so a long path could overflow the
  // stack.
  server.set_pre_routing_handler(
      [](const httplib::Request& request, httplib::Response& response) {
        SetHeaders(&response);
        if (request.target.size() <= 512) {
          return httplib::Server::HandlerResponse::Unhandled;
        }
        response.status = 414;
        return httplib::Server::HandlerResponse::Handled;
      });
  server.set_exception_handler([](const httplib::Request&,
                                  httplib::Response& response,
                                  std::exception_ptr) {
    response.status = 500;
    response.set_content("internal error\n", "text/plain");
  });
}

void AddRoutes(const WebServer::Options& options, const Metrics* metrics,
               httplib::Server& server) {
  if (options.pages) {
    server.Get("/healthz",
               [](const httplib::Request&, httplib::Response& response) {
                 response.set_content("ok\n", "text/plain");
               });
    server.Get("/readyz", [ready = options.ready](const httplib::Request&,
                                                  httplib::Response& response) {
      const absl::Status status = ready();
      response.status = status.ok() ? 200 : 503;
      response.set_content(
          status.ok() ? "ready\n" : absl::StrCat(status.message(), "\n"),
          "text/plain");
    });
  }
  if (options.metrics) {
    server.Get("/metrics", [metrics](const httplib::Request&,
                                     httplib::Response& response) {
      response.set_content(metrics->Text(), "text/plain; version=0.0.4");
    });
  }
}

}  // namespace

struct WebServer::Http {
  httplib::Server server;
  int port = 0;

  Mutex mu;
  CondVar changed;
  bool ended ABSL_GUARDED_BY(mu) = false;

  std::thread thread;

  // The library ignores a stop() before it listens.
  void WaitUntilListening() {
    MutexLock lock(&mu);
    while (!ended && !server.is_running()) {
      changed.WaitFor(&mu, absl::Milliseconds(1));
    }
  }
};

WebServer::WebServer(std::unique_ptr<Http> http) : http_(std::move(http)) {}

WebServer::~WebServer() {
  http_->server.stop();
  http_->thread.join();
}

int WebServer::port() const { return http_->port; }

absl::StatusOr<std::unique_ptr<WebServer>> WebServer::Start(
    Options options, const Metrics* metrics) {
  auto http = std::make_unique<Http>();
  httplib::Server& server = http->server;
  SetUp(server);
  AddRoutes(options, metrics, server);
  if (options.port == 0) {
    http->port = server.bind_to_any_port(options.host.c_str());
  } else if (server.bind_to_port(options.host.c_str(), options.port)) {
    http->port = options.port;
  } else {
    http->port = -1;
  }
  if (http->port <= 0) {
    return Error(
        absl::StatusCode::kUnavailable, "ADDRESS_NOT_AVAILABLE",
        absl::StrCat(
            "cannot listen on ", options.host, ":", options.port,
            ": the address is in use, or this machine does not have it"));
  }
  http->thread = std::thread([http = http.get()] {
    if (!http->server.listen_after_bind()) {
      LogError("the web server has ended unexpectedly", {{"port", http->port}});
    }
    MutexLock lock(&http->mu);
    http->ended = true;
    http->changed.NotifyAll();
  });
  http->WaitUntilListening();
  return std::unique_ptr<WebServer>(new WebServer(std::move(http)));
}

}  // namespace signalbox
