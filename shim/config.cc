#include "shim/config.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/address.h"
#include "common/error.h"
#include "signalbox/version.h"

namespace signalbox {
namespace {

constexpr size_t kMaxPath = 512;
constexpr size_t kMinBody = 1 << 10;
constexpr size_t kMaxBody = 256 << 20;

constexpr char kDescription[] =
    R"(Receives GitHub's webhooks and reports the commits in them to signalbox-server,
so that GitHub shows them as pending until a build farm reports a result.

With --rest-listen, it also answers as GitHub's REST API to tools that set commit
statuses, and reports these to signalbox-server with the tool's own token.)";

constexpr char kFooter[] = R"(
Environment:
  GITHUB_WEBHOOK_SECRET       The secret, if there is no --webhook-secret-file.
  SIGNALBOX_TOKEN_FILE        The token's file, if there is no --token-file.
  SIGNALBOX_TLS, SIGNALBOX_CA_FILE, SIGNALBOX_CERT_FILE, SIGNALBOX_KEY_FILE,
  SIGNALBOX_SERVER_NAME       As --tls (1 or 0), --ca-file and so on.

Try it on your own machine, beside a running signalbox-server:

  export GITHUB_WEBHOOK_SECRET=$(openssl rand -hex 32)
  signalbox-shim &
  gh webhook forward --repo=OWNER/NAME --events=push,pull_request \
      --secret="$GITHUB_WEBHOOK_SECRET" --url=http://127.0.0.1:4567/event_handler

or `ngrok http 4567`, and at GitHub, in the repository's Settings, Webhooks, add
https://YOUR-NAME.ngrok.app/event_handler with the same secret and the events
"Pushes" and "Pull requests". Both content types work.

In production give --tls-cert-file and --tls-key-file, or put a reverse proxy with
TLS in front of the shim. A proxy named by --trusted-proxy must close an idle
connection before 75 s are over. To change the secret without losing a delivery,
give the old secret and the new one in two files. The shim reads the files of
--webhook-secret-file, --tls-cert-file and --tls-key-file again when they change.
It reads the token and the files of --ca-file, --cert-file and --key-file only
when it starts.

Exit codes: 0 after SIGTERM or SIGINT, 2 if the shim cannot start.)";

absl::Status CheckPath(absl::string_view path) {
  const bool fits = absl::StartsWith(path, "/") && path.size() <= kMaxPath &&
                    std::ranges::all_of(path, absl::ascii_isgraph) &&
                    !absl::StrContains(path, '?') &&
                    !absl::StrContains(path, '#');
  if (fits) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("--path: ", Quoted(path),
                   " is not a path; wanted one such as /event_handler, without "
                   "spaces or a query, of at most ",
                   kMaxPath, " bytes"));
}

// The bytes of a size such as `25MiB`; 0 if the text is not a size.
size_t ParseSize(std::string text) {
  size_t size = 0;
  try {
    CLI::AsSizeValue(/*kb_is_1000=*/false)(text);
  } catch (const CLI::Error&) {
    return 0;
  }
  return absl::SimpleAtoi(text, &size) ? size : 0;
}

// Reads the texts of three options, and checks all.
absl::StatusOr<ShimConfig> Complete(ShimConfig config,
                                    const std::string& listen,
                                    const std::string& max_body,
                                    const std::vector<std::string>& proxies) {
  const absl::StatusOr<Address> address = ParseAddress("--listen", listen);
  if (!address.ok()) return address.status();
  config.listen = *address;
  absl::Status status = CheckPath(config.path);
  config.rest.tls = config.listen_tls;
  if (status.ok()) status = CheckRest(config.rest, config.listen);
  if (!status.ok()) return status;
  if (config.server.empty()) {
    return absl::InvalidArgumentError("--server is empty; wanted HOST:PORT");
  }
  config.max_body = ParseSize(max_body);
  if (config.max_body < kMinBody || config.max_body > kMaxBody) {
    return absl::InvalidArgumentError(
        absl::StrCat("--max-body: ", Quoted(max_body),
                     " is not a size from 1KiB to 256MiB, such as 25MiB"));
  }
  for (const std::string& proxy : proxies) {
    const auto range = ParseAddressRange("--trusted-proxy", proxy);
    if (!range.ok()) return range.status();
    config.trusted_proxies.push_back(*range);
  }
  if ((!config.token_file.empty() || !config.rest.listen.empty()) &&
      !config.insecure_send_token && !config.server_tls.enabled &&
      !IsThisMachine(config.server)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--server: \"", config.server,
        "\" is another machine, and the shim would send tokens there "
        "unencrypted; give --tls, or --insecure-send-token if no one else can "
        "read them on the way"));
  }
  if (config.listen_tls.cert_file.empty() !=
      config.listen_tls.key_file.empty()) {
    return absl::InvalidArgumentError(
        "--tls-cert-file and --tls-key-file belong together; wanted both");
  }
  if (config.insecure_no_signature && !config.secret_files.empty()) {
    return absl::InvalidArgumentError(
        "--insecure-no-signature and --webhook-secret-file are both given; "
        "wanted one of them");
  }
  return config;
}

// Adds an option with one value. The environment variable `variable` sets it,
// too; empty: none does.
void AddOption(CLI::App& app, const char* name, const char* type,
               std::string& value, const char* help,
               const char* variable = "") {
  app.add_option(name, value, help)->type_name(type)->envname(variable);
}

// The options that encrypt connections: to the server, and from GitHub.
void AddTlsOptions(CLI::App& app, ShimConfig& config) {
  ChannelTls& tls = config.server_tls;
  app.add_flag("--tls", tls.enabled, "Encrypt the connection to the server")
      ->envname("SIGNALBOX_TLS");
  AddOption(app, "--ca-file", "FILE", tls.ca_file,
            "PEM file with the authorities to trust for the server's "
            "certificate [the system's]",
            "SIGNALBOX_CA_FILE");
  AddOption(app, "--cert-file", "FILE", tls.cert_file,
            "PEM file with the shim's certificate, if the server asks for one",
            "SIGNALBOX_CERT_FILE");
  AddOption(app, "--key-file", "FILE", tls.key_file,
            "PEM file with its private key", "SIGNALBOX_KEY_FILE");
  AddOption(app, "--server-name", "NAME", tls.server_name,
            "Name that the server's certificate must have [the host in "
            "--server]",
            "SIGNALBOX_SERVER_NAME");
  AddOption(app, "--tls-cert-file", "FILE", config.listen_tls.cert_file,
            "PEM file with the certificate for https on all listeners, and "
            "those between it and its authority");
  AddOption(app, "--tls-key-file", "FILE", config.listen_tls.key_file,
            "PEM file with its private key");
}

}  // namespace

absl::StatusOr<ShimConfig> ParseShimConfig(int argc, const char* const* argv) {
  ShimConfig config;
  std::string listen = config.listen.ToString();
  std::string max_body = "25MiB";
  std::vector<std::string> proxies;
  CLI::App app(kDescription, "signalbox-shim");
  app.footer(kFooter);
  app.set_version_flag("--version",
                       "signalbox-shim " + std::string(kVersionText),
                       "Print the version and exit");
  app.get_formatter()->column_width(32);
  AddOption(app, "--listen", "HOST:PORT", listen,
            "Address to listen on; port 0 takes a free one [127.0.0.1:4567]");
  AddOption(app, "--path", "PATH", config.path,
            "Path that GitHub posts to [/event_handler]");
  AddOption(app, "--server", "HOST:PORT", config.server,
            "Address of signalbox-server [127.0.0.1:50051]");
  app.add_option(
         "--webhook-secret-file", config.secret_files,
         "File with the webhook's secret; repeatable, to accept several")
      ->type_name("FILE")
      ->allow_extra_args(false);
  AddOption(app, "--token-file", "FILE", config.token_file,
            "File with the API token for the server; needed if its "
            "configuration has `callers`",
            "SIGNALBOX_TOKEN_FILE");
  app.add_flag(
      "--insecure-send-token", config.insecure_send_token,
      "Permit sending the token unencrypted to a server on another machine");
  AddTlsOptions(app, config);
  AddOption(app, "--max-body", "SIZE", max_body,
            "Longest JSON to accept [25MiB, GitHub's own limit]");
  app.add_option("--trusted-proxy", proxies,
                 "Keep connections of this proxy open between webhooks; "
                 "repeatable, and may be a range")
      ->type_name("IP[/BITS]")
      ->allow_extra_args(false);
  app.add_flag("--insecure-no-signature", config.insecure_no_signature,
               "Do not check signatures: accept webhooks from anyone");
  for (const RestOption& one : OptionsOf(config.rest)) {
    AddOption(app, one.flag, one.type, *one.value, one.help);
  }
  app.add_flag("--rest-forward", config.rest.forward,
               "Send the other requests of these tools on to GitHub, if the "
               "token is GitHub's and its caller has `forward: true` in the "
               "server's configuration");
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    config.text = app.help();
    return config;
  } catch (const CLI::CallForVersion&) {
    config.text = app.version() + "\n";
    return config;
  } catch (const CLI::Error& e) {
    return absl::InvalidArgumentError(
        absl::StrCat(e.what(), " (see signalbox-shim --help)"));
  }
  return Complete(std::move(config), listen, max_body, proxies);
}

}  // namespace signalbox
