#ifndef SIGNALBOX_SERVER_WEB_WEB_PAGES_H_
#define SIGNALBOX_SERVER_WEB_WEB_PAGES_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/address.h"
#include "server/base/metrics.h"
#include "server/web/health.h"
#include "server/web/web_server.h"

namespace signalbox {

// Serves all pages of WebServer, and /metrics on an address of its own if one
// is configured.
struct WebPages {
  Address address;  // Of the pages, with the actual port.
  std::unique_ptr<WebServer> pages;
  std::unique_ptr<WebServer> metrics;  // Null: they are among the pages.
};

// The addresses are HOST:PORT and loopback. `metrics_listen` may be empty or
// the same as `web_listen`. Pointers are borrowed. Errors: those of
// ParseLoopbackAddress and WebServer::Start.
absl::StatusOr<WebPages> StartWebPages(const std::string& web_listen,
                                       const std::string& metrics_listen,
                                       const Health* health,
                                       const Metrics* metrics);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_WEB_WEB_PAGES_H_
