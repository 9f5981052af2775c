#include "server/config/config.h"

#include <cerrno>
#include <cstdio>
#include <memory>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "server/config/caller_config.h"
#include "server/config/config_values.h"
#include "server/config/github_config.h"
#include "server/config/yaml_reader.h"
#include "server/config/yaml_tree.h"

namespace signalbox {
namespace {

constexpr size_t kMaxContexts = 100;

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
                     ? InvalidValue(branch,
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

std::vector<RepositoryRule> ReadRules(YamlReader& in, const YamlValue& list) {
  std::vector<RepositoryRule> rules;
  std::set<std::string> matches;
  for (const YamlValue& item :
       in.List(list, "rules, each with match and contexts")) {
    rules.push_back(ReadRule(in, item));
    const std::string& match = rules.back().match;
    if (!matches.insert(absl::AsciiStrToLower(match)).second) {
      in.Refuse(item, absl::StrCat(Quoted(match),
                                   " appears twice, and the server uses only "
                                   "the first rule that matches; remove one"));
    }
  }
  return rules;
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
  if (auto v = in.Find(root, "listen")) config.listen = ReadAddress(in, *v);
  if (auto v = in.Find(root, "web_listen")) {
    config.web_listen = ReadAddress(in, *v);
  }
  if (auto v = in.Find(root, "metrics_listen")) {
    config.metrics_listen = ReadAddress(in, *v);
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
    config.github = ReadGitHubConfigs(in, *v);
  }
  if (auto v = in.Find(root, "repositories")) {
    config.repositories = ReadRules(in, *v);
  }
  if (auto v = in.Find(root, "recovery")) {
    config.recovery = ReadRecovery(in, *v);
  }
  if (auto v = in.Find(root, "callers")) {
    config.callers = ReadCallerConfigs(in, *v);
  }
  CheckAddresses(in, root, config);
  CheckRetention(in, root, config);
  return config;
}

}  // namespace

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
