#include "server/web/web_pages.h"

#include <utility>

namespace signalbox {
namespace {

// Sets the actual port in `address`.
absl::StatusOr<std::unique_ptr<WebServer>> StartOn(absl::string_view field,
                                                   const std::string& listen,
                                                   WebServer::Options options,
                                                   const Metrics* metrics,
                                                   Address* address) {
  absl::StatusOr<Address> parsed = ParseLoopbackAddress(field, listen);
  if (!parsed.ok()) return parsed.status();
  *address = *std::move(parsed);
  options.host = address->host;
  options.port = address->port;
  auto started = WebServer::Start(std::move(options), metrics);
  if (started.ok()) address->port = (*started)->port();
  return started;
}

}  // namespace

absl::StatusOr<WebPages> StartWebPages(const std::string& web_listen,
                                       const std::string& metrics_listen,
                                       const Health* health,
                                       const Metrics* metrics) {
  const bool metrics_apart =
      !metrics_listen.empty() && metrics_listen != web_listen;
  WebServer::Options options;
  options.metrics = !metrics_apart;
  options.ready = [health] { return health->Ready(); };
  WebPages web;
  auto started =
      StartOn("web_listen", web_listen, options, metrics, &web.address);
  if (!started.ok()) return started.status();
  web.pages = *std::move(started);
  if (!metrics_apart) return web;

  Address unused;
  options.pages = false;
  options.metrics = true;
  started =
      StartOn("metrics_listen", metrics_listen, options, metrics, &unused);
  if (!started.ok()) return started.status();
  web.metrics = *std::move(started);
  return web;
}

}  // namespace signalbox
