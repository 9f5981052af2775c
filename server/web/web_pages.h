#ifndef SIGNALBOX_SERVER_WEB_WEB_PAGES_H_
#define SIGNALBOX_SERVER_WEB_WEB_PAGES_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/address.h"
#include "common/http/http_server.h"
#include "server/base/metrics.h"
#include "server/web/health.h"

namespace signalbox {

// The HTTP servers of the read-only pages for monitoring:
//   GET /healthz  200 while the process runs
//   GET /readyz   200 while the server accepts reports, else 503 and the reason
//   GET /metrics  Prometheus' text format; it may have an address of its own
struct WebPages {
  Address address;  // Of the pages, with the actual port.
  std::unique_ptr<HttpServer> pages;
  std::unique_ptr<HttpServer> metrics;  // Null: they are among the pages.
};

// Starts the servers. The addresses are HOST:PORT and loopback. If
// `metrics_listen` is empty or the same as `web_listen`, one server serves all
// pages. Pointers are borrowed.
//
// Errors: those of ParseLoopbackAddress. UNAVAILABLE, reason
// ADDRESS_NOT_AVAILABLE: the process cannot listen there; the message has the
// address.
absl::StatusOr<WebPages> StartWebPages(const std::string& web_listen,
                                       const std::string& metrics_listen,
                                       const Health* health,
                                       const Metrics* metrics);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_WEB_WEB_PAGES_H_
