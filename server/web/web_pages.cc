#include "server/web/web_pages.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/error.h"

namespace signalbox {
namespace {

// Tools ask seldom, and gRPC needs the file descriptors.
constexpr size_t kThreads = 4;

// What one address shows. A null pointer: not that.
struct Shown {
  const Health* health;  // /healthz and /readyz.
  const Metrics* metrics;
};

HttpAnswer Answer(const Shown& shown, const HttpHead& head) {
  HttpAnswer answer = {404, "not found\n"};
  answer.headers = {{"Cache-Control", "no-store"},
                    {"X-Content-Type-Options", "nosniff"},
                    {"Content-Security-Policy", "default-src 'none'"}};
  if (head.method != "GET" && head.method != "HEAD") return answer;
  if (shown.health != nullptr && head.path == "/healthz") {
    answer.status = 200;
    answer.text = "ok\n";
  } else if (shown.health != nullptr && head.path == "/readyz") {
    const absl::Status status = shown.health->Ready();
    answer.status = status.ok() ? 200 : 503;
    answer.text =
        status.ok() ? "ready\n" : absl::StrCat(status.message(), "\n");
  } else if (shown.metrics != nullptr && head.path == "/metrics") {
    answer.status = 200;
    answer.text = shown.metrics->Text();
    answer.content_type = "text/plain; version=0.0.4";
  }
  return answer;
}

// Sets the actual port in `address`.
absl::StatusOr<std::unique_ptr<HttpServer>> StartOn(absl::string_view field,
                                                    const std::string& listen,
                                                    const Shown& shown,
                                                    Address* address) {
  absl::StatusOr<Address> parsed = ParseLoopbackAddress(field, listen);
  if (!parsed.ok()) return parsed.status();
  *address = *std::move(parsed);
  HttpServerOptions options;
  options.listen = *address;
  options.max_threads = kThreads;
  auto started = HttpServer::Start(
      options, [shown](const HttpServerRequest& request, BodyReader) {
        return Answer(shown, request.head);
      });
  if (!started.ok()) {
    return Error(absl::StatusCode::kUnavailable, "ADDRESS_NOT_AVAILABLE",
                 started.status().message());
  }
  address->port = (*started)->port();
  return started;
}

}  // namespace

absl::StatusOr<WebPages> StartWebPages(const std::string& web_listen,
                                       const std::string& metrics_listen,
                                       const Health* health,
                                       const Metrics* metrics) {
  const bool metrics_apart =
      !metrics_listen.empty() && metrics_listen != web_listen;
  WebPages web;
  auto started =
      StartOn("web_listen", web_listen,
              {health, metrics_apart ? nullptr : metrics}, &web.address);
  if (!started.ok()) return started.status();
  web.pages = *std::move(started);
  if (!metrics_apart) return web;
  Address unused;
  started =
      StartOn("metrics_listen", metrics_listen, {nullptr, metrics}, &unused);
  if (!started.ok()) return started.status();
  web.metrics = *std::move(started);
  return web;
}

}  // namespace signalbox
