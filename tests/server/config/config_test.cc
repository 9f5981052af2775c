#include "server/config/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/error.h"
#include "tests/server/config/config_testing.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr absl::Duration kDay = absl::Hours(24);

constexpr char kExample[] =
    R"(listen: [127.0.0.1:50051, "unix:/run/signalbox/grpc.sock"]
tls:
  cert_file: /etc/signalbox/server.pem
  key_file: /etc/signalbox/server.key
  client_ca_file: /etc/signalbox/clients.pem
  client_certificates: optional
web_listen: 127.0.0.1:8080
metrics_listen: 127.0.0.1:9464
data_dir: /var/lib/signalbox
retention: 90d
pending_settle: 300ms
github:
  - accounts: [acme, acme-labs]          # who posts for whom
    app: {client_id: Iv23abc, private_key_file: /etc/signalbox/acme.pem}   # or app_id
    pace: 80/min                         # posts; also burst, reserve (10%), max_in_flight
  - host: github.example.com             # GHES
    api_url: https://github.example.com/api/v3
    ca_file: /etc/signalbox/ghes-ca.pem
    accounts: ["*"]
    token_file: /etc/signalbox/ghes.token
repositories:
  - match: acme/*
    contexts: [ci/build, ci/lint]        # what a pull request must get
    push_branches: [main]
    drafts: false
    forks: true
    rerun_on_base_change: false
    pending_expires_after: 6h
recovery: {enabled: true, every: 5m}
callers:
  - name: linux-farm
    token_sha256_file: /etc/signalbox/linux-farm.sha256
    repositories: [acme/*]
    contexts: [ci/*]
    rights: [report, read, operate]
)";

TEST(ConfigTest, ReadsTheWholeExample) {
  const Config config = Parsed(kExample);
  EXPECT_THAT(config.listen,
              ElementsAre("127.0.0.1:50051", "unix:/run/signalbox/grpc.sock"));
  ASSERT_TRUE(config.tls.has_value());
  EXPECT_EQ(config.tls->cert_file, "/etc/signalbox/server.pem");
  EXPECT_EQ(config.tls->key_file, "/etc/signalbox/server.key");
  EXPECT_EQ(config.tls->client_ca_file, "/etc/signalbox/clients.pem");
  EXPECT_FALSE(config.tls->requires_client_certificate);
  EXPECT_EQ(config.web_listen, "127.0.0.1:8080");
  EXPECT_EQ(config.metrics_listen, "127.0.0.1:9464");
  EXPECT_EQ(config.data_dir, "/var/lib/signalbox");
  EXPECT_EQ(config.retention, 90 * kDay);
  EXPECT_EQ(config.pending_settle, absl::Milliseconds(300));

  ASSERT_THAT(config.github, SizeIs(2));
  const GitHubConfig& acme = config.github[0];
  EXPECT_EQ(acme.host, "github.com");
  EXPECT_EQ(acme.api_url, "https://api.github.com");
  EXPECT_THAT(acme.accounts, ElementsAre("acme", "acme-labs"));
  ASSERT_TRUE(acme.app.has_value());
  EXPECT_EQ(acme.app->client_id, "Iv23abc");
  EXPECT_EQ(acme.app->app_id, "");
  EXPECT_EQ(acme.app->private_key_file, "/etc/signalbox/acme.pem");
  EXPECT_EQ(acme.token_file, "");
  EXPECT_EQ(acme.pace.pace_per_minute, 80);
  EXPECT_EQ(acme.pace.burst, std::nullopt);
  const GitHubConfig& ghes = config.github[1];
  EXPECT_EQ(ghes.host, "github.example.com");
  EXPECT_EQ(ghes.api_url, "https://github.example.com/api/v3");
  EXPECT_EQ(ghes.ca_file, "/etc/signalbox/ghes-ca.pem");
  EXPECT_THAT(ghes.accounts, ElementsAre("*"));
  EXPECT_EQ(ghes.token_file, "/etc/signalbox/ghes.token");
  EXPECT_FALSE(ghes.app.has_value());
  EXPECT_EQ(ghes.pace.pace_per_minute, std::nullopt);

  ASSERT_THAT(config.repositories, SizeIs(1));
  const RepositoryRule& rule = config.repositories[0];
  EXPECT_EQ(rule.match, "acme/*");
  EXPECT_THAT(rule.contexts, ElementsAre("ci/build", "ci/lint"));
  EXPECT_THAT(rule.push_branches, ElementsAre("main"));
  EXPECT_FALSE(rule.drafts);
  EXPECT_TRUE(rule.forks);
  EXPECT_FALSE(rule.rerun_on_base_change);
  EXPECT_EQ(rule.pending_expires_after, absl::Hours(6));

  EXPECT_TRUE(config.recovery.enabled);
  EXPECT_EQ(config.recovery.every, absl::Minutes(5));

  ASSERT_THAT(config.callers, SizeIs(1));
  const CallerConfig& caller = config.callers[0];
  EXPECT_EQ(caller.name, "linux-farm");
  ASSERT_THAT(caller.tokens, SizeIs(1));
  EXPECT_EQ(caller.tokens[0].sha256_file, "/etc/signalbox/linux-farm.sha256");
  EXPECT_EQ(caller.tokens[0].expires, absl::InfiniteFuture());
  EXPECT_THAT(caller.repositories, ElementsAre("acme/*"));
  EXPECT_THAT(caller.contexts, ElementsAre("ci/*"));
  EXPECT_THAT(caller.rights, ElementsAre("report", "read", "operate"));
}

TEST(ConfigTest, NothingMeansTheDefaults) {
  for (const char* const yaml :
       {"", "\n\n", "# only a comment\n", "---\n", "--- ~\n", "{}\n",
        "\xEF\xBB\xBF# a byte order mark\n"}) {
    const Config config = Parsed(yaml);
    EXPECT_THAT(config.listen, ElementsAre("127.0.0.1:50051"));
    EXPECT_FALSE(config.tls.has_value());
    EXPECT_EQ(config.web_listen, "127.0.0.1:8080");
    EXPECT_EQ(config.metrics_listen, "");
    EXPECT_EQ(config.data_dir, "./signalbox-data");
    EXPECT_EQ(config.retention, 90 * kDay);
    EXPECT_EQ(config.pending_settle, absl::Milliseconds(300));
    EXPECT_THAT(config.github, IsEmpty());
    EXPECT_THAT(config.repositories, IsEmpty());
    EXPECT_THAT(config.callers, IsEmpty());
    EXPECT_TRUE(config.recovery.enabled);
    EXPECT_EQ(config.recovery.every, absl::Minutes(5));
    // Only a file that asks for replays gets them.
    EXPECT_FALSE(config.recovery.redelivery_is_rerun);
  }
}

// Without a file, one person follows GitHub's guide, where a redelivery reruns.
TEST(ConfigTest, ARedeliveryRunsAgainWithoutAFileOrIfTheFileSaysSo) {
  EXPECT_TRUE(Config().recovery.redelivery_is_rerun);
  EXPECT_FALSE(Parsed("recovery: {every: 6m}\n").recovery.redelivery_is_rerun);
  EXPECT_FALSE(
      Parsed("recovery: {redelivery: ignore}\n").recovery.redelivery_is_rerun);
  EXPECT_TRUE(
      Parsed("recovery: {redelivery: rerun}\n").recovery.redelivery_is_rerun);
}

TEST(ConfigTest, AnItemThatSaysLittleHasDefaults) {
  const Config config = Parsed(
      "github: [{accounts: [a], token_file: t}]\n"
      "repositories: [{match: a/b}, {match: a/c, contexts: []}]\n");
  EXPECT_EQ(config.github[0].host, "github.com");
  EXPECT_EQ(config.github[0].api_url, "https://api.github.com");
  EXPECT_THAT(config.repositories[0].contexts, ElementsAre("ci/build"));
  EXPECT_THAT(config.repositories[0].push_branches, IsEmpty());
  EXPECT_FALSE(config.repositories[0].drafts);
  EXPECT_TRUE(config.repositories[0].forks);
  EXPECT_FALSE(config.repositories[0].rerun_on_base_change);
  EXPECT_EQ(config.repositories[0].pending_expires_after, std::nullopt);
  EXPECT_THAT(config.repositories[1].contexts, IsEmpty());
}

TEST(ConfigTest, AContextMayHaveAnyLetters) {
  EXPECT_THAT(
      Parsed("repositories: [{match: a/b, contexts: [Tests \u00bb "
             "\u0421\u0431\u043e\u0440\u043a\u0430, GR\u00dcN, gr\u00fcn]}]\n")
          .repositories[0]
          .contexts,
      ElementsAre("Tests \u00bb \u0421\u0431\u043e\u0440\u043a\u0430",
                  "GR\u00dcN", "gr\u00fcn"));
}

TEST(ConfigTest, FindsTheApiOfAHost) {
  const auto api = [](absl::string_view lines) {
    const Config config =
        Parsed(GitHubItem(absl::StrCat("    token_file: t\n", lines)));
    return config.github.empty() ? "" : config.github[0].api_url;
  };
  EXPECT_EQ(api(""), "https://api.github.com");
  EXPECT_EQ(api("    host: GitHub.com\n"), "https://api.github.com");
  EXPECT_EQ(api("    host: ghes.example.com\n"),
            "https://ghes.example.com/api/v3");
  EXPECT_EQ(api("    host: GHES.example.com:8443\n"),
            "https://ghes.example.com:8443/api/v3");
  EXPECT_EQ(api("    host: Octo.ghe.com\n"), "https://api.octo.ghe.com");
  EXPECT_EQ(api("    api_url: http://127.0.0.1:8180\n"),
            "http://127.0.0.1:8180");
  EXPECT_EQ(api("    api_url: http://[::1]:8180/\n"), "http://[::1]:8180");
  EXPECT_EQ(api("    host: g\n    api_url: https://g/api/v3/\n"),
            "https://g/api/v3");
  EXPECT_EQ(Parsed(GitHubItem("    token_file: t\n    host: GHES.Example\n"))
                .github[0]
                .host,
            "ghes.example");
}

TEST(ConfigTest, RefusesOtherUrlsAndHosts) {
  for (const char* const bad :
       {"api.github.com",  "ftp://a",       "https://",       "https:///",
        "http://",         "https://a//",   "https://a/b//",  "https://a//b",
        "https://a b",     "https://a/b c", "https://a?b",    "https://a/?b",
        "https://a/#b",    "https://u@a",   "https://u:p@a",  "https://a:b",
        "https://a:70000", "https://[::1",  "https://\u00e4", "//a",
        "https:/a"}) {
    EXPECT_THAT(ErrorOf(GitHubItem(absl::StrCat(
                    "    token_file: t\n    api_url: \"", bad, "\"\n"))),
                AllOf(StartsWith("4: github[0].api_url: \""),
                      HasSubstr("is not an http(s) URL")))
        << bad;
  }
  for (const char* const bad :
       {"https://ghes", "a/b", "a b", "-a", "a..b", "a:b", "*", "*.ghe.com"}) {
    EXPECT_THAT(
        ErrorOf(GitHubItem(
            absl::StrCat("    token_file: t\n    host: \"", bad, "\"\n"))),
        AllOf(StartsWith("4: github[0].host: \""), HasSubstr("is not a host")))
        << bad;
  }
}

TEST(ConfigTest, ACredentialIsAnAppOrAToken) {
  const std::string key = "private_key_file: k";
  ExpectErrors({
      {GitHubItem(""), "2: github[0]: has neither app nor token_file"},
      {GitHubItem("    token_file: t\n    app: {app_id: 1, " + key + "}\n"),
       "2: github[0]: has both app and token_file"},
      {GitHubItem("    app: {" + key + "}\n"),
       "3: github[0].app: has neither client_id nor app_id"},
      {GitHubItem("    app: {client_id: a, app_id: 1, " + key + "}\n"),
       "3: github[0].app: has both client_id and app_id"},
      {GitHubItem("    app: {client_id: a}\n"),
       "3: github[0].app: private_key_file is missing"},
      {GitHubItem("    app: {app_id: Iv23, " + key + "}\n"),
       "3: github[0].app.app_id: \"Iv23\" is not an App's number"},
      {GitHubItem("    app: {client_id: a b, " + key + "}\n"),
       "3: github[0].app.client_id: \"a b\" is not a client id"},
      {"github:\n- token_file: t\n", "2: github[0]: accounts is missing"},
      {"github:\n- token_file: t\n  accounts: []\n",
       "3: github[0].accounts: the list is empty"},
  });
  EXPECT_EQ(Parsed(GitHubItem("    app: {app_id: 123, " + key + "}\n"))
                .github[0]
                .app->app_id,
            "123");
}

// A secret in the file would be in backups, in version control and, here, in
// the error.

TEST(ConfigTest, SecretsDoNotStandInTheFile) {
  const struct {
    std::string yaml;
    std::string line_and_path;
    std::string file_key;
  } cases[] = {
      {GitHubItem("    token: ghp_hidden\n"),
       "3: github[0].token:", "token_file"},
      {GitHubItem("    app:\n      app_id: 1\n      private_key: |\n"
                  "        ghp_hidden\n"),
       "5: github[0].app.private_key:", "private_key_file"},
      {"callers:\n- name: x\n  token: ghp_hidden\n",
       "3: callers[0].token:", "token_sha256_file"},
      {"callers:\n- name: x\n  token_sha256: ghp_hidden\n",
       "3: callers[0].token_sha256:", "token_sha256_file"},
      {"github_token: ghp_hidden\n", "1: github_token:", "listen"},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(ErrorOf(c.yaml),
                AllOf(StartsWith(c.line_and_path), HasSubstr(c.file_key),
                      Not(HasSubstr("ghp_hidden"))))
        << c.yaml;
  }
}

TEST(ConfigTest, AccountsAreLoginsAndHaveOneCredential) {
  const std::string first = "github:\n- {accounts: [acme], token_file: t}\n";
  ExpectErrors({
      {"github: [{accounts: [a b], token_file: t}]",
       "1: github[0].accounts[0]: \"a b\" is not a login"},
      {"github: [{accounts: [acme/x], token_file: t}]",
       "1: github[0].accounts[0]: \"acme/x\" is not a login"},
      {"github: [{accounts: [acme-*], token_file: t}]",
       "1: github[0].accounts[0]: \"acme-*\" is not a login"},
      {"github:\n- token_file: t\n  accounts:\n  - a\n  - b\n  - A\n",
       "6: github[0].accounts[2]: \"A\" appears twice"},
      {first + "- {accounts: [ACME], token_file: u}\n",
       "3: github[1]: accounts: \"ACME\" of github.com already has a "
       "credential in github[0]"},
      {"github: [{accounts: [\"*\"], token_file: t},\n"
       "{accounts: [\"*\"], token_file: t}]",
       "2: github[1]: accounts: \"*\""},
  });
  EXPECT_THAT(Parsed(first + "- {accounts: [\"*\"], token_file: u}\n"
                             "- {accounts: [acme], token_file: v, host: g}\n")
                  .github,
              SizeIs(3));
}

TEST(ConfigTest, RulesHaveTheGrammarOfTheirNames) {
  const std::string rule = "repositories:\n- match: acme/*\n";
  ExpectErrors({
      {"repositories: [{contexts: []}]",
       "1: repositories[0]: match is missing"},
      {"repositories: [{match: acme}]",
       "1: repositories[0].match: \"acme\" is not a pattern; wanted "
       "[HOST/]OWNER/NAME"},
      {"repositories: [{match: \"**\"}]",
       "1: repositories[0].match: \"**\" is"},
      {"repositories: [{match: a/b/c/d}]", "1: repositories[0].match: "},
      {"repositories: [{match: a b/*}]", "1: repositories[0].match: "},
      {"repositories: [{match: \"a/[bc]\"}]", "1: repositories[0].match: "},
      {"repositories: [{match: \"a/?\"}]", "1: repositories[0].match: "},
      {"repositories:\n- match: a/b\n- match: A/b\n",
       "3: repositories[1]: \"A/b\" appears twice"},
      {rule + "  contexts:\n  - ok\n  - \" x\"\n",
       "5: repositories[0].contexts[1]: \" x\" begins or ends with a space"},
      {rule + "  contexts: [\"\\u0085\"]\n",
       "3: repositories[0].contexts[0]: \"\\u0085\" has a character"},
      {rule + "  contexts: [" + std::string(256, 'x') + "]\n",
       "3: repositories[0].contexts[0]: \"xxx"},
      {rule + "  contexts: [ci/Build, ci/build]\n",
       "3: repositories[0].contexts[1]: \"ci/build\" appears twice"},
      {rule + "  push_branches: [a b]\n",
       "3: repositories[0].push_branches[0]: \"a b\" is not a branch"},
  });
  for (const char* const good :
       {"a/b", "*/*", "g.example/a/b", "*/*/*", "g:8443/a/*", "*.ghe.com/a/b",
        "a*b/c*", "a/.*"}) {
    EXPECT_EQ(Parsed(absl::StrCat("repositories: [{match: \"", good, "\"}]"))
                  .repositories[0]
                  .match,
              good);
  }
  EXPECT_THAT(
      Parsed(rule + "  push_branches: [main, release/*, refs/tags/v*]\n")
          .repositories[0]
          .push_branches,
      ElementsAre("main", "release/*", "refs/tags/v*"));
}

TEST(ConfigTest, ARuleHasAtMostAHundredContexts) {
  const auto rule = [](int count) {
    std::string yaml = "repositories:\n- match: a/b\n  contexts:\n";
    for (int i = 0; i < count; ++i) absl::StrAppend(&yaml, "  - c", i, "\n");
    return yaml;
  };
  EXPECT_THAT(Parsed(rule(100)).repositories[0].contexts, SizeIs(100));
  EXPECT_THAT(ErrorOf(rule(101)),
              StartsWith("3: repositories[0].contexts: has 101 contexts"));
}

TEST(ConfigTest, CallersSayWhoMayDoWhat) {
  const auto caller = [](absl::string_view name, absl::string_view left_out,
                         absl::string_view instead) {
    std::string yaml;
    for (const auto& [key, value] :
         std::vector<std::pair<std::string, std::string>>{
             {"name", std::string(name)},
             {"token_sha256_file", "f"},
             {"repositories", "[a/*]"},
             {"contexts", "[\"*\"]"},
             {"rights", "[read]"}}) {
      if (key == left_out && instead.empty()) continue;
      absl::StrAppend(&yaml, yaml.empty() ? "- " : "  ", key, ": ",
                      key == left_out ? instead : value, "\n");
    }
    return yaml;
  };
  const auto error = [&caller](absl::string_view key, absl::string_view value) {
    return ErrorOf("callers:\n" + caller("farm", key, value));
  };
  EXPECT_THAT(Parsed("callers:\n" + caller("farm", "", "")).callers, SizeIs(1));
  EXPECT_THAT(error("token_sha256_file", ""),
              StartsWith("2: callers[0]: has neither token_sha256_file nor "
                         "tokens; wanted one"));
  for (const char* const key : {"name", "repositories", "contexts"}) {
    EXPECT_THAT(error(key, ""),
                StartsWith(absl::StrCat("2: callers[0]: ", key,
                                        " is missing; wanted ")));
  }
  EXPECT_THAT(error("rights", "[report, write]"),
              StartsWith("6: callers[0].rights[1]: \"write\" is not a right"));
  EXPECT_THAT(Parsed("callers:\n" + caller("farm", "rights", "[admin]"))
                  .callers[0]
                  .rights,
              ElementsAre("admin"));
  const auto forwarding =
      Parsed("callers:\n" + caller("tool", "rights", "") + "  forward: true\n")
          .callers[0];
  EXPECT_TRUE(forwarding.forward);
  // With all contexts, another caller would also have the right of the shim.
  EXPECT_THAT(forwarding.rights, ElementsAre("report", "read", "operate"));
  EXPECT_FALSE(
      Parsed("callers:\n" + caller("farm", "", "")).callers[0].forward);
  EXPECT_THAT(
      ErrorOf("callers:\n" + caller("tool", "", "") + "  forward: yes\n"),
      StartsWith("7: callers[0].forward: \"yes\" is not true or false"));
  EXPECT_THAT(error("rights", "[read, read]"),
              StartsWith("6: callers[0].rights[1]: \"read\" appears twice"));
  EXPECT_THAT(error("rights", "report"),
              StartsWith("6: callers[0].rights: \"report\" is not a list; "
                         "wanted [report]"));
  EXPECT_THAT(error("rights", "[]"), HasSubstr("the list is empty"));
  EXPECT_THAT(error("repositories", "[]"), HasSubstr("the list is empty"));
  EXPECT_THAT(error("contexts", "[]"), HasSubstr("the list is empty"));
  EXPECT_THAT(error("repositories", "[\"**\"]"),
              StartsWith("4: callers[0].repositories[0]: \"**\" is not a "
                         "pattern; wanted [HOST"));
  EXPECT_THAT(Parsed("callers:\n" + caller("farm", "repositories", "[\"*\"]"))
                  .callers[0]
                  .repositories,
              ElementsAre("*"));
  EXPECT_THAT(Parsed("callers:\n" +
                     caller("farm", "contexts", "[Gr\u00fc*, \u65e5\u672c]"))
                  .callers[0]
                  .contexts,
              ElementsAre("Gr\u00fc*", "\u65e5\u672c"));
  EXPECT_THAT(error("contexts", "[\"a\\tb\"]"),
              StartsWith("5: callers[0].contexts[0]: \"a\\tb\" has a"));
  EXPECT_THAT(
      ErrorOf("callers:\n" + caller("farm", "", "") + caller("farm", "", "")),
      StartsWith("7: callers[1]: name: \"farm\" appears twice"));
}

TEST(ConfigTest, ACallerHasOneOrTwoTokensThatMayEnd) {
  const auto with = [](absl::string_view tokens) {
    return absl::StrCat(
        "callers:\n- name: farm\n  repositories: [a/*]\n  contexts: [c]\n",
        tokens);
  };
  const Config config = Parsed(
      with("  tokens:\n  - sha256_file: old\n"
           "    expires: 2027-01-31T12:00:00+01:00\n  - sha256_file: new\n"));
  const std::vector<CallerTokenConfig>& tokens = config.callers[0].tokens;
  ASSERT_THAT(tokens, SizeIs(2));
  EXPECT_EQ(tokens[0].sha256_file, "old");
  EXPECT_EQ(tokens[0].expires, absl::FromUnixSeconds(1'801'393'200));
  EXPECT_EQ(tokens[1].sha256_file, "new");
  EXPECT_EQ(tokens[1].expires, absl::InfiniteFuture());
  ExpectErrors({
      {with("  token_sha256_file: f\n  tokens: [{sha256_file: f}]\n"),
       "2: callers[0]: has both token_sha256_file and tokens; wanted one"},
      {with("  tokens: []\n"),
       "5: callers[0].tokens: has 0 tokens; wanted one"},
      {with("  tokens: [{sha256_file: a}, {sha256_file: b}, "
            "{sha256_file: c}]\n"),
       "5: callers[0].tokens: has 3 tokens; wanted one"},
      {with("  tokens: [f]\n"), "5: callers[0].tokens[0]: \"f\" is not a map"},
      {with("  tokens: [{expires: 2027-01-31T00:00:00Z}]\n"),
       "5: callers[0].tokens[0]: sha256_file is missing; wanted the path"},
      {with("  tokens: [{sha256: ghp_hidden}]\n"),
       "5: callers[0].tokens[0].sha256: is not a known key, and this file"},
      {with("  tokens: [{sha256_file: f, expires: 90d}]\n"),
       "5: callers[0].tokens[0].expires: \"90d\" is not a time with a zone"},
      {with("  tokens: [{sha256_file: f, expires: 2027-01-31}]\n"),
       "5: callers[0].tokens[0].expires: \"2027-01-31\" is not a time"},
      {with("  tokens: [{sha256_file: f, expires: \"2027-01-31T00:00:00\"}]\n"),
       "5: callers[0].tokens[0].expires: \"2027-01-31T00:00:00\" is not a"},
      {with("  tokens:\n  - sha256_file: f\n"
            "    expires: 9999-12-31T23:59:59-01:00\n"),
       "7: callers[0].tokens[0].expires: \"9999-12-31T23:59:59-01:00\" is not"},
      {with("  tokens:\n  - sha256_file: f\n"
            "    expires: 1969-12-31T23:59:59Z\n"),
       "7: callers[0].tokens[0].expires: \"1969-12-31T23:59:59Z\" is not a"},
  });
}

// It needs no token, and then no right that an issued token never has.
TEST(ConfigTest, ACallerCanHaveThePublicKeyOfAnApp) {
  const auto with = [](absl::string_view lines) {
    return absl::StrCat(
        "callers:\n- name: argo\n  repositories: [a/*]\n"
        "  contexts: [\"*\"]\n",
        lines);
  };
  const std::string app = "  app: {app_id: 7, public_key_file: argo.pem}\n";
  const Config config = Parsed(with(app));
  const CallerConfig& caller = config.callers[0];
  ASSERT_TRUE(caller.app.has_value());
  EXPECT_EQ(caller.app->app_id, 7);
  EXPECT_EQ(caller.app->public_key_file, "argo.pem");
  EXPECT_THAT(caller.tokens, IsEmpty());
  EXPECT_THAT(caller.rights, ElementsAre("report", "read", "operate"));
  EXPECT_THAT(config.warnings, IsEmpty());
  EXPECT_THAT(Parsed(with(app + "  token_sha256_file: f\n")).callers[0].tokens,
              SizeIs(1));
  ExpectErrors({
      {with(app + "  token_sha256_file: f\n  tokens: [{sha256_file: f}]\n"),
       "2: callers[0]: has both token_sha256_file and tokens; wanted one"},
      {with("  app: {app_id: 0, public_key_file: f}\n"),
       "5: callers[0].app.app_id: \"0\" is not a number"},
      {with("  app: {app_id: Iv23abc, public_key_file: f}\n"),
       "5: callers[0].app.app_id: \"Iv23abc\" is not a number"},
      {with("  app: {app_id: 9007199254740993, public_key_file: f}\n"),
       "5: callers[0].app.app_id: \"9007199254740993\" is not a number"},
      {with("  app: {app_id: 7}\n"),
       "5: callers[0].app: public_key_file is missing; wanted the path"},
      {with("  app: {public_key_file: f}\n"),
       "5: callers[0].app: app_id is missing; wanted a number"},
      {with(app) +
           "- name: probot\n  repositories: [a/*]\n"
           "  contexts: [c]\n" +
           app,
       "6: callers[1]: app: app_id 7 appears twice; wanted another"},
  });
}

// Its author probably wants to let nobody in.
TEST(ConfigTest, AnEmptyListOfCallersIsRefused) {
  EXPECT_THAT(ErrorOf("data_dir: d\ncallers: []\n"),
              StartsWith("2: callers: is empty; name at least one caller"));
  EXPECT_THAT(ErrorOf("data_dir: d\ncallers:\n"),
              StartsWith("2: callers: is empty; name at least one caller"));
}

// The callers of a file: contexts and, if there are any, rights.
struct CallerLines {
  std::string contexts;
  std::string rights;
};
std::string CallersWith(const std::vector<CallerLines>& callers) {
  std::string yaml = "callers:\n";
  for (const CallerLines& lines : callers) {
    absl::StrAppend(&yaml, "- name: c", yaml.size(),
                    "\n  token_sha256_file: f\n  repositories: [a/*]\n",
                    "  contexts: ", lines.contexts, "\n");
    if (!lines.rights.empty()) {
      absl::StrAppend(&yaml, "  rights: ", lines.rights, "\n");
    }
  }
  return yaml;
}

TEST(ConfigTest, RightsThatAreLeftOutAreThoseOfAFarmOrOfTheShim) {
  const Config config = Parsed(
      CallersWith({{"[ci/*]", ""}, {"[\"*\"]", ""}, {"[x, \"**\"]", ""}}));
  EXPECT_THAT(config.callers[0].rights,
              ElementsAre("report", "read", "operate"));
  EXPECT_THAT(config.callers[1].rights,
              ElementsAre("report", "read", "operate", "webhook"));
  EXPECT_THAT(config.callers[2].rights,
              ElementsAre("report", "read", "operate", "webhook"));
  EXPECT_THAT(config.warnings, IsEmpty());
}

TEST(ConfigTest, AFileThatNamesWebhookIsTakenAtItsWord) {
  const Config config = Parsed(CallersWith({{"[\"*\"]", "[report, webhook]"},
                                            {"[\"*\"]", "[report, read]"},
                                            {"[ci/*]", "[report, operate]"}}));
  EXPECT_THAT(config.callers[0].rights, ElementsAre("report", "webhook"));
  EXPECT_THAT(config.callers[1].rights, ElementsAre("report", "read"));
  EXPECT_THAT(config.callers[2].rights, ElementsAre("report", "operate"));
  EXPECT_THAT(config.warnings, IsEmpty());
}

// After an upgrade the shim of an older file must lose no delivery.
TEST(ConfigTest, AFileFromBeforeTheNewRightsKeepsWhatItsCallersCould) {
  const Config config = Parsed(CallersWith({{"[\"*\"]", "[report]"},
                                            {"[ci/*]", "[read, report]"},
                                            {"[\"*\"]", "[read]"},
                                            {"[ci/*]", ""}}));
  EXPECT_THAT(config.callers[0].rights,
              ElementsAre("report", "operate", "webhook"));
  EXPECT_THAT(config.callers[1].rights,
              ElementsAre("read", "report", "operate"));
  EXPECT_THAT(config.callers[2].rights, ElementsAre("read"));
  EXPECT_THAT(config.callers[3].rights,
              ElementsAre("report", "read", "operate"));
  ASSERT_THAT(config.warnings, SizeIs(2));
  EXPECT_THAT(config.warnings[0],
              AllOf(StartsWith("f.yaml:6: callers[0].rights: "),
                    HasSubstr("\"rights: [report, operate, webhook]\" if"),
                    HasSubstr("else \"rights: [report, operate]\"")));
  EXPECT_THAT(config.warnings[1],
              AllOf(StartsWith("f.yaml:11: callers[1].rights: "),
                    HasSubstr("write \"rights: [read, report, operate]\"")));
}

// The shim may have only the contexts that farms have. The file does not say
// which caller is the shim.
TEST(ConfigTest, AShimFromBeforeMayHaveFewContexts) {
  const Config config = Parsed(CallersWith({{"[\"ci/*\"]", "[report]"},
                                            {"[ci/lint]", "[report, read]"},
                                            {"[\"*\"]", "[read]"}}));
  EXPECT_THAT(config.callers[0].rights,
              ElementsAre("report", "operate", "webhook"));
  EXPECT_THAT(config.callers[1].rights,
              ElementsAre("report", "read", "operate", "webhook"));
  EXPECT_THAT(config.callers[2].rights, ElementsAre("read"));
  ASSERT_THAT(config.warnings, SizeIs(2));
  EXPECT_THAT(
      config.warnings[0],
      AllOf(StartsWith("f.yaml:6: callers[0].rights: "),
            HasSubstr("write \"rights: [report, operate, webhook]\" if"),
            HasSubstr("signalbox-shim (only the shim needs webhook)"),
            HasSubstr("else \"rights: [report, operate]\"")));
  EXPECT_THAT(config.warnings[1], StartsWith("f.yaml:11: callers[1].rights: "));
}

// The second caller was added later: older files name every caller's rights.
TEST(ConfigTest, AFarmWithoutRightsTakesNoneFromTheShimOfBefore) {
  const Config config =
      Parsed(CallersWith({{"[\"*\"]", "[report]"}, {"[\"*\"]", ""}}));
  EXPECT_THAT(config.callers[0].rights,
              ElementsAre("report", "operate", "webhook"));
  EXPECT_THAT(config.callers[1].rights,
              ElementsAre("report", "read", "operate", "webhook"));
  ASSERT_THAT(config.warnings, SizeIs(1));
  EXPECT_THAT(config.warnings[0], StartsWith("f.yaml:6: callers[0].rights: "));
}

// `tokens` is newer than the rights, so a caller that has it is no sign of an
// old file, and its rights are meant as they stand.
TEST(ConfigTest, ACallerWithTokensHasTheRightsThatItNames) {
  const Config config = Parsed(
      "callers:\n- name: farm\n  repositories: [a/*]\n  contexts: [\"*\"]\n"
      "  rights: [report]\n  tokens: [{sha256_file: f}]\n");
  EXPECT_THAT(config.callers[0].rights, ElementsAre("report"));
  EXPECT_THAT(config.warnings, IsEmpty());
}

// A file with the line that a warning asks for gets no warning.
TEST(ConfigTest, TheLineThatAWarningNamesEndsIt) {
  const Config config =
      Parsed(CallersWith({{"[\"*\"]", "[report, operate, webhook]"},
                          {"[ci/*]", "[read, report, operate]"}}));
  EXPECT_THAT(config.warnings, IsEmpty());
  const Config farms = Parsed(CallersWith({{"[ci/*]", "[report, operate]"}}));
  EXPECT_THAT(farms.callers[0].rights, ElementsAre("report", "operate"));
  EXPECT_THAT(farms.warnings, IsEmpty());
}

TEST(ConfigTest, ListenIsOneAddressOrSeveral) {
  EXPECT_THAT(Parsed("listen: unix:s").listen, ElementsAre("unix:s"));
  EXPECT_THAT(Parsed("listen: [a:1, b:2]").listen, ElementsAre("a:1", "b:2"));
  const std::string longest = "unix:/" + std::string(106, 'p');
  EXPECT_THAT(Parsed("listen: " + longest).listen, ElementsAre(longest));
  ExpectErrors({
      {"listen: []", "1: listen: the list is empty; wanted addresses"},
      {"listen: [a:1, b]", "1: listen[1]: \"b\" is not HOST:PORT"},
      {"listen: [a:1, A:1]", "1: listen[1]: \"A:1\""},
      {"listen: 'unix:'", "1: listen: \"unix:\" is not unix:PATH"},
      {"listen: unix:/" + std::string(107, 'p'), "1: listen: \"unix:/p"},
      {"web: {tls: {cert_file: c}}", "1: web.tls: key_file is missing"},
      {"web: {tls: {cert_file: c, key_file: k, client_ca_file: a}}",
       "1: web.tls.client_ca_file: "},
      {"web: {page: on}", "1: web.page: "},
      {"web_listen: unix:s", "1: web_listen: \"unix:s\" is not HOST:PORT"},
  });
}

// A certificate of the client is wanted unless the file says otherwise.
TEST(ConfigTest, TlsIsMutualByDefault) {
  const std::string pair = "tls:\n  cert_file: c\n  key_file: k\n";
  const Config mutual = Parsed(pair + "  client_ca_file: a\n");
  ASSERT_TRUE(mutual.tls.has_value());
  EXPECT_TRUE(mutual.tls->requires_client_certificate);
  const Config tokens = Parsed(pair + "  client_certificates: optional\n");
  ASSERT_TRUE(tokens.tls.has_value());
  EXPECT_FALSE(tokens.tls->requires_client_certificate);
  EXPECT_EQ(tokens.tls->client_ca_file, "");
  ExpectErrors({
      {pair, "1: tls: client_ca_file is missing; wanted "},
      {pair + "  client_certificates: required\n",
       "1: tls: client_ca_file is missing; wanted "},
      {pair + "  client_certificates: none\n",
       "4: tls.client_certificates: \"none\" is not required or optional"},
      {"tls: {key_file: k, client_certificates: optional}",
       "1: tls: cert_file is missing; wanted "},
      {"tls: {cert_file: c, client_certificates: optional}",
       "1: tls: key_file is missing; wanted "},
  });
}

TEST(ConfigTest, NoTwoListenersShareAnAddress) {
  ExpectErrors({
      {"web_listen: a:1\nlisten: a:1\n",
       "1: web_listen: \"a:1\" is also the address of listen"},
      {"data_dir: d\nlisten: 127.0.0.1:8080\n",
       "2: listen: \"127.0.0.1:8080\" is also the address of "},
      {"listen: a:1\nmetrics_listen: a:1\n", "2: metrics_listen: \"a:1\" is "},
      {"listen: [b:1, a:1]\nweb_listen: a:1\n", "2: web_listen: \"a:1\" is "},
  });
  // web_listen then serves the metrics too, and port 0 is a new port each time.
  Parsed("metrics_listen: 127.0.0.1:8080\n");
  Parsed("listen: 127.0.0.1:0\nweb_listen: 127.0.0.1:0\n");
}

// A pending that is deleted before it expires would stay yellow for ever.

TEST(ConfigTest, NoPendingExpiresAfterTheRetention) {
  const std::string rule =
      "repositories: [{match: a/b, pending_expires_after: 3d}]\n";
  EXPECT_THAT(ErrorOf(rule + "retention: 2d\n"),
              StartsWith("2: retention: \"2d\" is shorter than the "
                         "pending_expires_after of \"a/b\""));
  Parsed(rule + "retention: 3d\n");
}

TEST(ConfigTest, ACertificateAuthorityIsForHttps) {
  EXPECT_THAT(
      ErrorOf(GitHubItem(
          "    token_file: t\n    api_url: http://[::1]\n    ca_file: c\n")),
      StartsWith("5: github[0].ca_file: has no effect on http://[::1]"));
}

// A token must not be readable on the way, unless the configuration allows it.
TEST(ConfigTest, HttpIsForThisMachineUnlessAllowed) {
  const auto item = [](absl::string_view url, absl::string_view more = "") {
    return GitHubItem(
        absl::StrCat("    token_file: t\n    api_url: ", url, "\n", more));
  };
  for (const char* const url :
       {"http://localhost", "http://LOCALHOST:8180", "http://127.0.0.1",
        "http://127.9.9.9:1/api/v3", "http://[::1]", "http://[::1]:8180/x"}) {
    EXPECT_EQ(Parsed(item(url)).github.at(0).api_url, url);
  }
  for (const char* const url :
       {"http://ghes.example.com", "http://ghes.example.com:8080/api/v3",
        "http://10.0.0.1", "http://[::2]:80", "http://127.0.0.1.example.com",
        "http://localhost.example.com:1", "http://128.0.0.1"}) {
    EXPECT_THAT(ErrorOf(item(url)),
                StartsWith(absl::StrCat("4: github[0].api_url: \"", url,
                                        "\" would carry the token to another "
                                        "machine unencrypted; wanted https://, "
                                        "or allow_http")));
    EXPECT_FALSE(ErrorOf(item(url, "    allow_http: false\n")).empty());
    EXPECT_EQ(Parsed(item(url, "    allow_http: true\n")).github.at(0).api_url,
              url);
  }
  EXPECT_EQ(
      Parsed(item("https://a", "    allow_http: true\n")).github.at(0).api_url,
      "https://a");
  EXPECT_THAT(
      ErrorOf(GitHubItem("    token_file: t\n    allow_http: perhaps\n")),
      StartsWith("4: github[0].allow_http: "));
}

class ConfigFile : public ::testing::Test {
 protected:
  void Write(absl::string_view text) {
    std::ofstream(path_, std::ios::binary) << text;
  }

  const TempDir dir_;
  const std::string directory_ = dir_.path();
  const std::string path_ = dir_.Path("signalbox.yaml");
};

TEST_F(ConfigFile, IsReadAndNamedInErrors) {
  Write(kExample);
  EXPECT_THAT(ReadConfigFile(path_)->listen,
              ElementsAre("127.0.0.1:50051", "unix:/run/signalbox/grpc.sock"));
  Write("listen: a:1\nweb_listen: x\n");
  EXPECT_THAT(std::string(ReadConfigFile(path_).status().message()),
              StartsWith(absl::StrCat(path_, ":2: web_listen: \"x\" ")));
}

TEST_F(ConfigFile, ThatCannotBeReadIsAnError) {
  const absl::Status missing = ReadConfigFile(path_).status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(missing.message()), HasSubstr(path_));
  const absl::Status directory = ReadConfigFile(directory_).status();
  EXPECT_FALSE(directory.ok());
  EXPECT_THAT(std::string(directory.message()), HasSubstr(directory_));
  Write(std::string((1 << 20) + 5, ' '));
  EXPECT_EQ(ReadConfigFile(path_).status().code(),
            absl::StatusCode::kInvalidArgument);
}

// No input may crash the parser: the example, with a byte changed, removed or
// doubled.

TEST(ConfigTest, SurvivesDamage) {
  const std::string example = kExample;
  for (size_t i = 0; i < example.size(); i += 3) {
    for (const char c :
         {'\0', '\t', '\n', ':', '[', '}', '"', '&', '-', '%', '\x80'}) {
      std::string changed = example;
      changed[i] = c;
      ParseConfig(changed, "f.yaml").IgnoreError();
    }
    ParseConfig(std::string(example).erase(i, 1), "f.yaml").IgnoreError();
    ParseConfig(example.substr(0, i), "f.yaml").IgnoreError();
  }
}

// The YAML library quotes the byte that it stumbled over.
TEST(ConfigTest, ErrorsAreOnePrintableLine) {
  for (const char c : {'\x01', '\x1b', '\x7f', '\x80', '\xff'}) {
    const std::string error =
        ErrorOf(absl::StrCat("data_dir: \"\\", std::string(1, c), "\"\n"));
    for (const char shown : error) {
      EXPECT_TRUE(shown >= ' ' && shown <= '~') << error;
    }
  }
}

}  // namespace
}  // namespace signalbox
