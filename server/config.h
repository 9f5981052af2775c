#ifndef SIGNALBOX_SERVER_CONFIG_H_
#define SIGNALBOX_SERVER_CONFIG_H_

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
  std::string client_id;  // One of the two.
  std::string app_id;
  std::string private_key_file;
};

// What the configuration says of a credential's pace; what is not set has the
// default for its API address.
struct PaceConfig {
  std::optional<double> pace_per_minute;
  std::optional<int> burst;
  std::optional<double> reserve;  // 0 to 1.
  std::optional<int> max_in_flight;
};

// Who posts for which accounts: one item of `github`.
struct GitHubConfig {
  std::string host = "github.com";
  std::string api_url = "https://api.github.com";
  std::string ca_file;
  std::vector<std::string> accounts;  // Logins; "*": all others of the host.
  std::string token_file;             // One of the two.
  std::optional<AppConfig> app;
  PaceConfig pace;
};

// Who may call: one item of `callers`.
struct CallerConfig {
  std::string name;
  std::string token_sha256_file;
  std::vector<std::string> repositories;  // Globs.
  std::vector<std::string> contexts;      // Globs.
  // "report", "read", "operate", "webhook": those that it has, whether the file
  // names them or not.
  std::vector<std::string> rights;
};

// How webhooks that did not arrive are made up for.
struct RecoveryConfig {
  bool enabled = true;                      // All of it.
  absl::Duration every = absl::Minutes(5);  // How often it looks.
  // Asks GitHub to deliver again what failed.
  bool redeliver = true;
  // Where no hook can be read, compares open pull requests with what is known.
  bool compare = true;
  // Needs no public address: reads the deliveries themselves from GitHub,
  // failed or not, this often.
  bool pull = false;
  absl::Duration pull_every = absl::Seconds(15);
  // Globs of the URLs of our hooks, beside those whose deliveries reach us and
  // those that lead to the same host. Where deliveries are only read, those
  // that end in /event_handler count, too.
  std::vector<std::string> hook_urls;
  // Whether a delivery that a person has GitHub make again ("Redeliver") is a
  // wish to run its contexts again. Without a file it is; with one, unless the
  // file says `redelivery: rerun`, a delivery that comes again changes nothing.
  bool redelivery_is_rerun = true;
};

// The whole configuration, as the file gives it, with defaults for what it
// does not name. Flags and environment are laid over it in main.cc.
struct Config {
  std::string listen = "127.0.0.1:50051";
  std::string web_listen = "127.0.0.1:8080";
  std::string metrics_listen;  // Empty: the web address.
  std::string data_dir = "./signalbox-data";
  absl::Duration retention = absl::Hours(90 * 24);
  absl::Duration pending_settle = absl::Milliseconds(300);
  std::vector<GitHubConfig> github;
  std::vector<RepositoryRule> repositories;
  RecoveryConfig recovery;
  std::vector<CallerConfig> callers;
  // What the file should say in another way, as `FILE:LINE: KEY: SENTENCE`. For
  // the log.
  std::vector<std::string> warnings;
};

// Reads the YAML of a configuration file. Strict: an unknown, repeated or
// ill-typed key is INVALID_ARGUMENT, reason INVALID_CONFIG, with `file`, the
// line, the key, the value and what was wanted. Durations are a whole number
// and `ms`, `s`, `m`, `h` or `d`; a pace is a whole number and `/min` or `/h`.
// What an option means for another (no two addresses alike, one item per
// account, no expiry beyond the retention) is checked as well.
absl::StatusOr<Config> ParseConfig(absl::string_view yaml,
                                   absl::string_view file);

// Reads and parses a file. Errors name it; what the system refuses has the code
// that belongs to its errno, as NOT_FOUND.
absl::StatusOr<Config> ReadConfigFile(const std::string& path);

// The base URL of an API, which a flag can give as well: http(s) without user,
// query and fragment; returned without the one slash that may stand at its end.
// Tokens are sent there: http is for this machine, unless `allow_http`.
// INVALID_ARGUMENT, reason INVALID_CONFIG, as `"x" is not ...`.
absl::StatusOr<std::string> CleanApiUrl(absl::string_view url, bool allow_http);

}  // namespace signalbox

#endif  // SIGNALBOX_SERVER_CONFIG_H_
