#ifndef SIGNALBOX_SERVER_WEB_WEB_SERVER_H_
#define SIGNALBOX_SERVER_WEB_WEB_SERVER_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/http/http_server.h"
#include "server/base/metrics.h"

namespace signalbox {

// Read-only HTTP pages for tools:
//   GET /healthz  200 while the process runs
//   GET /readyz   200 while the server accepts reports, else 503 and the reason
//   GET /metrics  Prometheus' text format
//
// Thread-safe.
class WebServer {
 public:
  struct Options {
    std::string host = "127.0.0.1";
    int port = 0;         // 0: a free port.
    bool pages = true;    // /healthz and /readyz.
    bool metrics = true;  // /metrics.
    // Whether the server accepts reports now; the message says why not. Called
    // by several threads.
    std::function<absl::Status()> ready;
  };

  // `metrics` is borrowed. UNAVAILABLE, with the address, if the port is not
  // available.
  static absl::StatusOr<std::unique_ptr<WebServer>> Start(
      Options options, const Metrics* metrics);

  // Answers the requests under way, then ends the threads.
  ~WebServer();

  int port() const;

 private:
  explicit WebServer(std::unique_ptr<HttpServer> http);

  std::unique_ptr<HttpServer> http_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_WEB_WEB_SERVER_H_
