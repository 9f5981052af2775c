// signalbox-github-simulator: a local GitHub, as far as Signalbox uses it.

#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/address.h"
#include "common/secret.h"
#include "server/base/clock.h"
#include "tests/github_simulator/github_rules.h"
#include "tests/github_simulator/http_front.h"
#include "tests/github_simulator/simulator.h"

namespace signalbox {
namespace {

constexpr char kControlApi[] = R"(
Pages: / and /OWNER/NAME/commit/SHA show what a pull request would show.

Control API (JSON; tests/github_simulator/README.md has every member):
  POST   /_simulator/repositories  {"full_name", "id", "commits": [SHA]}
  POST   /_simulator/commits       {"full_name", "sha", "visible_after_seconds"}
  POST   /_simulator/rename        {"full_name", "new_full_name"}
  POST   /_simulator/archive       {"full_name", "archived"}
  POST   /_simulator/reruns        {"full_name", "sha", "context"}
  POST   /_simulator/apps          {"id", "client_id", "slug", "public_key"}
  POST   /_simulator/installations {"id", "app_id", "account", ...}
  DELETE /_simulator/installations?id=ID
  POST   /_simulator/revoke        {"installation_id"}
  POST   /_simulator/hooks         {"repository", "url", "secret", "events", ...}
  DELETE /_simulator/hooks?id=ID
  POST   /_simulator/roles         {"where", "login" or "token", "role"}
  POST   /_simulator/scopes        {"token", "scopes"}
  POST   /_simulator/pull_requests {"full_name", "sha", "number", ...}
  POST   /_simulator/faults        {"name", "count", "seconds", ...}
  DELETE /_simulator/faults
  GET    /_simulator/statuses?repository=OWNER/NAME&sha=SHA
  GET    /_simulator/events?after=NUMBER&wait=SECONDS
  GET    /_simulator/counters
  GET    /_simulator/deliveries?hook=ID&delivery=GUID
  POST   /_simulator/settings      {"max_concurrent", "read_lag_ms", ...}
  POST   /_simulator/webhooks      {"event", "action", "repository", "sha", ...}
)";

constexpr int kWrongUsage = 2;

int Complain(absl::string_view problem) {
  const std::string line =
      absl::StrCat("signalbox-github-simulator: ", problem, "\n");
  std::fputs(line.c_str(), stderr);
  return kWrongUsage;
}

// Serves until SIGTERM or SIGINT; returns the process's exit code.
int Serve(HttpFront* front, Simulator* simulator, const Address& listened) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  // Blocked before threads start, so that only sigwait receives them.
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  std::atomic<bool> is_stopping = false;
  std::atomic<bool> has_failed = false;
  std::thread serving([&] {
    front->Serve(
        [simulator](const SimulatedRequest& request) {
          return simulator->Handle(request);
        },
        [simulator](int64_t exchange, bool is_answered) {
          simulator->End(exchange, is_answered);
        });
    if (is_stopping) return;
    has_failed = true;
    kill(getpid(), SIGTERM);
  });
  std::printf("listening on %s\n", listened.ToString().c_str());
  std::fflush(stdout);

  int signal = 0;
  sigwait(&signals, &signal);
  is_stopping = true;
  simulator->Stop();
  front->Stop();
  serving.join();
  if (has_failed) {
    Complain("cannot accept connections any more, so the simulator ends");
  }
  return has_failed ? 1 : 0;
}

int Main(int argc, char** argv) {
  CLI::App app(
      "Answers like GitHub's commit-status API: with its rules, its limits "
      "and, on request, its faults.",
      "signalbox-github-simulator");
  app.footer(kControlApi);
  GitHubRules::Options options;
  std::string listen = "127.0.0.1:8180";
  std::string webhook_url, secret_file, base_url, tls_cert, tls_key;
  app.add_option("--listen", listen,
                 "Loopback HOST:PORT to listen on; port 0: a free port")
      ->capture_default_str();
  app.add_option("--token", options.tokens,
                 "Token that clients may use; repeatable (default: any token)")
      ->type_size(1)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--webhook-url", webhook_url,
                 "URL of the webhook that the simulator adds if an order finds "
                 "none");
  app.add_option(
      "--webhook-secret-file", secret_file,
      "File with the secret of that webhook (default: its deliveries are "
      "not signed)");
  app.add_flag("--any-repository", options.any_repository,
               "Act as if every repository and every commit existed");
  app.add_option("--api-prefix", options.api_prefix,
                 "Path of the API, such as /api/v3 to act as GitHub Enterprise "
                 "Server (default: none, as at github.com)");
  app.add_option(
      "--base-url", base_url,
      "URL with which links in answers begin (default: that of --listen)");
  app.add_option(
         "--hourly-limit", options.hourly_limit,
         "Requests that each credential may make in an hour; 0: no rate limit")
      ->check(CLI::Range(0, 1'000'000))
      ->capture_default_str();
  app.add_option("--max-concurrent", options.max_concurrent,
                 "Requests that a credential may have under way together; more "
                 "count as misbehaviour in /_simulator/counters; 0: any number")
      ->check(CLI::Range(0, 1'000'000))
      ->capture_default_str();
  auto* const cert_option =
      app.add_option("--tls-cert", tls_cert,
                     "File with a certificate (PEM); serves HTTPS with it");
  app.add_option("--tls-key", tls_key,
                 "File with the private key of the certificate (PEM)")
      ->needs(cert_option);
  cert_option->needs("--tls-key");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kWrongUsage;
  }

  absl::StatusOr<Address> address = ParseLoopbackAddress("--listen", listen);
  if (!address.ok()) return Complain(address.status().message());
  WebhookDesk::Options webhooks = {.url = webhook_url};
  if (!secret_file.empty()) {
    absl::StatusOr<Secret> secret = ReadSecretFile(secret_file);
    if (!secret.ok()) return Complain(secret.status().message());
    webhooks.secret = secret->Reveal();
  }
  std::unique_ptr<TlsContext> tls;
  if (!tls_cert.empty()) {
    auto loaded = TlsContext::Load(tls_cert, tls_key);
    if (!loaded.ok()) return Complain(loaded.status().message());
    tls = *std::move(loaded);
  }
  const bool is_https = tls != nullptr;
  const absl::StatusOr<std::unique_ptr<HttpFront>> front =
      HttpFront::Bind(*address, std::move(tls));
  if (!front.ok()) return Complain(front.status().message());
  address->port = (*front)->port();

  options.rate_limits = options.hourly_limit > 0;
  // The number that the answers of ordered limits show.
  if (!options.rate_limits) options.hourly_limit = 5000;
  options.base_url =
      base_url.empty()
          ? absl::StrCat(is_https ? "https://" : "http://", address->ToString())
          : std::string(absl::StripSuffix(base_url, "/"));
  if (!options.api_prefix.empty()) {
    const size_t scheme = options.base_url.find("://");
    if (scheme != std::string::npos) {
      options.enterprise_host = options.base_url.substr(scheme + 3);
    }
    options.delivery_retention = absl::Hours(24 * 7);
    options.webhook_timeout = absl::Seconds(30);
  }
  Simulator simulator(std::move(options), std::move(webhooks), Clock::System());
  return Serve(front->get(), &simulator, *address);
}

}  // namespace
}  // namespace signalbox

int main(int argc, char** argv) { return signalbox::Main(argc, argv); }
