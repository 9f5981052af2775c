#include "server/listeners.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/part_options.h"

namespace signalbox {

absl::StatusOr<std::unique_ptr<Listeners>> Listeners::Start(
    const ServerOptions& options, const Health* health, Metrics* metrics,
    StatusServiceImpl* service) {
  std::unique_ptr<Listeners> listeners(new Listeners());
  absl::StatusOr<WebPages> pages =
      StartWebPages({options.config.web_listen, options.config.metrics_listen,
                     options.config.web_tls},
                    health, metrics);
  if (!pages.ok()) return pages.status();
  listeners->web_ = *std::move(pages);
  GrpcListenerOptions listener_options;
  listener_options.listen = options.config.listen;
  listener_options.insecure_plaintext = options.insecure_plaintext;
  listener_options.has_callers = !options.config.callers.empty();
  listener_options.reflection = options.reflection;
  if (options.config.tls.has_value()) {
    absl::StatusOr<std::unique_ptr<GrpcTls>> opened =
        GrpcTls::Open(TlsOptionsOf(*options.config.tls), metrics);
    if (!opened.ok()) {
      return absl::Status(opened.status().code(),
                          absl::StrCat("tls: ", opened.status().message()));
    }
    listeners->tls_ = *std::move(opened);
    listener_options.tls = listeners->tls_.get();
  }
  absl::StatusOr<std::unique_ptr<GrpcListener>> grpc =
      GrpcListener::Start(listener_options, service);
  if (!grpc.ok()) return grpc.status();
  listeners->grpc_ = *std::move(grpc);
  listeners->grpc_addresses_ = listeners->grpc_->addresses();
  return listeners;
}

absl::Time Listeners::RunOnce(const Moment& now) {
  return tls_ == nullptr ? absl::InfiniteFuture() : tls_->RunOnce(now);
}

void Listeners::StopWeb() {
  web_.pages.reset();
  web_.metrics.reset();
}

}  // namespace signalbox
