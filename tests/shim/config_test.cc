#include "shim/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/strings/match.h"
#include "tests/support/temp_dir.h"

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
  EXPECT_EQ(config->text, "");
}

TEST(ShimConfigTest, FlagsAreRead) {
  const auto config = Parse({"--listen", "[::1]:0", "--path=/hooks", "--server",
                             "localhost:1", "--webhook-secret-file", "a",
                             "--webhook-secret-file=b", "--max-body", "1MiB"});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->listen.ToString(), "[::1]:0");
  EXPECT_EQ(config->path, "/hooks");
  EXPECT_EQ(config->server, "localhost:1");
  EXPECT_THAT(config->secret_files, ElementsAre("a", "b"));
  EXPECT_EQ(config->max_body, 1u << 20);
}

TEST(ShimConfigTest, WrongFlagsAreOneLine) {
  const std::string long_path = "/" + std::string(512, 'x');
  const std::vector<std::vector<const char*>> wrong = {
      {"--unknown"},
      {"stray"},
      {"--listen"},
      {"--listen", "4567"},
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

class WebhookSecretTest : public ::testing::Test {
 protected:
  ~WebhookSecretTest() override { unsetenv("GITHUB_WEBHOOK_SECRET"); }

  std::string File(const char* name, const std::string& text) {
    const std::string path = directory_ + "/" + name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  // Those that LoadWebhookSecrets returns.
  std::vector<std::string> Texts() {
    const auto secrets = LoadWebhookSecrets(config_);
    if (!secrets.ok()) return {std::string(secrets.status().message())};
    std::vector<std::string> texts;
    for (const Secret& secret : *secrets) texts.push_back(secret.Reveal());
    return texts;
  }

  const TempDir dir_;
  const std::string directory_ = dir_.path();
  ShimConfig config_;
};

TEST_F(WebhookSecretTest, FilesAreReadWithoutTheirLineEnds) {
  config_.secret_files = {File("new", "new secret\n"), File("old", "old\r\n")};
  EXPECT_THAT(Texts(), ElementsAre("new secret", "old"));
}

TEST_F(WebhookSecretTest, EnvironmentIsTakenAndUnset) {
  setenv("GITHUB_WEBHOOK_SECRET", "from env\n", 1);
  EXPECT_THAT(Texts(), ElementsAre("from env"));
  EXPECT_EQ(getenv("GITHUB_WEBHOOK_SECRET"), nullptr);
}

TEST_F(WebhookSecretTest, FlagOverridesEnvironment) {
  setenv("GITHUB_WEBHOOK_SECRET", "from env", 1);
  config_.secret_files = {File("a", "from file")};
  EXPECT_THAT(Texts(), ElementsAre("from file"));
  EXPECT_EQ(getenv("GITHUB_WEBHOOK_SECRET"), nullptr);
}

TEST_F(WebhookSecretTest, NoSecretIsAnErrorThatHelps) {
  for (const char* value : {"", " \n"}) {
    setenv("GITHUB_WEBHOOK_SECRET", value, 1);
    const auto secrets = LoadWebhookSecrets(config_);
    ASSERT_FALSE(secrets.ok());
    for (const char* word :
         {"GITHUB_WEBHOOK_SECRET", "--webhook-secret-file"}) {
      EXPECT_TRUE(absl::StrContains(secrets.status().message(), word));
    }
  }
}

TEST_F(WebhookSecretTest, WithoutSignatureNoSecretIsWanted) {
  setenv("GITHUB_WEBHOOK_SECRET", "from env", 1);
  config_.insecure_no_signature = true;
  EXPECT_THAT(Texts(), IsEmpty());
  EXPECT_EQ(getenv("GITHUB_WEBHOOK_SECRET"), nullptr);
}

TEST_F(WebhookSecretTest, UnusableFilesAreErrorsThatNameOptionAndFile) {
  for (const std::string& file :
       {directory_ + "/absent", directory_, File("blank", " \r\n\t"),
        File("lines", "canary\nb\n")}) {
    config_.secret_files = {File("good", "s"), file};
    const auto secrets = LoadWebhookSecrets(config_);
    ASSERT_EQ(secrets.status().code(), absl::StatusCode::kInvalidArgument);
    for (const std::string& part :
         {std::string("--webhook-secret-file: "), file}) {
      EXPECT_TRUE(absl::StrContains(secrets.status().message(), part));
    }
    EXPECT_FALSE(absl::StrContains(secrets.status().message(), '\n'));
    EXPECT_FALSE(absl::StrContains(secrets.status().message(), "canary"));
  }
}

TEST_F(WebhookSecretTest, ASecretOfTwoLinesInTheEnvironmentIsAnError) {
  setenv("GITHUB_WEBHOOK_SECRET", "one\ntwo", 1);
  const auto secrets = LoadWebhookSecrets(config_);
  ASSERT_FALSE(secrets.ok());
  EXPECT_TRUE(
      absl::StrContains(secrets.status().message(), "GITHUB_WEBHOOK_SECRET"));
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
  for (const char* server : {"127.0.0.1:50051", "unix:/run/signalbox.sock"}) {
    EXPECT_TRUE(Parse({"--token-file", "t", "--server", server}).ok())
        << server;
  }
}

TEST_F(WebhookSecretTest, ATokenIsReadFromItsFile) {
  EXPECT_TRUE(LoadToken(config_)->empty());
  config_.token_file = File("token", "farm-token\n");
  EXPECT_EQ(LoadToken(config_)->Reveal(), "farm-token");
  for (const std::string& file : {directory_ + "/absent", File("two", "a b")}) {
    config_.token_file = file;
    const auto token = LoadToken(config_);
    ASSERT_FALSE(token.ok()) << file;
    EXPECT_TRUE(absl::StrContains(token.status().message(), file));
    EXPECT_TRUE(absl::StrContains(token.status().message(), "--token-file"));
  }
}

}  // namespace
}  // namespace signalbox
