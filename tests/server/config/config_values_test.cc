#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/config/config.h"
#include "tests/server/config/config_testing.h"

namespace signalbox {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr absl::Duration kOneDay = absl::Hours(24);

TEST(ConfigTest, RefusesUnknownKeysWithTheirLine) {
  ExpectErrors({
      {"lisen: a:1", "1: lisen: is not a known key; wanted one of listen, "},
      {"listen: a:1\nrecovery:\n  evry: 5m\n",
       "3: recovery.evry: is not a known key; wanted one of enabled, every"},
      {"LISTEN: a:1", "1: LISTEN: is not a known key"},
      {"\"\": a", "1: is not a known key"},
      {"\"a\\x01\\nb\": 1", "1: a\\x01\\nb: is not a known key"},
      {"<<: {listen: a:1}", "1: <<: is not a known key"},
      {GitHubItem("    token_file: t\n    colour: red\n"),
       "4: github[0].colour: is not a known key; wanted one of host, "},
      {GitHubItem("    app:\n      id: 1\n"), "4: github[0].app.id: is not"},
      {"repositories:\n  - match: a/b\n  - match: a/c\n    context: [x]\n",
       "4: repositories[1].context: is not a known key"},
      {"callers:\n- name: x\n  scopes: [a]\n",
       "3: callers[0].scopes: is not a known key"},
  });
}

TEST(ConfigTest, RefusesRepeatedKeysWithTheirLine) {
  ExpectErrors({
      {"listen: a:1\nweb_listen: a:2\nlisten: a:3\n",
       "3: the key \"listen\" appears twice"},
      {"listen: a:1\n\"listen\": a:3\n", "2: the key \"listen\" appears"},
      {"recovery: {every: 5m,\n every: 6m}", "2: the key \"every\" appears"},
      {GitHubItem("    token_file: t\n    token_file: t\n"),
       "4: the key \"token_file\" appears"},
  });
}

// Every key with every type that it must not have.

TEST(ConfigTest, RefusesIllTypedValuesWithTheirLine) {
  const std::string github = "github:\n- accounts: [acme]\n  token_file: t\n";
  const std::string rule = "repositories:\n- match: a/b\n";
  const std::string caller =
      "callers:\n- name: n\n  token_sha256_file: f\n  repositories: [a/b]\n";
  const std::string tokens =
      "callers:\n- name: n\n  repositories: [a/b]\n  contexts: [c]\n";
  struct Key {
    std::string before;
    std::string key;
    std::string path;
    std::string right;  // A value of the right type.
    std::string wrong;  // Kinds of value that are wrong: Text, List, Map.
  };
  const std::vector<Key> keys = {
      {"", "listen", "listen", "a:1", "M"},
      {"", "tls", "tls",
       "{cert_file: c, key_file: k, client_certificates: optional}", "TL"},
      {"", "web_listen", "web_listen", "a:1", "LM"},
      {"", "metrics_listen", "metrics_listen", "a:1", "LM"},
      {"", "data_dir", "data_dir", "d", "LM"},
      {"", "retention", "retention", "9d", "TLM"},
      {"", "pending_settle", "pending_settle", "1s", "TLM"},
      {"", "github", "github", "[]", "TM"},
      {"", "repositories", "repositories", "[]", "TM"},
      {"", "recovery", "recovery", "{}", "TL"},
      {"", "callers", "callers",
       "[{name: n, token_sha256_file: f, repositories: [a/b], contexts: [c]}]",
       "TM"},
      {"recovery:\n", "  enabled", "recovery.enabled", "true", "TLM"},
      {"recovery:\n", "  every", "recovery.every", "9m", "TLM"},
      {"recovery:\n", "  redelivery", "recovery.redelivery", "rerun", "TLM"},
      {github, "  host", "github[0].host", "h", "LM"},
      {github, "  api_url", "github[0].api_url", "https://h", "TLM"},
      {github, "  ca_file", "github[0].ca_file", "f", "LM"},
      {github, "  pace", "github[0].pace", "1/h", "TLM"},
      {github, "  burst", "github[0].burst", "1", "TLM"},
      {github, "  reserve", "github[0].reserve", "10%", "TLM"},
      {github, "  max_in_flight", "github[0].max_in_flight", "1", "TLM"},
      {"github:\n- token_file: t\n", "  accounts", "github[0].accounts", "[a]",
       "TM"},
      {"github:\n- accounts: [a]\n", "  token_file", "github[0].token_file",
       "t", "LM"},
      {"github:\n- accounts: [a]\n", "  app", "github[0].app",
       "{app_id: 1, private_key_file: f}", "TL"},
      {"repositories:\n- contexts: []\n", "  match", "repositories[0].match",
       "a/b", "TLM"},
      {rule, "  contexts", "repositories[0].contexts", "[a]", "TM"},
      {rule, "  push_branches", "repositories[0].push_branches", "[a]", "TM"},
      {rule, "  drafts", "repositories[0].drafts", "true", "TLM"},
      {rule, "  forks", "repositories[0].forks", "true", "TLM"},
      {rule, "  rerun_on_base_change", "repositories[0].rerun_on_base_change",
       "true", "TLM"},
      {rule, "  pending_expires_after", "repositories[0].pending_expires_after",
       "1h", "TLM"},
      {tokens, "  tokens", "callers[0].tokens", "[{sha256_file: f}]", "TM"},
      {tokens + "  tokens:\n  - expires: 2027-01-31T00:00:00Z\n",
       "    sha256_file", "callers[0].tokens[0].sha256_file", "f", "LM"},
      {tokens + "  tokens:\n  - sha256_file: f\n", "    expires",
       "callers[0].tokens[0].expires", "2027-01-31T00:00:00Z", "TLM"},
      {caller + "  rights: [read]\n", "  contexts", "callers[0].contexts",
       "[a]", "TM"},
      {caller + "  contexts: [a]\n", "  rights", "callers[0].rights", "[read]",
       "TM"},
  };
  for (const Key& key : keys) {
    const auto with = [&key](absl::string_view value) {
      return absl::StrCat(key.before, key.key, ": ", value, "\n");
    };
    Parsed(with(key.right));
    const auto expect = [&](absl::string_view value, absl::string_view is) {
      const int line = 1 + static_cast<int>(std::count(key.before.begin(),
                                                       key.before.end(), '\n'));
      EXPECT_THAT(ErrorOf(with(value)),
                  StartsWith(absl::StrCat(line, ": ", key.path, ": ", is)))
          << with(value);
    };
    expect("", "is empty; ");
    expect("~", "is empty; ");
    for (const char kind : key.wrong) {
      if (kind == 'T') expect("maybe", "\"maybe\" is not ");
      if (kind == 'L') expect("[a, b]", "is a list; wanted ");
      if (kind == 'M') expect("{a: b}", "is a map; wanted ");
    }
  }
}

TEST(ConfigTest, RefusesIllTypedItems) {
  ExpectErrors({
      {"github:\n- acme\n", "2: github[0]: \"acme\" is not a map"},
      {"github: [[]]", "1: github[0]: is a list; wanted a map"},
      {"repositories:\n- match: a/b\n- a/b\n", "3: repositories[1]: \"a/b\""},
      {"callers: [{}, x]", "1: callers[0]: name is missing"},
      {"repositories: [{match: a/b, contexts: [a,\n [b]]}]",
       "2: repositories[0].contexts[1]: is a list; wanted "},
      {"repositories: [{match: a/b, contexts: [a,\n \"\"]}]",
       "2: repositories[0].contexts[1]: \"\" is not "},
      {"[]", "1: is a list; wanted a map"},
      {"listen", "1: \"listen\" is not a map"},
      {"recovery: {enabled: \"true\"}", "1: recovery.enabled: \"true\" is not"},
      {"recovery: {enabled: yes}", "1: recovery.enabled: \"yes\" is not true "},
      {"recovery: {enabled: True}", "1: recovery.enabled: \"True\" is not "},
      {"data_dir: \"a\\0b\"", "1: data_dir: \"a\\x00\\x62\" has a control "},
      {"data_dir: \"a\\nb\"", "1: data_dir: \"a\\nb\" has a control "},
      {absl::StrCat("data_dir: ", std::string(5000, 'x')), "1: data_dir: "},
  });
}

TEST(ConfigTest, RefusesWhatIsNotOneYamlDocument) {
  ExpectErrors({
      {"listen: a:1\n\tweb_listen: a:2\n",
       "2: this line is indented with a tab; YAML wants spaces"},
      {"listen: a:1\n  web_listen: a:2\n", "2: "},
      {"listen: [a\n", "2: "},
      {"listen: \"a\n", "1: the quoted text has no closing quote"},
      {"listen: a:1\ndata_dir: 'it''s\nretention: 9d\n",
       "2: the quoted text has no closing quote"},
      {"listen: a:1\ndata_dir: \"a\\\"\n",
       "2: the quoted text has no closing quote"},
      {"listen: a:1\ndata_dir: &x \"a\n",
       "2: the quoted text has no closing quote"},
      {std::string("data_dir: a\0b\n", 14), "1: the file is not UTF-8 text"},
      {"\xFF\xFEl\n", "1: the file is not UTF-8 text"},
      {"listen: a:1\n}\n", "2: "},
      {"]", "1: "},
      {"}", "1: "},
      {"&", "1: "},
      {"*a", "1: "},
      {"listen: *a", "1: "},
      {"%YAML 9\n---\nlisten: a:1", "1: "},
      {"listen: a:1\n---\nlisten: a:2\n", "2: a second YAML document"},
      {"---\n---\n", "2: a second YAML document"},
      {"listen: a:1\n...\nweb_listen: a:2\n", "3: "},
      {"listen: !!str a:1", "1: the server does not support YAML tags"},
      {"!!str listen: a:1", "1: the server does not support YAML tags"},
      {"recovery: !mine {}", "1: the server does not support YAML tags"},
      {"? [a]\n: b\n", "1: a key is not text"},
      {"? {a: b}\n: b\n", "1: a key is not text"},
      {"? \n: b\n", ""},
      {"a: &x b\n*x : c\n", "2: a key is not text"},
      {"&a [*a]", "1: this alias refers to the value that contains it"},
  });
}

TEST(ConfigTest, QuotationsMayContainQuotes) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"'it''s'", "it's"}, {"\"a\\\"b\"", "a\"b"}, {"\"a\\\\\"", "a\\"},
      {"'\"'", "\""},      {"\"'\"", "'"},         {"''''", "'"},
      {"a\"b", "a\"b"},    {"&x 'y'", "y"}};
  for (const auto& [yaml, text] : cases) {
    EXPECT_EQ(Parsed("data_dir: " + yaml).data_dir, text) << yaml;
    EXPECT_EQ(Parsed("# \u00e4\ndata_dir: " + yaml + "\n").data_dir, text);
    EXPECT_EQ(Parsed("\xEF\xBB\xBF{data_dir: " + yaml + "\n}").data_dir, text);
  }
  EXPECT_EQ(Parsed("data_dir: |-\n  \"a\n").data_dir, "\"a");
}

TEST(ConfigTest, AnchorsSaveWriting) {
  const Config config = Parsed(
      "repositories:\n"
      "- {match: a/b, contexts: &all [ci/one, ci/two]}\n"
      "- {match: a/c, contexts: *all}\n");
  EXPECT_THAT(config.repositories[1].contexts, ElementsAre("ci/one", "ci/two"));
}

// Nine levels of nine aliases each would be 400 million values.

TEST(ConfigTest, AliasesCannotBlowUp) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i <= 9; ++i) {
    std::string aliases;
    for (int n = 0; n < 9; ++n) {
      absl::StrAppend(&aliases, n == 0 ? "*a" : ", *a", i - 1);
    }
    absl::StrAppend(&bomb, "a", i, ": &a", i, " [", aliases, "]\n");
  }
  EXPECT_THAT(ErrorOf(bomb), HasSubstr("more than 100000 values"));

  std::string aliases;
  for (int i = 0; i < 20'000; ++i) absl::StrAppend(&aliases, "*x, ");
  EXPECT_THAT(ErrorOf(absl::StrCat("a: &x [1, 2, 3, 4, 5, 6, 7, 8, 9]\nb: [",
                                   aliases, "]\n")),
              HasSubstr("more than 100000 values"));
}

TEST(ConfigTest, BoundsTheDocument) {
  EXPECT_THAT(ErrorOf(std::string((1 << 20) + 1, ' ')),
              HasSubstr("is longer than 1048576 bytes"));
  Parsed(std::string(1 << 20, ' '));
  EXPECT_THAT(ErrorOf(absl::StrCat("data_dir: ", std::string(40, '['),
                                   std::string(40, ']'))),
              HasSubstr("more than 32 levels"));
  for (const absl::string_view part :
       {"[",   "{", "- ",    "? ",  ": ",   "\"",   "'",    "&a ",
        "*a ", "!", "%",     "a: ", "{a: ", "[a, ", "- - ", "|\n",
        ">",   "#", "\n---", "a\n", "\t",   "\r",   "\xFF", "\xE2\x80\xA8"}) {
    std::string text;
    while (text.size() < 100'000) absl::StrAppend(&text, part);
    // Must return. The result does not matter.
    ParseConfig(text, "f.yaml").IgnoreError();
  }
}

TEST(ConfigTest, ReadsDurationsOfEveryUnit) {
  EXPECT_EQ(Parsed("pending_settle: 0ms").pending_settle, absl::ZeroDuration());
  EXPECT_EQ(Parsed("pending_settle: 1m").pending_settle, absl::Minutes(1));
  EXPECT_EQ(Parsed("pending_settle: 10s").pending_settle, absl::Seconds(10));
  EXPECT_EQ(Parsed("pending_settle: \"10s\"").pending_settle,
            absl::Seconds(10));
  EXPECT_EQ(Parsed("retention: 1d").retention, kOneDay);
  EXPECT_EQ(Parsed("retention: 24h").retention, kOneDay);
  EXPECT_EQ(Parsed("recovery: {every: 1m}").recovery.every, absl::Minutes(1));
  EXPECT_EQ(Parsed("recovery: {every: 24h}").recovery.every, kOneDay);
  EXPECT_EQ(Parsed("repositories: [{match: a/b, pending_expires_after: 30d}]")
                .repositories[0]
                .pending_expires_after,
            30 * kOneDay);
}

TEST(ConfigTest, RefusesOtherDurations) {
  for (const char* const text :
       {"5", "s", "-5s", "+5s", "5 s", "5sec", "5S", "1h30m", "1.5h", "ms",
        "9999999999s", "99999999999999999999d", "0x5s", "5\u00a0s", "inf"}) {
    EXPECT_THAT(ErrorOf(absl::StrCat("pending_settle: ", text)),
                AllOf(StartsWith("1: pending_settle: \""),
                      HasSubstr("is not a duration")))
        << text;
  }
  ExpectErrors({
      {"pending_settle: 60001ms",
       "1: pending_settle: \"60001ms\" is out of range; wanted 0 to 1m"},
      {"retention: 23h",
       "1: retention: \"23h\" is out of range; wanted 24h to "},
      {"retention: 36501d",
       "1: retention: \"36501d\" is out of range; wanted "},
      {"recovery:\n  every: 59s\n",
       "2: recovery.every: \"59s\" is out of range; wanted 1m to 24h"},
      {"recovery:\n  every: 25h\n",
       "2: recovery.every: \"25h\" is out of range; wanted "},
      {"repositories:\n- match: a/b\n  pending_expires_after: 59s\n",
       "3: repositories[0].pending_expires_after: \"59s\" is out of range; "
       "wanted 1m to "
       "30d"},
      {"repositories:\n- match: a/b\n  pending_expires_after: 721h\n",
       "3: repositories[0].pending_expires_after: \"721h\" is out of range; "
       "wanted "},
  });
}

TEST(ConfigTest, LinesCountWithWindowsLineEnds) {
  EXPECT_THAT(ErrorOf("# x\r\n\r\nrecovery:\r\n  every: x\r\n"),
              StartsWith("4: recovery.every: \"x\""));
}

TEST(ConfigTest, AddressesAreHostAndPort) {
  for (const char* const key : {"listen", "web_listen", "metrics_listen"}) {
    for (const char* const bad : {"localhost", "a:65536", "::1:80", "a b:80"}) {
      EXPECT_THAT(ErrorOf(absl::StrCat(key, ": '", bad, "'")),
                  AllOf(StartsWith(absl::StrCat("1: ", key, ": \"", bad)),
                        HasSubstr("is not HOST:PORT")))
          << bad;
    }
  }
  EXPECT_THAT(Parsed("listen: '[::1]:80'").listen, ElementsAre("[::1]:80"));
  EXPECT_EQ(Parsed("web_listen: localhost:0").web_listen, "localhost:0");
  EXPECT_EQ(Parsed("metrics_listen: 10.0.0.1:1").metrics_listen, "10.0.0.1:1");
}

TEST(ConfigTest, ReadsPaceAndBudget) {
  const auto pace = [](absl::string_view lines) {
    const Config config =
        Parsed(GitHubItem(absl::StrCat("    token_file: t\n", lines)));
    return config.github.empty() ? PaceConfig() : config.github[0].pace;
  };
  EXPECT_EQ(pace("    pace: 80/min\n").pace_per_minute, 80);
  EXPECT_EQ(pace("    pace: 4800/h\n").pace_per_minute, 80);
  EXPECT_EQ(pace("    pace: 30/h\n").pace_per_minute, 0.5);
  EXPECT_EQ(pace("    burst: 20\n").burst, 20);
  EXPECT_EQ(pace("    max_in_flight: 8\n").max_in_flight, 8);
  EXPECT_EQ(pace("    reserve: 10%\n").reserve, 0.1);
  EXPECT_EQ(pace("    reserve: 0.25\n").reserve, 0.25);
  EXPECT_EQ(pace("    reserve: 0\n").reserve, 0);
  EXPECT_EQ(pace("    reserve: 100%\n").reserve, 1);
  for (const char* const bad :
       {"pace: 80",           "pace: 0/min",        "pace: 80/s",
        "pace: 80 /min",      "pace: 80/min/h",     "pace: -1/min",
        "pace: 1.5/min",      "pace: /min",         "pace: 99999999999/min",
        "burst: 0",           "burst: -1",          "burst: 1.5",
        "burst: \"20\"",      "burst: 99999999999", "max_in_flight: 0",
        "max_in_flight: 101", "reserve: 101%",      "reserve: -1%",
        "reserve: 1.1",       "reserve: nan",       "reserve: inf",
        "reserve: \"%\"",     "reserve: 1e-1",      "reserve: 0x1",
        "reserve: .",         "reserve: 10 %"}) {
    EXPECT_THAT(
        ErrorOf(GitHubItem(absl::StrCat("    token_file: t\n    ", bad, "\n"))),
        AllOf(StartsWith("4: github[0]."), HasSubstr("\" is not ")))
        << bad;
  }
}

}  // namespace
}  // namespace signalbox
