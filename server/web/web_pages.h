#ifndef SIGNALBOX_SERVER_WEB_WEB_PAGES_H_
#define SIGNALBOX_SERVER_WEB_WEB_PAGES_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/address.h"
#include "common/http/http_server.h"
#include "common/tls_material.h"
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

struct WebPagesOptions {
  // HOST:PORT. Without `tls`, they must be loopback. If `metrics_listen` is
  // empty or the same as `web_listen`, one server serves all pages.
  std::string web_listen;
  std::string metrics_listen;
  // The certificate of both addresses, and its key. Empty: connections are not
  // encrypted. `ca_file` is not used.
  TlsPaths tls;
};

// Starts the servers. Pointers are borrowed. An address that other machines can
// reach shows metrics only if it is `metrics_listen`: they say much about an
// organisation, and no caller is asked who it is.
//
// Errors: those of ParseAddress; INVALID_ARGUMENT, reason ADDRESS_NOT_LOOPBACK:
// other machines can reach an address whose connections are not encrypted.
// UNAVAILABLE, reason ADDRESS_NOT_AVAILABLE: the process cannot listen there,
// or a file of `tls` cannot be used; the message says which.
absl::StatusOr<WebPages> StartWebPages(const WebPagesOptions& options,
                                       const Health* health,
                                       const Metrics* metrics);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_WEB_WEB_PAGES_H_
