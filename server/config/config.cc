#include "server/config/config.h"

#include <cerrno>
#include <cstdio>
#include <memory>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "server/config/config_values.h"
#include "server/config/yaml_reader.h"
#include "server/config/yaml_tree.h"
#include "server/report/status_key.h"

namespace signalbox {
namespace {

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

bool ReadRedelivery(YamlReader& in, const YamlValue& value) {
  constexpr char kWanted[] = "ignore or rerun";
  const std::string word = in.Text(value, kWanted);
  if (word != "ignore" && word != "rerun") in.RefuseValue(value, kWanted);
  return word == "rerun";
}

RecoveryConfig ReadRecovery(YamlReader& in, const YamlValue& value) {
  RecoveryConfig recovery;
  recovery.redelivery_is_rerun = false;
  in.Map(
      value,
      {{"enabled", in.Into(&recovery.enabled, &YamlReader::Boolean)},
       {"every", in.Into(&recovery.every, &YamlReader::Duration,
                         absl::Minutes(1), absl::Hours(24))},
       {"redeliver", in.Into(&recovery.redeliver, &YamlReader::Boolean)},
       {"compare", in.Into(&recovery.compare, &YamlReader::Boolean)},
       {"pull", in.Into(&recovery.pull, &YamlReader::Boolean)},
       {"pull_every", in.Into(&recovery.pull_every, &YamlReader::Duration,
                              absl::Seconds(5), absl::Hours(1))},
       {"hook_urls",
        in.Into(&recovery.hook_urls, &YamlReader::Texts,
                "webhook URLs, with * for any text", CheckHookUrl)},
       {"redelivery", in.Into(&recovery.redelivery_is_rerun, ReadRedelivery)}});
  return recovery;
}

constexpr char kPemFile[] = "the path of a file in PEM";

// Whether clients need a certificate.
bool ReadClientCertificates(YamlReader& in, const YamlValue& value) {
  constexpr char kWanted[] = "required or optional";
  const std::string word = in.Text(value, kWanted);
  if (word != "required" && word != "optional") in.RefuseValue(value, kWanted);
  return word == "required";
}

TlsConfig ReadTls(YamlReader& in, const YamlValue& value) {
  TlsConfig tls;
  in.Map(value,
         {{"cert_file", in.Into(&tls.cert_file, ReadPath), kPemFile},
          {"key_file", in.Into(&tls.key_file, ReadPath), kPemFile},
          {"client_ca_file", in.Into(&tls.client_ca_file, ReadPath)},
          {"client_certificates",
           in.Into(&tls.requires_client_certificate, ReadClientCertificates)}});
  if (tls.requires_client_certificate && tls.client_ca_file.empty()) {
    in.Refuse(value,
              "client_ca_file is missing; wanted the authorities that name "
              "clients, or \"client_certificates: optional\" if clients show "
              "who they are by tokens alone");
  }
  return tls;
}

absl::Status CheckBranch(absl::string_view branch) {
  return absl::StrContains(branch, ' ')
             ? InvalidValue(branch, "is not a branch pattern: it has a space")
             : absl::OkStatus();
}

constexpr char kPattern[] = "a pattern such as acme/*";

std::string ReadPattern(YamlReader& in, const YamlValue& value) {
  std::string pattern = in.Text(value, kPattern);
  const absl::Status checked = CheckPattern(pattern);
  if (!checked.ok()) in.Refuse(value, checked.message());
  return pattern;
}

std::vector<std::string> ReadContexts(YamlReader& in, const YamlValue& value) {
  std::vector<std::string> contexts = in.Texts(value, "contexts", CheckContext);
  if (contexts.size() > kMaxContexts) {
    in.Refuse(value, absl::StrCat("has ", contexts.size(),
                                  " contexts; wanted at most ", kMaxContexts));
  }
  return contexts;
}

RepositoryRule ReadRule(YamlReader& in, const YamlValue& value) {
  RepositoryRule rule;
  in.Map(value,
         {{"match", in.Into(&rule.match, ReadPattern), kPattern},
          {"contexts", in.Into(&rule.contexts, ReadContexts)},
          {"push_branches", in.Into(&rule.push_branches, &YamlReader::Texts,
                                    "branch patterns", CheckBranch)},
          {"drafts", in.Into(&rule.drafts, &YamlReader::Boolean)},
          {"forks", in.Into(&rule.forks, &YamlReader::Boolean)},
          {"rerun_on_base_change",
           in.Into(&rule.rerun_on_base_change, &YamlReader::Boolean)},
          {"pending_expires_after",
           in.Into(&rule.pending_expires_after, &YamlReader::Duration,
                   absl::Minutes(1), 30 * kDay)}});
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

TlsPaths ReadWebTls(YamlReader& in, const YamlValue& value) {
  TlsPaths tls;
  in.Map(value, {{"cert_file", in.Into(&tls.cert_file, ReadPath), kPemFile},
                 {"key_file", in.Into(&tls.key_file, ReadPath), kPemFile}});
  return tls;
}

TlsPaths ReadWeb(YamlReader& in, const YamlValue& value) {
  TlsPaths tls;
  in.Map(value, {{"tls", in.Into(&tls, ReadWebTls)}});
  return tls;
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
  for (const std::string& listen : config.listen) {
    compare(config.web_listen, listen, "web_listen", "listen");
    compare(config.metrics_listen, listen, "metrics_listen", "listen");
  }
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
  in.Map(
      root,
      {{"listen", in.Into(&config.listen, ReadListen)},
       {"tls", in.Into(&config.tls, ReadTls)},
       {"web_listen", in.Into(&config.web_listen, ReadAddress)},
       {"metrics_listen", in.Into(&config.metrics_listen, ReadAddress)},
       {"web", in.Into(&config.web_tls, ReadWeb)},
       {"data_dir", in.Into(&config.data_dir, &YamlReader::Text,
                            "the path of a directory")},
       {"retention",
        in.Into(&config.retention, &YamlReader::Duration, kDay, 36500 * kDay)},
       {"pending_settle", in.Into(&config.pending_settle, &YamlReader::Duration,
                                  absl::ZeroDuration(), absl::Minutes(1))},
       {"github", in.Into(&config.github, ReadGitHubConfigs)},
       {"repositories", in.Into(&config.repositories, ReadRules)},
       {"recovery", in.Into(&config.recovery, ReadRecovery)},
       {"callers", in.Into(&config.callers, ReadCallerConfigs)}});
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
