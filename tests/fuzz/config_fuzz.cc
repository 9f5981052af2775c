#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "common/error.h"
#include "server/config/api_url.h"
#include "server/config/config.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/grammar.h"

namespace signalbox {
namespace {

void CheckText(absl::string_view text) {
  FUZZ_CHECK(!text.empty() && text.size() <= 4096, text.size(), " bytes");
  for (const char c : text) {
    FUZZ_CHECK(c < 0 || (c >= ' ' && c != '\x7f'), "a control character");
  }
}

void CheckBetween(absl::Duration value, absl::Duration lowest,
                  absl::Duration highest) {
  FUZZ_CHECK(value >= lowest && value <= highest, absl::FormatDuration(value));
}

// HOST:PORT.
void CheckAddress(absl::string_view address) {
  CheckText(address);
  const size_t colon = address.rfind(':');
  int port = -1;
  FUZZ_CHECK(colon != absl::string_view::npos && colon > 0 &&
                 absl::SimpleAtoi(address.substr(colon + 1), &port) &&
                 port >= 0 && port <= 65535,
             address);
}

void CheckPattern(absl::string_view pattern) {
  CheckText(pattern);
  FUZZ_CHECK(CheckRepositoryPattern("match", pattern).ok(), pattern);
  if (pattern == "*") return;
  std::string name(pattern);
  std::replace(name.begin(), name.end(), '*', 'x');
  const auto slashes = std::count(name.begin(), name.end(), '/');
  FUZZ_CHECK(slashes == 1 || slashes == 2, pattern);
}

void CheckDifferent(const std::vector<std::string>& texts) {
  std::set<std::string> seen;
  for (const std::string& text : texts) {
    FUZZ_CHECK(seen.insert(grammar::Lower(text)).second, text, " twice");
  }
}

void Check(const GitHubConfig& github) {
  FUZZ_CHECK(grammar::IsHost(github.host) &&
                 github.host == grammar::Lower(github.host),
             github.host);
  const absl::StatusOr<std::string> url = CleanApiUrl(github.api_url, true);
  FUZZ_CHECK(url.ok() && *url == github.api_url && !absl::EndsWith(*url, "/"),
             github.api_url);
  FUZZ_CHECK(grammar::IsOneLine(*url) &&
                 url->find_first_of(" ?#@\"") == std::string::npos,
             *url);
  FUZZ_CHECK(!github.accounts.empty(), "nobody's");
  CheckDifferent(github.accounts);
  for (const std::string& account : github.accounts) {
    FUZZ_CHECK(account == "*" || grammar::IsOwner(account), account);
  }
  FUZZ_CHECK(github.app.has_value() == github.token_file.empty(),
             "not one credential");
  if (github.app.has_value()) {
    FUZZ_CHECK(github.app->client_id.empty() != github.app->app_id.empty(),
               "not one name of an App");
    FUZZ_CHECK(grammar::OnlyOf(github.app->app_id, "0123456789"),
               github.app->app_id);
    CheckText(github.app->private_key_file);
  }
  const PaceConfig& pace = github.pace;
  const double per_minute = pace.pace_per_minute.value_or(1);
  FUZZ_CHECK(per_minute > 0 && per_minute <= 2147483647, per_minute);
  const double reserve = pace.reserve.value_or(0);
  FUZZ_CHECK(reserve >= 0 && reserve <= 1, reserve);
  const int burst = pace.burst.value_or(1);
  FUZZ_CHECK(burst >= 1 && burst <= 10000, burst);
  const int in_flight = pace.max_in_flight.value_or(1);
  FUZZ_CHECK(in_flight >= 1 && in_flight <= 100, in_flight);
}

void Check(const RepositoryRule& rule, absl::Duration retention) {
  CheckPattern(rule.match);
  FUZZ_CHECK(rule.contexts.size() <= 100, rule.contexts.size(), " contexts");
  CheckDifferent(rule.contexts);
  for (const std::string& context : rule.contexts) {
    FUZZ_CHECK(grammar::IsContext(context), context);
  }
  CheckDifferent(rule.push_branches);
  for (const std::string& branch : rule.push_branches) {
    CheckText(branch);
    FUZZ_CHECK(!absl::StrContains(branch, ' '), branch);
  }
  if (!rule.pending_expires_after.has_value()) return;
  CheckBetween(*rule.pending_expires_after, absl::Minutes(1),
               std::min(absl::Hours(30 * 24), retention));
}

void Check(const CallerConfig& caller) {
  CheckText(caller.name);
  FUZZ_CHECK(caller.tokens.size() <= 2, "tokens");
  FUZZ_CHECK(!caller.tokens.empty() || caller.app.has_value(), "no login");
  if (caller.app.has_value()) {
    FUZZ_CHECK(caller.app->app_id > 0, "app_id");
    CheckText(caller.app->public_key_file);
  }
  for (const CallerTokenConfig& token : caller.tokens) {
    CheckText(token.sha256_file);
    FUZZ_CHECK(token.expires >= absl::UnixEpoch(), "expires before 1970");
  }
  FUZZ_CHECK(!caller.repositories.empty() && !caller.contexts.empty() &&
                 !caller.rights.empty(),
             "an empty list");
  for (const std::string& pattern : caller.repositories) CheckPattern(pattern);
  for (const std::string& right : caller.rights) {
    FUZZ_CHECK(right == "report" || right == "read" || right == "operate" ||
                   right == "webhook" || right == "admin",
               right);
  }
}

void Check(const Config& config) {
  FUZZ_CHECK(!config.listen.empty(), "no address");
  for (const std::string& listen : config.listen) {
    if (!absl::StartsWith(listen, "unix:")) CheckAddress(listen);
  }
  if (config.tls.has_value()) {
    CheckText(config.tls->cert_file);
    CheckText(config.tls->key_file);
    FUZZ_CHECK(!config.tls->requires_client_certificate ||
                   !config.tls->client_ca_file.empty(),
               "no authority");
  }
  CheckAddress(config.web_listen);
  if (!config.metrics_listen.empty()) CheckAddress(config.metrics_listen);
  CheckText(config.data_dir);
  CheckBetween(config.retention, absl::Hours(24), absl::Hours(36500 * 24));
  CheckBetween(config.pending_settle, absl::ZeroDuration(), absl::Minutes(1));
  CheckBetween(config.recovery.every, absl::Minutes(1), absl::Hours(24));
  CheckBetween(config.recovery.pull_every, absl::Seconds(5), absl::Hours(1));
  std::set<std::string> accounts;
  for (const GitHubConfig& github : config.github) {
    Check(github);
    for (const std::string& account : github.accounts) {
      FUZZ_CHECK(
          accounts.insert(grammar::Lower(github.host + "/" + account)).second,
          account, " has two credentials");
    }
  }
  for (const RepositoryRule& rule : config.repositories) {
    Check(rule, config.retention);
  }
  std::set<std::string> names;
  for (const CallerConfig& caller : config.callers) {
    Check(caller);
    FUZZ_CHECK(names.insert(caller.name).second, caller.name, " twice");
  }
}

// Writes a configuration as YAML that reads back as the same.
class Writer {
 public:
  explicit Writer(const Config& config) {
    Line("listen", config.listen);
    if (config.tls.has_value()) Map(*config.tls);
    Line("web_listen", config.web_listen);
    if (!config.metrics_listen.empty()) {
      Line("metrics_listen", config.metrics_listen);
    }
    Line("data_dir", config.data_dir);
    Line("retention", config.retention);
    Line("pending_settle", config.pending_settle);
    Begin("github", config.github.empty());
    for (const GitHubConfig& github : config.github) Item(github);
    Begin("repositories", config.repositories.empty());
    for (const RepositoryRule& rule : config.repositories) Item(rule);
    if (!config.callers.empty()) Begin("callers", false);
    for (const CallerConfig& caller : config.callers) Item(caller);
    const RecoveryConfig& recovery = config.recovery;
    absl::StrAppend(&yaml_, "recovery:\n");
    indent_ = "  ";
    Line("enabled", recovery.enabled);
    Line("every", recovery.every);
    Line("redeliver", recovery.redeliver);
    Line("compare", recovery.compare);
    Line("pull", recovery.pull);
    Line("pull_every", recovery.pull_every);
    Line("hook_urls", recovery.hook_urls);
  }

  const std::string& yaml() const { return yaml_; }

 private:
  void Map(const TlsConfig& tls) {
    absl::StrAppend(&yaml_, "tls:\n");
    indent_ = "  ";
    Line("cert_file", tls.cert_file);
    Line("key_file", tls.key_file);
    if (!tls.client_ca_file.empty()) Line("client_ca_file", tls.client_ca_file);
    Plain("client_certificates",
          tls.requires_client_certificate ? "required" : "optional");
    indent_ = "";
  }

  void Item(const GitHubConfig& github) {
    absl::StrAppend(&yaml_, "  - host: ", Quote(github.host), "\n");
    indent_ = "    ";
    Line("api_url", github.api_url);
    if (!github.ca_file.empty()) Line("ca_file", github.ca_file);
    Line("accounts", github.accounts);
    if (!github.token_file.empty()) Line("token_file", github.token_file);
    if (github.app.has_value()) {
      absl::StrAppend(&yaml_, indent_, "app:\n");
      indent_ = "      ";
      if (!github.app->client_id.empty()) {
        Line("client_id", github.app->client_id);
      }
      if (!github.app->app_id.empty()) Line("app_id", github.app->app_id);
      Line("private_key_file", github.app->private_key_file);
      indent_ = "    ";
    }
    const PaceConfig& pace = github.pace;
    if (pace.pace_per_minute.has_value()) {
      const double hourly = *pace.pace_per_minute * 60;
      Plain("pace", hourly < 2e9 ? absl::StrFormat("%.0f/h", hourly)
                                 : absl::StrFormat("%.0f/min", hourly / 60));
    }
    if (pace.burst.has_value()) Plain("burst", absl::StrCat(*pace.burst));
    if (pace.max_in_flight.has_value()) {
      Plain("max_in_flight", absl::StrCat(*pace.max_in_flight));
    }
  }

  void Item(const RepositoryRule& rule) {
    absl::StrAppend(&yaml_, "  - match: ", Quote(rule.match), "\n");
    indent_ = "    ";
    Line("contexts", rule.contexts);
    Line("push_branches", rule.push_branches);
    Line("drafts", rule.drafts);
    Line("forks", rule.forks);
    Line("rerun_on_base_change", rule.rerun_on_base_change);
    if (rule.pending_expires_after.has_value()) {
      Line("pending_expires_after", *rule.pending_expires_after);
    }
  }

  void Item(const CallerConfig& caller) {
    absl::StrAppend(&yaml_, "  - name: ", Quote(caller.name), "\n");
    indent_ = "    ";
    if (caller.app.has_value()) {
      absl::StrAppend(&yaml_, "    app:\n      app_id: ", caller.app->app_id,
                      "\n      public_key_file: ",
                      Quote(caller.app->public_key_file), "\n");
    }
    if (!caller.tokens.empty()) absl::StrAppend(&yaml_, "    tokens:\n");
    for (const CallerTokenConfig& token : caller.tokens) {
      absl::StrAppend(&yaml_, "      - sha256_file: ", Quote(token.sha256_file),
                      "\n");
      if (token.expires == absl::InfiniteFuture()) continue;
      absl::StrAppend(&yaml_, "        expires: ",
                      absl::FormatTime(absl::RFC3339_full, token.expires,
                                       absl::UTCTimeZone()),
                      "\n");
    }
    Line("repositories", caller.repositories);
    Line("contexts", caller.contexts);
    Line("rights", caller.rights);
  }

  void Begin(absl::string_view key, bool empty) {
    absl::StrAppend(&yaml_, key, empty ? ": []\n" : ":\n");
  }

  static std::string Quote(absl::string_view text) {
    std::string quoted = "\"";
    for (const char c : text) {
      if (c == '"' || c == '\\') quoted += '\\';
      quoted += c;
    }
    return quoted + "\"";
  }

  void Plain(absl::string_view key, absl::string_view value) {
    absl::StrAppend(&yaml_, indent_, key, ": ", value, "\n");
  }
  void Line(absl::string_view key, const std::string& value) {
    Plain(key, Quote(value));
  }
  void Line(absl::string_view key, bool value) {
    Plain(key, value ? "true" : "false");
  }
  void Line(absl::string_view key, absl::Duration value) {
    // The number of the largest unit fits wherever that of another one did.
    for (const auto& [unit, name] :
         {std::pair<absl::Duration, const char*>(absl::Hours(24), "d"),
          {absl::Hours(1), "h"},
          {absl::Minutes(1), "m"},
          {absl::Seconds(1), "s"}}) {
      if (value % unit == absl::ZeroDuration()) {
        return Plain(key, absl::StrCat(value / unit, name));
      }
    }
    Plain(key, absl::StrCat(absl::ToInt64Milliseconds(value), "ms"));
  }
  void Line(absl::string_view key, const std::vector<std::string>& values) {
    std::string list;
    for (const std::string& value : values) {
      absl::StrAppend(&list, list.empty() ? "" : ", ", Quote(value));
    }
    Plain(key, absl::StrCat("[", list, "]"));
  }

  std::string yaml_;
  std::string indent_;
};

}  // namespace

// Input: a configuration file.
FUZZ_TARGET(config) {
  const absl::StatusOr<Config> config = ParseConfig(input, "fuzz.yaml");
  const absl::StatusOr<Config> again = ParseConfig(input, "fuzz.yaml");
  FUZZ_CHECK(config.status() == again.status(), "read otherwise again");
  if (!config.ok()) {
    const absl::Status& status = config.status();
    FUZZ_CHECK(
        absl::IsInvalidArgument(status) && ReasonOf(status) == "INVALID_CONFIG",
        status.ToString());
    FUZZ_CHECK(grammar::IsOneLine(status.message()), status.ToString());
    absl::string_view rest = status.message();
    FUZZ_CHECK(absl::ConsumePrefix(&rest, "fuzz.yaml:"), status.ToString());
    const size_t digits = rest.find(':');
    int line = 0;
    FUZZ_CHECK(absl::SimpleAtoi(rest.substr(0, digits), &line) && line >= 1 &&
                   line <= 2 + std::count_if(input.begin(), input.end(),
                                             [](char c) {
                                               return c == '\n' || c == '\r';
                                             }),
               status.ToString());
    FUZZ_CHECK(rest.substr(digits).size() > 3, status.ToString());
    return;
  }
  Check(*config);
  const std::string written = Writer(*config).yaml();
  const absl::StatusOr<Config> read = ParseConfig(written, "fuzz.yaml");
  FUZZ_CHECK(read.ok(), read.status().ToString(), "\n", written);
  FUZZ_CHECK(Writer(*read).yaml() == written, "written and read:\n", written);
}

}  // namespace signalbox
