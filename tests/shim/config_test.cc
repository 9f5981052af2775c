#include "shim/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/match.h"

namespace signalbox {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

absl::StatusOr<ShimConfig> Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "signalbox-shim");
  return ParseShimConfig(static_cast<int>(arguments.size()), arguments.data());
}

TEST(ShimConfigTest, DefaultsAreTheGuides) {
  const auto config = Parse({});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->listen.ToString(), "127.0.0.1:4567");
  EXPECT_EQ(config->path, "/event_handler");
  EXPECT_EQ(config->server, "127.0.0.1:50051");
  EXPECT_EQ(config->max_body, 25u << 20);
  EXPECT_FALSE(config->insecure_no_signature);
  EXPECT_THAT(config->secret_files, IsEmpty());
  EXPECT_THAT(config->trusted_proxies, IsEmpty());
  EXPECT_EQ(config->rest.listen, "");
  EXPECT_FALSE(config->rest.forward);
  EXPECT_EQ(config->text, "");
}

TEST(ShimConfigTest, FlagsAreRead) {
  const auto config = Parse({"--listen",
                             "[::1]:0",
                             "--path=/hooks",
                             "--server",
                             "localhost:1",
                             "--webhook-secret-file",
                             "a",
                             "--webhook-secret-file=b",
                             "--max-body",
                             "1MiB",
                             "--trusted-proxy",
                             "127.0.0.1",
                             "--trusted-proxy",
                             "10.0.0.0/8",
                             "--rest-listen",
                             "127.0.0.1:8090",
                             "--rest-public-url",
                             "https://box.example",
                             "--rest-forward",
                             "--rest-host",
                             "ghe.example"});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->listen.ToString(), "[::1]:0");
  EXPECT_EQ(config->path, "/hooks");
  EXPECT_EQ(config->server, "localhost:1");
  EXPECT_THAT(config->secret_files, ElementsAre("a", "b"));
  EXPECT_EQ(config->max_body, 1u << 20);
  EXPECT_EQ(config->trusted_proxies.size(), 2u);
  EXPECT_EQ(config->rest.listen, "127.0.0.1:8090");
  EXPECT_EQ(config->rest.public_url, "https://box.example");
  EXPECT_EQ(config->rest.host, "ghe.example");
  EXPECT_TRUE(config->rest.forward);
}

TEST(ShimConfigTest, WrongFlagsAreOneLine) {
  const std::string long_path = "/" + std::string(512, 'x');
  const std::vector<std::vector<const char*>> wrong = {
      {"--unknown"},
      {"stray"},
      {"--listen"},
      {"--trusted-proxy", "localhost"},
      {"--trusted-proxy", "10.0.0.0/33"},
      {"--listen", "4567"},
      {"--rest-listen", "8090"},
      // GitHub reaches the webhooks' address from the internet.
      {"--rest-listen", "127.0.0.1:4567"},
      // The door sends the tokens of its clients.
      {"--rest-listen", "127.0.0.1:8090", "--server", "box.example:50051"},
      {"--listen", ":4567"},
      {"--listen", "127.0.0.1"},
      {"--listen", "127.0.0.1:"},
      {"--listen", "127.0.0.1:65536"},
      {"--listen", "127.0.0.1:-1"},
      {"--listen", "127.0.0.1:x"},
      {"--listen", "::1:4567"},
      {"--path", ""},
      {"--path", "event_handler"},
      {"--path", "/a b"},
      {"--path", "/a?b"},
      {"--path", "/a#b"},
      {"--path", long_path.c_str()},
      {"--server", ""},
      {"--max-body", "0"},
      {"--max-body", "-1"},
      {"--max-body", "many"},
      {"--max-body", "1GiB"},
      {"--insecure-no-signature", "--webhook-secret-file", "a"},
  };
  for (const auto& arguments : wrong) {
    const auto config = Parse(arguments);
    ASSERT_FALSE(config.ok()) << arguments[0];
    EXPECT_FALSE(absl::StrContains(config.status().message(), '\n'));
  }
}

TEST(ShimConfigTest, HelpSaysHowToTryIt) {
  const auto help = Parse({"--help"});
  ASSERT_TRUE(help.ok());
  for (const char* word : {"ngrok", "gh webhook forward", "--listen",
                           "GITHUB_WEBHOOK_SECRET", "/event_handler"}) {
    EXPECT_TRUE(absl::StrContains(help->text, word)) << word;
  }
  EXPECT_TRUE(absl::StrContains(Parse({"--version"})->text, "signalbox-shim "));
}

TEST(ShimConfigTest, TlsToTheServerAndFromGitHub) {
  const auto none = Parse({});
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_FALSE(none->server_tls.enabled);
  EXPECT_EQ(none->listen_tls.cert_file, "");
  const auto config =
      Parse({"--tls", "--ca-file", "ca", "--cert-file", "cert", "--key-file",
             "key", "--server-name", "name", "--tls-cert-file", "own",
             "--tls-key-file", "own-key"});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_TRUE(config->server_tls.enabled);
  EXPECT_EQ(config->server_tls.ca_file, "ca");
  EXPECT_EQ(config->server_tls.cert_file, "cert");
  EXPECT_EQ(config->server_tls.key_file, "key");
  EXPECT_EQ(config->server_tls.server_name, "name");
  EXPECT_EQ(config->listen_tls.cert_file, "own");
  EXPECT_EQ(config->listen_tls.key_file, "own-key");
  EXPECT_FALSE(Parse({"--tls-cert-file", "own"}).ok());
  EXPECT_FALSE(Parse({"--tls-key-file", "own-key"}).ok());
}

TEST(ShimConfigTest, TheEnvironmentSetsWhatNoFlagSets) {
  for (const char* const name :
       {"SIGNALBOX_TOKEN_FILE", "SIGNALBOX_CA_FILE", "SIGNALBOX_CERT_FILE",
        "SIGNALBOX_KEY_FILE", "SIGNALBOX_SERVER_NAME"}) {
    setenv(name, name, 1);
  }
  setenv("SIGNALBOX_TLS", "1", 1);
  const auto config = Parse({"--ca-file", "flag"});
  for (const char* const name :
       {"SIGNALBOX_TOKEN_FILE", "SIGNALBOX_CA_FILE", "SIGNALBOX_CERT_FILE",
        "SIGNALBOX_KEY_FILE", "SIGNALBOX_SERVER_NAME", "SIGNALBOX_TLS"}) {
    unsetenv(name);
  }
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->token_file, "SIGNALBOX_TOKEN_FILE");
  EXPECT_TRUE(config->server_tls.enabled);
  EXPECT_EQ(config->server_tls.ca_file, "flag");
  EXPECT_EQ(config->server_tls.cert_file, "SIGNALBOX_CERT_FILE");
  EXPECT_EQ(config->server_tls.key_file, "SIGNALBOX_KEY_FILE");
  EXPECT_EQ(config->server_tls.server_name, "SIGNALBOX_SERVER_NAME");
}

// Anybody on the way could read the token.
TEST(ShimConfigTest, ATokenIsSentInClearOnlyIfToldSo) {
  for (const char* server : {"10.0.0.1:50051", "signalbox.example.com:50051"}) {
    EXPECT_FALSE(Parse({"--token-file", "t", "--server", server}).ok())
        << server;
    EXPECT_TRUE(Parse({"--server", server}).ok()) << server;
    EXPECT_TRUE(Parse({"--token-file", "t", "--server", server,
                       "--insecure-send-token"})
                    .ok())
        << server;
  }
  EXPECT_TRUE(
      Parse({"--token-file", "t", "--server", "10.0.0.1:50051", "--tls"}).ok());
  for (const char* server : {"127.0.0.1:50051", "unix:/run/signalbox.sock"}) {
    EXPECT_TRUE(Parse({"--token-file", "t", "--server", server}).ok())
        << server;
  }
}

}  // namespace
}  // namespace signalbox
