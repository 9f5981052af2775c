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

absl::StatusOr<Address> AddressOf(absl::string_view field,
                                  const std::string& listen,
                                  const TlsPaths& tls) {
  absl::StatusOr<Address> address = ParseAddress(field, listen);
  if (!address.ok() || address->IsLoopback() || !tls.cert_file.empty()) {
    return address;
  }
  return InvalidField(
      field, listen,
      "is not a loopback address, and its connections are not "
      "encrypted; wanted one such as 127.0.0.1:8080, or web.tls "
      "in the configuration file",
      "ADDRESS_NOT_LOOPBACK");
}

// Sets the actual port in `address`.
absl::StatusOr<std::unique_ptr<HttpServer>> StartOn(Address* address,
                                                    const TlsPaths& tls,
                                                    const Shown& shown) {
  HttpServerOptions options;
  options.listen = *address;
  options.tls = tls;
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

absl::StatusOr<WebPages> StartWebPages(const WebPagesOptions& options,
                                       const Health* health,
                                       const Metrics* metrics) {
  const bool metrics_apart = !options.metrics_listen.empty() &&
                             options.metrics_listen != options.web_listen;
  absl::StatusOr<Address> address =
      AddressOf("web_listen", options.web_listen, options.tls);
  if (!address.ok()) return address.status();
  const bool shows_metrics =
      address->IsLoopback() || options.metrics_listen == options.web_listen;
  WebPages web;
  web.address = *std::move(address);
  auto started =
      StartOn(&web.address, options.tls,
              {health, metrics_apart || !shows_metrics ? nullptr : metrics});
  if (!started.ok()) return started.status();
  web.pages = *std::move(started);
  if (!metrics_apart) return web;
  address = AddressOf("metrics_listen", options.metrics_listen, options.tls);
  if (!address.ok()) return address.status();
  started = StartOn(&*address, options.tls, {nullptr, metrics});
  if (!started.ok()) return started.status();
  web.metrics = *std::move(started);
  return web;
}

}  // namespace signalbox
