#include "server/web/web_server.h"

#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "common/http/http_server.h"

namespace signalbox {
namespace {

// Tools ask seldom, and gRPC needs the file descriptors.
constexpr size_t kThreads = 4;

HttpAnswer Answer(const WebServer::Options& options, const Metrics& metrics,
                  const HttpHead& head) {
  HttpAnswer answer = {404, "not found\n"};
  answer.headers = {{"Cache-Control", "no-store"},
                    {"X-Content-Type-Options", "nosniff"},
                    {"Content-Security-Policy", "default-src 'none'"}};
  if (head.method != "GET" && head.method != "HEAD") return answer;
  if (options.pages && head.path == "/healthz") {
    answer.status = 200;
    answer.text = "ok\n";
  } else if (options.pages && head.path == "/readyz") {
    const absl::Status status = options.ready();
    answer.status = status.ok() ? 200 : 503;
    answer.text =
        status.ok() ? "ready\n" : absl::StrCat(status.message(), "\n");
  } else if (options.metrics && head.path == "/metrics") {
    answer.status = 200;
    answer.text = metrics.Text();
    answer.content_type = "text/plain; version=0.0.4";
  }
  return answer;
}

}  // namespace

WebServer::WebServer(std::unique_ptr<HttpServer> http)
    : http_(std::move(http)) {}

WebServer::~WebServer() = default;

int WebServer::port() const { return http_->port(); }

absl::StatusOr<std::unique_ptr<WebServer>> WebServer::Start(
    Options options, const Metrics* metrics) {
  HttpServerOptions http_options;
  http_options.host = options.host;
  http_options.port = static_cast<uint16_t>(options.port);
  http_options.max_threads = kThreads;
  absl::StatusOr<std::unique_ptr<HttpServer>> http = HttpServer::Start(
      http_options, [options = std::move(options), metrics](
                        const HttpServerRequest& request, BodyReader) {
        return Answer(options, *metrics, request.head);
      });
  if (!http.ok()) {
    return Error(absl::StatusCode::kUnavailable, "ADDRESS_NOT_AVAILABLE",
                 http.status().message());
  }
  return std::unique_ptr<WebServer>(new WebServer(*std::move(http)));
}

}  // namespace signalbox
