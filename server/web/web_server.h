#ifndef SIGNALBOX_SERVER_WEB_WEB_SERVER_H_
#define SIGNALBOX_SERVER_WEB_WEB_SERVER_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/base/metrics.h"

namespace signalbox {

// The pages for people's tools, over HTTP, read-only:
//   GET /healthz  200 while the process runs
//   GET /readyz   200 while reports are accepted, else 503 and why
//   GET /metrics  Prometheus' text format
//
// Thread-safe.
class WebServer {
 public:
  struct Options {
    std::string host = "127.0.0.1";
    int port = 0;         // 0: one that is free.
    bool pages = true;    // /healthz and /readyz.
    bool metrics = true;  // /metrics.
    // Whether reports are accepted now; the message says why not. Called by
    // several threads.
    std::function<absl::Status()> ready;
  };

  // `metrics` is borrowed. UNAVAILABLE, with the address, if the port cannot be
  // had.
  static absl::StatusOr<std::unique_ptr<WebServer>> Start(
      Options options, const Metrics* metrics);

  // Ends the answers under way, then the threads.
  ~WebServer();

  int port() const;

 private:
  struct Http;
  explicit WebServer(std::unique_ptr<Http> http);

  std::unique_ptr<Http> http_;
};

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_WEB_WEB_SERVER_H_
