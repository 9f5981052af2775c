#ifndef SIGNALBOX_SERVER_CONFIG_CONFIG_H_
#define SIGNALBOX_SERVER_CONFIG_CONFIG_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/report/repository_rules.h"

namespace signalbox {

// A GitHub App that posts.
struct AppConfig {
  std::string client_id;  // Set this or `app_id`.
  std::string app_id;
  std::string private_key_file;
};

// The configured pace of a credential. A value that is not set has the default
// for its API address.
struct PaceConfig {
  std::optional<double> pace_per_minute;
  std::optional<int> burst;
  std::optional<double> reserve;  // 0 to 1.
  std::optional<int> max_in_flight;
};

// A credential and the accounts that it posts for: one item of `github`.
struct GitHubConfig {
  std::string host = "github.com";
  std::string api_url = "https://api.github.com";
  std::string ca_file;
  std::vector<std::string> accounts;  // Logins; "*": all others of the host.
  std::string token_file;             // Set this or `app`.
  std::optional<AppConfig> app;
  PaceConfig pace;
};

// A caller: one item of `callers`.
struct CallerConfig {
  std::string name;
  std::string token_sha256_file;
  std::vector<std::string> repositories;  // Globs.
  std::vector<std::string> contexts;      // Globs.
  // The rights that the caller has, named in the file or by default: "report",
  // "read", "operate", "webhook".
  std::vector<std::string> rights;
};

// How the server recovers webhooks that did not arrive.
struct RecoveryConfig {
  bool enabled = true;                      // False: nothing below happens.
  absl::Duration every = absl::Minutes(5);  // How often it looks.
  // Asks GitHub to redeliver failed deliveries.
  bool redeliver = true;
  // Compares open pull requests with the outbox, for repositories without a
  // readable hook.
  bool compare = true;
  // For a server without a public address: reads all deliveries from GitHub,
  // failed or not, this often.
  bool pull = false;
  absl::Duration pull_every = absl::Seconds(15);
  // Globs of the URLs of the server's own hooks. Hooks whose deliveries reach
  // the server, or that lead to the same host as one of those, count without
  // them. If deliveries are only read, URLs that end in /event_handler count,
  // too.
  std::vector<std::string> hook_urls;
  // Whether a redelivery by a person ("Redeliver" at GitHub) runs its contexts
  // again. Without a file it does. With a file, it does only if the file says
  // `redelivery: rerun`; else a repeated delivery changes nothing.
  bool redelivery_is_rerun = true;
};

// The whole configuration: the file's, with defaults for what it does not name.
// main.cc then applies flags and the environment.
struct Config {
  std::string listen = "127.0.0.1:50051";
  std::string web_listen = "127.0.0.1:8080";
  std::string metrics_listen;  // Empty: on web_listen.
  std::string data_dir = "./signalbox-data";
  absl::Duration retention = absl::Hours(90 * 24);
  absl::Duration pending_settle = absl::Milliseconds(300);
  std::vector<GitHubConfig> github;
  std::vector<RepositoryRule> repositories;
  RecoveryConfig recovery;
  std::vector<CallerConfig> callers;
  // What the file should say differently, as `FILE:LINE: KEY: SENTENCE`. For
  // the log.
  std::vector<std::string> warnings;
};

// Reads the YAML of a configuration file. It is strict: an unknown, repeated or
// ill-typed key is INVALID_ARGUMENT, reason INVALID_CONFIG. The error has
// `file`, the line, the key, the value and the expected value. A duration is a
// whole number and `ms`, `s`, `m`, `h` or `d`; a pace is a whole number and
// `/min` or `/h`. It also checks how options fit together: no two equal
// addresses, one item per account, no expiry beyond the retention.
absl::StatusOr<Config> ParseConfig(absl::string_view yaml,
                                   absl::string_view file);

// Reads and parses a file. Errors name it. A system error has the code that
// belongs to its errno, such as NOT_FOUND.
absl::StatusOr<Config> ReadConfigFile(const std::string& path);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_CONFIG_CONFIG_H_
