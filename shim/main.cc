#include <malloc.h>
#include <pthread.h>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_replace.h"
#include "common/address.h"
#include "common/http/http_server.h"
#include "common/log.h"
#include "common/rpc/server_connection.h"
#include "common/secret.h"
#include "shim/config.h"
#include "shim/server_call.h"
#include "shim/webhook_handler.h"

namespace signalbox {
namespace {

constexpr int kCannotStart = 2;

int Complain(const absl::Status& status) {
  // Some messages of libraries have several lines.
  const std::string line = absl::StrReplaceAll(status.message(), {{"\n", " "}});
  std::fprintf(stderr, "signalbox-shim: %s\n", line.c_str());
  return kCannotStart;
}

// Returns the memory of large bodies at once. By default, the allocator learns
// to keep it, for each of many threads.
void ForbidHoarding() { mallopt(M_MMAP_THRESHOLD, 128 << 10); }

// Blocks the signals for which AwaitStop waits, in this thread and in all that
// it starts from now on.
sigset_t BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

// Returns at SIGTERM or SIGINT. A second such signal ends the program at once.
void AwaitStop(const sigset_t& signals) {
  int signal = 0;
  while (true) {
    sigwait(&signals, &signal);
    if (signal != SIGHUP) break;
    LogInfo(
        "SIGHUP ignored: the shim reads its flags only when it starts; "
        "restart it to change them");
  }
  std::signal(SIGTERM, SIG_DFL);
  std::signal(SIGINT, SIG_DFL);
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  LogInfo("stopping", {{"signal", signal}});
}

void Announce(const ShimConfig& config, uint16_t port) {
  const std::string address = Address{config.listen.host, port}.ToString();
  if (!config.listen.IsLoopback() && config.listen_tls.cert_file.empty()) {
    LogWarning(
        "other machines can reach this address, and connections to it are "
        "not encrypted; give --tls-cert-file and --tls-key-file, or put a "
        "reverse proxy with TLS in front",
        {{"listen", address}});
  }
  if (config.insecure_no_signature) {
    LogWarning(
        "signatures are NOT checked: anyone who reaches this address can "
        "forge webhooks");
  }
  std::printf("listening on %s\n", address.c_str());
  std::fflush(stdout);
}

int Serve(const ShimConfig& config, SecretSource secrets, const Secret& token) {
  const sigset_t signals = BlockSignals();
  std::signal(SIGPIPE, SIG_IGN);
  HttpServer::RaiseDescriptorLimit();
  StartLogging(DefaultLogFormat());

  WebhookHandlerOptions handler_options;
  handler_options.path = config.path;
  handler_options.max_body = config.max_body;
  handler_options.verify = !config.insecure_no_signature;
  handler_options.token = token;
  const absl::StatusOr<std::unique_ptr<v1::StatusService::Stub>> server =
      ConnectToServer(config.server, config.server_tls);
  if (!server.ok()) return Complain(server.status());
  WebhookHandler handler(handler_options, std::move(secrets), **server);

  HttpServerOptions http_options;
  http_options.listen = config.listen;
  http_options.tls = config.listen_tls;
  http_options.kept_clients = config.trusted_proxies;
  // A form takes up to three bytes for one, and chunked framing as much again.
  http_options.max_wire_bytes = 6 * uint64_t{config.max_body};
  absl::StatusOr<std::unique_ptr<HttpServer>> http = HttpServer::Start(
      http_options,
      [&](const HttpServerRequest& request, BodyReader read_body) {
        return handler.Handle(request, read_body);
      });
  if (!http.ok()) return Complain(http.status());
  Announce(config, (*http)->port());
  const auto rest = RestListener::Start(config.rest, **server);
  if (!rest.ok()) return Complain(rest.status());
  const TokenCheck token_check(token, server->get());
  AwaitStop(signals);
  (*http)->Stop();
  handler.LogTotals();
  return 0;
}

int Run(int argc, const char* const* argv) {
  HideMemory();
  // Log rotation and closing terminals send it, and it must not end the shim.
  // While it is blocked, sigwait() gets it all the same.
  std::signal(SIGHUP, SIG_IGN);
  ForbidHoarding();
  const absl::StatusOr<ShimConfig> config = ParseShimConfig(argc, argv);
  if (!config.ok()) return Complain(config.status());
  if (!config->text.empty()) {
    std::fputs(config->text.c_str(), stdout);
    return 0;
  }
  absl::StatusOr<SecretSource> secrets = OpenWebhookSecrets(*config);
  if (!secrets.ok()) return Complain(secrets.status());
  const absl::StatusOr<Secret> token = LoadToken(*config);
  if (!token.ok()) return Complain(token.status());
  return Serve(*config, *std::move(secrets), *token);
}

}  // namespace
}  // namespace signalbox

int main(int argc, char** argv) { return signalbox::Run(argc, argv); }
