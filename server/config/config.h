#ifndef SIGNALBOX_SERVER_CONFIG_CONFIG_H_
#define SIGNALBOX_SERVER_CONFIG_CONFIG_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/tls_material.h"
#include "server/report/repository_rules.h"

namespace signalbox {

// The configuration of the server, as the file `--config` gives it.
//
// A pattern is a text in which `*` stands for any characters. A pattern of
// repositories is [HOST/]OWNER/NAME, where `*` stands for any characters but
// `/`, or it is `*` alone, which stands for every repository. Case does not
// matter.

// A GitHub App whose tokens the server uses to post.
struct AppConfig {
  std::string client_id;  // Set either this or `app_id`.
  std::string app_id;
  std::string private_key_file;
};

// How fast a credential may post. A value that is not set has the default for
// the API address.
struct PaceConfig {
  std::optional<double> pace_per_minute;  // Posts a minute, in the long run.
  std::optional<int> burst;  // Posts without pace after an idle time.
  // The part of the hourly budget that is kept for results, 0 to 1.
  std::optional<double> reserve;
  // The most requests that may wait for an answer at a time.
  std::optional<int> max_in_flight;
};

// A credential and the accounts that it posts for: one item of `github`.
struct GitHubConfig {
  std::string host = "github.com";
  std::string api_url = "https://api.github.com";
  // PEM file with the certificates to trust for `api_url`. Empty: the system's.
  std::string ca_file;
  // Names of accounts. "*": all accounts of the host that no item names.
  std::vector<std::string> accounts;
  std::string token_file;  // Set either this or `app`.
  std::optional<AppConfig> app;
  PaceConfig pace;
};

// One of the tokens by which the server knows a caller.
struct CallerTokenConfig {
  std::string sha256_file;  // See TokenFiles.
  // From this moment on, the server refuses the token.
  absl::Time expires = absl::InfiniteFuture();
};

// The key by which a caller can authenticate as a GitHub App does.
struct CallerAppConfig {
  int64_t app_id = 0;  // Positive; no two callers have the same.
  std::string public_key_file;
};

// A caller: one item of `callers`.
struct CallerConfig {
  std::string name;
  // One, or two while the caller changes from one to the other. None only if
  // the caller has `app`.
  std::vector<CallerTokenConfig> tokens;
  std::optional<CallerAppConfig> app;
  std::vector<std::string> repositories;  // Patterns.
  std::vector<std::string> contexts;      // Patterns.
  // The rights that the caller has, named in the file or by default: "report",
  // "read", "operate", "webhook", "admin".
  std::vector<std::string> rights;
  // The caller's tokens are GitHub's own: the shim may pass the caller's
  // requests, with the token, on to GitHub.
  bool forward = false;
};

// How the gRPC listener encrypts connections, and checks who connects: the item
// `tls`. All files are in PEM.
struct TlsConfig {
  std::string cert_file;
  std::string key_file;
  // The authorities that name clients. Empty: clients need no certificate.
  std::string client_ca_file;
  // Whether a client without a certificate cannot connect.
  bool requires_client_certificate = true;
};

// How the server recovers webhooks that did not arrive.
struct RecoveryConfig {
  bool enabled = true;  // False: the server does nothing of the following.
  // How often the server looks for missed webhooks.
  absl::Duration every = absl::Minutes(5);
  // Whether the server asks GitHub to redeliver failed deliveries.
  bool redeliver = true;
  // If the server can read no hook of a repository, it can compare the open
  // pull requests at GitHub with its outbox instead, to find missed webhooks.
  // Whether it does.
  bool compare = true;
  // Whether the server reads all deliveries from GitHub, failed or not, and how
  // often. For a server whose shim GitHub cannot reach.
  bool pull = false;
  absl::Duration pull_every = absl::Seconds(15);
  // Patterns of URLs by which the server knows its own hooks. It also takes
  // these hooks for its own, without a pattern: a hook whose deliveries reach
  // the server, a hook whose URL has the same host as such a hook, and, with
  // `pull`, a hook whose URL ends in /event_handler.
  std::vector<std::string> hook_urls;
  // Whether a redelivery by a person ("Redeliver" at GitHub) runs its contexts
  // again. Without a configuration file it does. With one, it does only if the
  // file says `redelivery: rerun`; else a repeated delivery changes nothing.
  bool redelivery_is_rerun = true;
};

// The whole configuration: the values of the file, and defaults for the others.
// main.cc then applies flags and the environment.
struct Config {
  // gRPC: one or several, each HOST:PORT or unix:PATH.
  std::vector<std::string> listen = {"127.0.0.1:50051"};
  std::optional<TlsConfig> tls;               // Of gRPC on HOST:PORT.
  std::string web_listen = "127.0.0.1:8080";  // HTTP pages, HOST:PORT.
  std::string metrics_listen;                 // /metrics; empty: web_listen.
  TlsPaths web_tls;                           // Of both; empty: not encrypted.
  std::string data_dir = "./signalbox-data";  // The database.
  // How long the server keeps a commit after the last thing that happened to
  // its statuses.
  absl::Duration retention = absl::Hours(90 * 24);
  // How long a new pending waits before the server posts it, so that a fast
  // result can replace it.
  absl::Duration pending_settle = absl::Milliseconds(300);
  std::vector<GitHubConfig> github;
  std::vector<RepositoryRule> repositories;
  RecoveryConfig recovery;
  std::vector<CallerConfig> callers;
  // Accepted values that the file should give differently, as `FILE:LINE: KEY:
  // SENTENCE`. Write them to the log.
  std::vector<std::string> warnings;
};

// Parses the YAML of a configuration file; `file` is its name for errors. A
// duration is a whole number and `ms`, `s`, `m`, `h` or `d`. A pace is a whole
// number and `/min` or `/h`.
//
// INVALID_ARGUMENT, reason INVALID_CONFIG: a key is unknown or repeated, or a
// value is wrong. Or values do not fit together: two addresses are equal, two
// items have the same account, or an expiry is longer than the retention. The
// error has `file`, the line, the key, the value and the expected value.
absl::StatusOr<Config> ParseConfig(absl::string_view yaml,
                                   absl::string_view file);

// Reads a file and calls ParseConfig. If the file cannot be read, the error
// names it and has the code of its errno, such as NOT_FOUND.
absl::StatusOr<Config> ReadConfigFile(const std::string& path);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_CONFIG_CONFIG_H_
