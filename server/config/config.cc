#include "server/config/config.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "server/base/address.h"
#include "server/base/error.h"
#include "server/config/yaml_reader.h"
#include "server/config/yaml_tree.h"
#include "server/report/status_key.h"

namespace signalbox {
namespace {

constexpr size_t kMaxContexts = 100;
constexpr absl::string_view kRights = "report, read, operate or webhook";

absl::Status Invalid(absl::string_view value, absl::string_view problem) {
  return Error(absl::StatusCode::kInvalidArgument, "INVALID_CONFIG",
               absl::StrCat(Quoted(value), " ", problem));
}

bool AllDigits(absl::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

bool IsLogin(absl::string_view text) {
  return !absl::StrContains(text, '/') &&
         ParseRepository(absl::StrCat(text, "/name")).ok();
}

std::string DefaultApiUrl(absl::string_view host) {
  if (host == "github.com") return "https://api.github.com";
  if (absl::EndsWith(host, ".ghe.com")) {
    return absl::StrCat("https://api.", host);
  }
  return absl::StrCat("https://", host, "/api/v3");
}

std::string PathOf(YamlReader& in, const YamlValue& value) {
  return in.Text(value, "the path of a file");
}

// Removes the field from an error, because the path in the file names it.
absl::Status WithoutField(const absl::Status& status, absl::string_view field) {
  return status.ok() ? status
                     : absl::InvalidArgumentError(absl::StripPrefix(
                           status.message(), absl::StrCat(field, ": ")));
}

std::string AddressOf(YamlReader& in, const YamlValue& value) {
  std::string address = in.Text(value, "HOST:PORT");
  const absl::Status checked =
      WithoutField(ParseAddress("address", address).status(), "address");
  if (!checked.ok()) in.Refuse(value, checked.message());
  return address;
}

absl::Status CheckContext(absl::string_view context) {
  return WithoutField(ParseContext(context).status(), "context");
}

absl::Status CheckPattern(absl::string_view pattern) {
  return WithoutField(CheckRepositoryPattern(pattern), "match");
}

void RefuseEmpty(YamlReader& in, const YamlValue& list,
                 const std::vector<std::string>& texts,
                 absl::string_view wanted) {
  if (texts.empty()) {
    in.Refuse(list, absl::StrCat("the list is empty; wanted ", wanted));
  }
}

double PacePerMinuteOf(YamlReader& in, const YamlValue& value) {
  const absl::string_view wanted =
      "a pace: a whole number and /min or /h, such as 80/min";
  const YamlReader::Quantity pace =
      in.NumberWithUnit(value, {"/min", "/h"}, wanted);
  if (pace.number == 0) in.RefuseValue(value, wanted);
  return pace.unit == "/h" ? pace.number / 60.0 : pace.number;
}

double ShareOf(YamlReader& in, const YamlValue& value) {
  absl::string_view text = value.node->text;
  const bool percent = absl::ConsumeSuffix(&text, "%");
  const bool plain = !text.empty() && text.find_first_not_of("0123456789.") ==
                                          absl::string_view::npos;
  double share = 0;
  if (!plain || text.size() > 9 || !absl::SimpleAtod(text, &share) ||
      share > (percent ? 100 : 1)) {
    in.RefuseValue(value, "a share: 0% to 100%, or 0 to 1");
  }
  return percent ? share / 100 : share;
}

absl::Status CheckHookUrl(absl::string_view url) {
  if (absl::StartsWith(url, "http://") || absl::StartsWith(url, "https://") ||
      absl::StartsWith(url, "*")) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat(Quoted(url, 256),
                   " is not a webhook URL; wanted http:// or https://, "
                   "with * for any text"));
}

RecoveryConfig ReadRecovery(YamlReader& in, const YamlValue& value) {
  RecoveryConfig recovery;
  recovery.redelivery_is_rerun = false;
  if (!in.IsMap(value, {"enabled", "every", "redeliver", "compare", "pull",
                        "pull_every", "hook_urls", "redelivery"})) {
    return recovery;
  }
  if (auto v = in.Find(value, "enabled")) recovery.enabled = in.Boolean(*v);
  if (auto v = in.Find(value, "every")) {
    recovery.every = in.Duration(*v, absl::Minutes(1), absl::Hours(24));
  }
  if (auto v = in.Find(value, "redeliver")) recovery.redeliver = in.Boolean(*v);
  if (auto v = in.Find(value, "compare")) recovery.compare = in.Boolean(*v);
  if (auto v = in.Find(value, "pull")) recovery.pull = in.Boolean(*v);
  if (auto v = in.Find(value, "pull_every")) {
    recovery.pull_every = in.Duration(*v, absl::Seconds(5), absl::Hours(1));
  }
  if (auto v = in.Find(value, "redelivery")) {
    constexpr char kWanted[] = "ignore or rerun";
    const std::string word = in.Text(*v, kWanted);
    if (word != "ignore" && word != "rerun") in.RefuseValue(*v, kWanted);
    recovery.redelivery_is_rerun = word == "rerun";
  }
  if (auto v = in.Find(value, "hook_urls")) {
    recovery.hook_urls =
        in.Texts(*v, "webhook URLs, with * for any text", CheckHookUrl);
  }
  return recovery;
}

AppConfig ReadApp(YamlReader& in, const YamlValue& value) {
  AppConfig app;
  if (!in.IsMap(value, {"client_id", "app_id", "private_key_file"})) return app;
  const auto client_id = in.Find(value, "client_id");
  const auto app_id = in.Find(value, "app_id");
  if (client_id.has_value() == app_id.has_value()) {
    in.Refuse(value,
              client_id.has_value()
                  ? "has both client_id and app_id; wanted one of them"
                  : "has neither client_id nor app_id; wanted one of them");
  }
  if (client_id.has_value()) {
    app.client_id = in.Text(*client_id, "the App's client id");
    if (!std::all_of(
            app.client_id.begin(), app.client_id.end(), [](unsigned char c) {
              return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-';
            })) {
      in.RefuseValue(*client_id, "a client id, such as Iv23abc");
    }
  }
  if (app_id.has_value()) {
    app.app_id = in.Text(*app_id, "the App's number");
    if (!AllDigits(app.app_id) || app.app_id.size() > 18) {
      in.RefuseValue(*app_id, "an App's number, such as 123456");
    }
  }
  if (auto v = in.Need(value, "private_key_file", "the path of a PEM file")) {
    app.private_key_file = PathOf(in, *v);
  }
  return app;
}

// Whether `url` is encrypted or on this machine, so that nobody else reads it.
bool IsPrivate(absl::string_view url) {
  if (!absl::ConsumePrefix(&url, "http://")) return true;
  const absl::string_view authority = url.substr(0, url.find('/'));
  absl::StatusOr<Address> address = ParseAddress("", authority);
  if (!address.ok()) {
    address = ParseAddress("", absl::StrCat(authority, ":80"));
  }
  return address.ok() && address->IsLoopback();
}

GitHubConfig ReadGitHub(YamlReader& in, const YamlValue& value) {
  GitHubConfig github;
  if (!in.IsMap(value,
                {"host", "api_url", "ca_file", "accounts", "token_file", "app",
                 "pace", "burst", "reserve", "max_in_flight", "allow_http"})) {
    return github;
  }
  if (auto v = in.Find(value, "host")) {
    const std::string wanted = "a host, such as github.example.com";
    const absl::StatusOr<Repository> parsed =
        ParseRepository(absl::StrCat(in.Text(*v, wanted), "/owner/name"));
    if (parsed.ok()) {
      github.host = parsed->host;
    } else {
      in.RefuseValue(*v, wanted);
    }
  }
  github.api_url = DefaultApiUrl(github.host);
  bool allow_http = false;
  if (auto v = in.Find(value, "allow_http")) allow_http = in.Boolean(*v);
  if (auto v = in.Find(value, "api_url")) {
    const absl::StatusOr<std::string> url =
        CleanApiUrl(in.Text(*v, "a URL"), allow_http);
    if (url.ok()) {
      github.api_url = *url;
    } else {
      in.Refuse(*v, url.status().message());
    }
  }
  if (auto v = in.Find(value, "ca_file")) {
    github.ca_file = PathOf(in, *v);
    if (absl::StartsWith(github.api_url, "http://")) {
      in.Refuse(
          *v,
          absl::StrCat("has no effect on ", github.api_url,
                       ", which is not encrypted; remove it, or use https://"));
    }
  }
  if (auto v = in.Need(value, "accounts", "a list of logins, or [\"*\"]")) {
    github.accounts = in.Texts(*v, "logins", [](absl::string_view login) {
      return login == "*" || IsLogin(login)
                 ? absl::OkStatus()
                 : Invalid(login,
                           "is not a login; wanted a login, or * for all other "
                           "accounts");
    });
    RefuseEmpty(in, *v, github.accounts, "logins, or *");
  }
  const auto token_file = in.Find(value, "token_file");
  const auto app = in.Find(value, "app");
  if (token_file.has_value() == app.has_value()) {
    in.Refuse(value,
              app.has_value()
                  ? "has both app and token_file; wanted one of them"
                  : "has neither app nor token_file; wanted one of them");
  }
  if (token_file.has_value()) github.token_file = PathOf(in, *token_file);
  if (app.has_value()) github.app = ReadApp(in, *app);
  if (auto v = in.Find(value, "pace")) {
    github.pace.pace_per_minute = PacePerMinuteOf(in, *v);
  }
  if (auto v = in.Find(value, "burst")) {
    github.pace.burst = in.Number(*v, 1, 10'000);
  }
  if (auto v = in.Find(value, "reserve")) github.pace.reserve = ShareOf(in, *v);
  if (auto v = in.Find(value, "max_in_flight")) {
    github.pace.max_in_flight = in.Number(*v, 1, 100);
  }
  return github;
}

RepositoryRule ReadRule(YamlReader& in, const YamlValue& value) {
  RepositoryRule rule;
  if (!in.IsMap(value, {"match", "contexts", "push_branches", "drafts", "forks",
                        "rerun_on_base_change", "pending_expires_after"})) {
    return rule;
  }
  if (auto v = in.Need(value, "match", "a pattern such as acme/*")) {
    rule.match = in.Text(*v, "a pattern such as acme/*");
    const absl::Status checked = CheckPattern(rule.match);
    if (!checked.ok()) in.Refuse(*v, checked.message());
  }
  if (auto v = in.Find(value, "contexts")) {
    rule.contexts = in.Texts(*v, "contexts", CheckContext);
    if (rule.contexts.size() > kMaxContexts) {
      in.Refuse(*v, absl::StrCat("has ", rule.contexts.size(),
                                 " contexts; wanted at most ", kMaxContexts));
    }
  }
  if (auto v = in.Find(value, "push_branches")) {
    rule.push_branches =
        in.Texts(*v, "branch patterns", [](absl::string_view branch) {
          return absl::StrContains(branch, ' ')
                     ? Invalid(branch,
                               "is not a branch pattern: it has a space")
                     : absl::OkStatus();
        });
  }
  if (auto v = in.Find(value, "drafts")) rule.drafts = in.Boolean(*v);
  if (auto v = in.Find(value, "forks")) rule.forks = in.Boolean(*v);
  if (auto v = in.Find(value, "rerun_on_base_change")) {
    rule.rerun_on_base_change = in.Boolean(*v);
  }
  if (auto v = in.Find(value, "pending_expires_after")) {
    rule.pending_expires_after = in.Duration(*v, absl::Minutes(1), 30 * kDay);
  }
  return rule;
}

bool Has(const CallerConfig& caller, absl::string_view right) {
  return std::find(caller.rights.begin(), caller.rights.end(), right) !=
         caller.rights.end();
}

// Whether the caller may report every context, whatever it is called.
bool HasAllContexts(const CallerConfig& caller) {
  return std::any_of(caller.contexts.begin(), caller.contexts.end(),
                     [](absl::string_view pattern) {
                       return pattern.find_first_not_of('*') ==
                              absl::string_view::npos;
                     });
}

std::string RightsLine(const std::vector<std::string>& rights) {
  return absl::StrCat("\"rights: [", absl::StrJoin(rights, ", "), "]\"");
}

// For one release: a file that names `webhook` nowhere may be older than the
// rights webhook and operate. At that time, every caller had to name its
// rights. Callers that name them keep what they could do. Callers that name
// none are no sign of a new file, because a farm that is added without rights
// must not take the shim's right. If no caller may report every context, the
// shim is one of those with fewer.
void KeepFormerRights(YamlReader& in, const YamlValue& list,
                      std::vector<CallerConfig>* callers) {
  std::vector<size_t> former;
  bool has_likely_shim = false;
  for (size_t i = 0; i < callers->size(); ++i) {
    const CallerConfig& caller = (*callers)[i];
    const bool reports = Has(caller, "report");
    has_likely_shim = has_likely_shim || (reports && HasAllContexts(caller));
    const YamlValue item = {&list.node->items[i],
                            absl::StrCat(list.path, "[", i, "]")};
    if (!in.Find(item, "rights").has_value()) continue;
    if (Has(caller, "webhook")) return;
    if (reports) former.push_back(i);
  }
  for (const size_t i : former) {
    CallerConfig& caller = (*callers)[i];
    const size_t before = caller.rights.size();
    // A line that names operate is not older than the right.
    const bool is_old_line = !Has(caller, "operate");
    if (is_old_line) caller.rights.push_back("operate");
    const std::string without_webhook = RightsLine(caller.rights);
    const bool webhook =
        HasAllContexts(caller) || (is_old_line && !has_likely_shim);
    if (webhook) caller.rights.push_back("webhook");
    if (caller.rights.size() == before) continue;
    const YamlValue item = {&list.node->items[i],
                            absl::StrCat(list.path, "[", i, "]")};
    in.Warn(*in.Find(item, "rights"),
            absl::StrCat(
                "until the next release, the rights of caller ",
                Quoted(caller.name), " also include ",
                absl::StrJoin(caller.rights.begin() + before,
                              caller.rights.end(), " and "),
                ", because no caller in this file names the right webhook; ",
                webhook ? absl::StrCat("write ", RightsLine(caller.rights),
                                       " if the caller is signalbox-shim (only "
                                       "the shim needs webhook), else ")
                        : "write ",
                without_webhook));
  }
}

CallerConfig ReadCaller(YamlReader& in, const YamlValue& value) {
  CallerConfig caller;
  if (!in.IsMap(value, {"name", "token_sha256_file", "repositories", "contexts",
                        "rights"})) {
    return caller;
  }
  if (auto v =
          in.Need(value, "name", "the caller's name, for logs and errors")) {
    caller.name = in.Text(*v, "the caller's name, for logs and errors");
  }
  if (auto v = in.Need(value, "token_sha256_file",
                       "the path of a file with the token's SHA-256")) {
    caller.token_sha256_file = PathOf(in, *v);
  }
  constexpr absl::string_view kPatterns = "patterns, such as acme/*";
  if (auto v = in.Need(value, "repositories", kPatterns)) {
    caller.repositories = in.Texts(*v, kPatterns, CheckPattern);
    RefuseEmpty(in, *v, caller.repositories, kPatterns);
  }
  if (auto v = in.Need(value, "contexts", "patterns, such as ci/*")) {
    caller.contexts = in.Texts(*v, "patterns, such as ci/*", CheckContext);
    RefuseEmpty(in, *v, caller.contexts, "patterns, such as ci/*");
  }
  if (auto v = in.Find(value, "rights")) {
    caller.rights = in.Texts(*v, "rights", [](absl::string_view right) {
      return right == "report" || right == "read" || right == "operate" ||
                     right == "webhook"
                 ? absl::OkStatus()
                 : Invalid(right,
                           absl::StrCat("is not a right; wanted ", kRights));
    });
    RefuseEmpty(in, *v, caller.rights, kRights);
  } else {
    caller.rights = {"report", "read", "operate"};
    if (HasAllContexts(caller)) caller.rights.push_back("webhook");
  }
  return caller;
}

void CheckAccounts(YamlReader& in, const std::vector<GitHubConfig>& items,
                   const YamlValue& list) {
  std::map<std::string, size_t> claimed;
  for (size_t i = 0; i < items.size(); ++i) {
    for (const std::string& account : items[i].accounts) {
      const std::string key =
          absl::AsciiStrToLower(absl::StrCat(items[i].host, "/", account));
      const auto [first, fresh] = claimed.emplace(key, i);
      if (fresh) continue;
      in.Refuse({&list.node->items[i], absl::StrCat(list.path, "[", i, "]")},
                absl::StrCat("accounts: ", Quoted(account), " of ",
                             items[i].host, " already has a credential in ",
                             list.path, "[", first->second, "]"));
    }
  }
}

// The metrics may share the web's address: they are then served there.
void CheckAddresses(YamlReader& in, const YamlValue& root,
                    const Config& config) {
  const auto compare = [&](const std::string& a, const std::string& b,
                           absl::string_view key, absl::string_view other) {
    if (a != b || absl::EndsWith(a, ":0")) return;
    in.Refuse(in.Find(root, key).value_or(in.Find(root, other).value_or(root)),
              absl::StrCat(Quoted(a), " is also the address of ", other,
                           "; wanted another port"));
  };
  compare(config.web_listen, config.listen, "web_listen", "listen");
  compare(config.metrics_listen, config.listen, "metrics_listen", "listen");
}

// A pending must live in the store until it expires.
void CheckRetention(YamlReader& in, const YamlValue& root,
                    const Config& config) {
  const auto retention = in.Find(root, "retention");
  if (!retention.has_value()) return;
  for (const RepositoryRule& rule : config.repositories) {
    if (rule.pending_expires_after.value_or(absl::ZeroDuration()) <=
        config.retention) {
      continue;
    }
    in.Refuse(*retention,
              absl::StrCat(Quoted(retention->node->text),
                           " is shorter than the pending_expires_after of ",
                           Quoted(rule.match)));
  }
}

Config ReadConfig(YamlReader& in, const YamlValue& root) {
  Config config;
  config.recovery.redelivery_is_rerun = false;
  if (root.node->kind == YamlNode::Kind::kNothing) return config;
  if (!in.IsMap(root, {"listen", "web_listen", "metrics_listen", "data_dir",
                       "retention", "pending_settle", "github", "repositories",
                       "recovery", "callers"})) {
    return config;
  }
  if (auto v = in.Find(root, "listen")) config.listen = AddressOf(in, *v);
  if (auto v = in.Find(root, "web_listen")) {
    config.web_listen = AddressOf(in, *v);
  }
  if (auto v = in.Find(root, "metrics_listen")) {
    config.metrics_listen = AddressOf(in, *v);
  }
  if (auto v = in.Find(root, "data_dir")) {
    config.data_dir = in.Text(*v, "the path of a directory");
  }
  if (auto v = in.Find(root, "retention")) {
    config.retention = in.Duration(*v, kDay, 36500 * kDay);
  }
  if (auto v = in.Find(root, "pending_settle")) {
    config.pending_settle =
        in.Duration(*v, absl::ZeroDuration(), absl::Minutes(1));
  }
  if (auto v = in.Find(root, "github")) {
    for (const YamlValue& item : in.List(
             *v, "credentials, each with accounts and a token_file or app")) {
      config.github.push_back(ReadGitHub(in, item));
    }
    CheckAccounts(in, config.github, *v);
  }
  if (auto v = in.Find(root, "repositories")) {
    std::set<std::string> matches;
    for (const YamlValue& item :
         in.List(*v, "rules, each with match and contexts")) {
      config.repositories.push_back(ReadRule(in, item));
      const std::string& match = config.repositories.back().match;
      if (!matches.insert(absl::AsciiStrToLower(match)).second) {
        in.Refuse(item,
                  absl::StrCat(Quoted(match),
                               " appears twice, and the server uses only "
                               "the first rule that matches; remove one"));
      }
    }
  }
  if (auto v = in.Find(root, "recovery")) {
    config.recovery = ReadRecovery(in, *v);
  }
  if (auto v = in.Find(root, "callers")) {
    std::set<std::string> names;
    if (v->node->kind == YamlNode::Kind::kNothing ||
        (v->node->kind == YamlNode::Kind::kList && v->node->items.empty())) {
      in.Refuse(*v,
                "is empty; name at least one caller, or remove callers to let "
                "everybody who can connect make calls");
    }
    const std::vector<YamlValue> items =
        in.List(*v, "callers, each with a name");
    for (const YamlValue& item : items) {
      config.callers.push_back(ReadCaller(in, item));
      const std::string& name = config.callers.back().name;
      if (!names.insert(name).second) {
        in.Refuse(item,
                  absl::StrCat(
                      "name: ", Quoted(name),
                      " appears twice; wanted another name for each caller"));
      }
    }
  }
  if (const auto v = in.Find(root, "callers"); v && in.status().ok()) {
    KeepFormerRights(in, *v, &config.callers);
  }
  CheckAddresses(in, root, config);
  CheckRetention(in, root, config);
  return config;
}

}  // namespace

absl::StatusOr<std::string> CleanApiUrl(absl::string_view url,
                                        bool allow_http) {
  absl::string_view rest = url;
  const absl::Status invalid = Invalid(
      url, "is not an http(s) URL; wanted one such as https://api.github.com");
  if (!absl::ConsumePrefix(&rest, "https://") &&
      !absl::ConsumePrefix(&rest, "http://")) {
    return invalid;
  }
  absl::ConsumeSuffix(&rest, "/");
  const absl::string_view authority = rest.substr(0, rest.find('/'));
  const absl::string_view path = rest.substr(authority.size());
  if (!ParseAddress("", authority).ok() &&
      !ParseAddress("", absl::StrCat(authority, ":443")).ok()) {
    return invalid;
  }
  const bool plain = std::all_of(path.begin(), path.end(), [](unsigned char c) {
    return absl::ascii_isalnum(c) ||
           absl::StrContains("/-._~%", static_cast<char>(c));
  });
  if (!plain || absl::EndsWith(path, "/") || absl::StrContains(path, "//")) {
    return invalid;
  }
  if (!allow_http && !IsPrivate(url)) {
    return Invalid(
        url,
        "would carry the token to another machine unencrypted; wanted "
        "https://, or allow_http to permit it");
  }
  return std::string(absl::StripSuffix(url, "/"));
}

absl::StatusOr<Config> ParseConfig(absl::string_view yaml,
                                   absl::string_view file) {
  const absl::StatusOr<YamlNode> tree = ParseYaml(yaml, file);
  if (!tree.ok()) return tree.status();
  YamlReader reader(file);
  Config config = ReadConfig(reader, {&*tree, ""});
  if (!reader.status().ok()) return reader.status();
  config.warnings = reader.warnings();
  return config;
}

absl::StatusOr<Config> ReadConfigFile(const std::string& path) {
  const std::unique_ptr<FILE, int (*)(FILE*)> file(
      std::fopen(path.c_str(), "rbe"), std::fclose);
  if (file == nullptr) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", path));
  }
  // One byte more than ParseYaml accepts, so that it refuses a longer file.
  std::string yaml((1 << 20) + 1, '\0');
  yaml.resize(std::fread(yaml.data(), 1, yaml.size(), file.get()));
  if (std::ferror(file.get()) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", path));
  }
  return ParseConfig(yaml, path);
}

}  // namespace signalbox
