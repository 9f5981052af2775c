#include <gtest/gtest.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "shim/config.h"
#include "tests/shim/signed_request.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

class SecretsTest : public ::testing::Test {
 protected:
  ~SecretsTest() override { unsetenv("GITHUB_WEBHOOK_SECRET"); }

  std::string Path(const std::string& name) {
    return directory_.path() + "/" + name;
  }
  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(Path(name), std::ios::binary | std::ios::trunc) << text;
    return Path(name);
  }

  // Whether a delivery may be signed with it.
  bool Counts(const std::string& secret) {
    BodySignature signature(*secrets_(now_));
    signature.Update("body");
    return signature.Matches(*ParseSignature(Sign("body", secret)));
  }

  void Open(const std::vector<std::string>& paths) {
    config_.secret_files = paths;
    auto secrets = OpenWebhookSecrets(config_);
    ASSERT_TRUE(secrets.ok()) << secrets.status();
    secrets_ = *std::move(secrets);
  }

  TempDir directory_;
  ShimConfig config_;
  std::chrono::steady_clock::time_point now_{std::chrono::hours(1)};
  SecretSource secrets_;
};

TEST_F(SecretsTest, AChangedFileIsReadAgain) {
  Open({Write("a", "one\n")});
  EXPECT_TRUE(Counts("one"));
  Write("a", "another one");
  EXPECT_TRUE(Counts("another one"));
  EXPECT_FALSE(Counts("one"));
}

// Editors and secret managers put a new file in its place.
TEST_F(SecretsTest, AReplacedFileIsReadAgain) {
  Open({Write("a", "one")});
  now_ += std::chrono::hours(1);
  EXPECT_TRUE(Counts("one"));
  std::filesystem::rename(Write("b", "two"), Path("a"));
  EXPECT_TRUE(Counts("two"));
  std::filesystem::create_symlink(Write("c", "six"), Path("link"));
  Open({Path("link")});
  EXPECT_TRUE(Counts("six"));
  std::filesystem::create_symlink(Write("d", "ten"), Path("link2"));
  std::filesystem::rename(Path("link2"), Path("link"));
  EXPECT_TRUE(Counts("ten"));
}

// Within one tick of the file system's clock the file's stamp stays the same.
TEST_F(SecretsTest, AFileThatWasWrittenTwiceAtOnceIsReadAgain) {
  Open({Write("a", "one")});
  EXPECT_TRUE(Counts("one"));
  const auto written = std::filesystem::last_write_time(Path("a"));
  Write("a", "two");
  std::filesystem::last_write_time(Path("a"), written);
  EXPECT_TRUE(Counts("two"));
}

TEST_F(SecretsTest, TwoSecretsAreActive) {
  Open({Write("old", "one"), Write("new", "two")});
  EXPECT_TRUE(Counts("one"));
  EXPECT_TRUE(Counts("two"));
  Write("old", "three");
  EXPECT_TRUE(Counts("two"));
  EXPECT_TRUE(Counts("three"));
  EXPECT_FALSE(Counts("one"));
}

// The file may be half written, or the wrong one. Deliveries go on.
TEST_F(SecretsTest, AFileThatCannotBeUsedChangesNothing) {
  Open({Write("a", "one")});
  for (const char* text : {"", "two\nlines", "\xef\xbb\xbfone", " \n"}) {
    Write("a", text);
    EXPECT_TRUE(Counts("one")) << text;
  }
  std::filesystem::remove(Path("a"));
  now_ += std::chrono::hours(1);
  EXPECT_TRUE(Counts("one"));
  Write("a", "two");
  EXPECT_TRUE(Counts("two"));
}

TEST_F(SecretsTest, EachFileIsReadOnce) {
  const std::string path = Write("a", "one");
  const int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  ASSERT_GE(inotify_add_watch(watch, path.c_str(), IN_OPEN | IN_CLOSE), 0);
  Open({path});
  inotify_event events[8];
  const ssize_t size = read(watch, events, sizeof(events));
  close(watch);
  // It was opened and closed.
  EXPECT_EQ(size, static_cast<ssize_t>(2 * sizeof(inotify_event)));
}

TEST_F(SecretsTest, FilesAreReadWithoutTheirLineEnds) {
  Open({Write("new", "new secret\n"), Write("old", "old\r\n")});
  EXPECT_TRUE(Counts("new secret"));
  EXPECT_TRUE(Counts("old"));
}

TEST_F(SecretsTest, EnvironmentIsTakenAndUnset) {
  setenv("GITHUB_WEBHOOK_SECRET", "from env\n", 1);
  Open({});
  EXPECT_TRUE(Counts("from env"));
  EXPECT_EQ(getenv("GITHUB_WEBHOOK_SECRET"), nullptr);
}

TEST_F(SecretsTest, FlagOverridesEnvironment) {
  setenv("GITHUB_WEBHOOK_SECRET", "from env", 1);
  Open({Write("a", "from file")});
  EXPECT_TRUE(Counts("from file"));
  EXPECT_FALSE(Counts("from env"));
  EXPECT_EQ(getenv("GITHUB_WEBHOOK_SECRET"), nullptr);
}

TEST_F(SecretsTest, NoSecretIsAnErrorThatHelps) {
  for (const char* value : {"", " \n"}) {
    setenv("GITHUB_WEBHOOK_SECRET", value, 1);
    const auto secrets = OpenWebhookSecrets(config_);
    ASSERT_FALSE(secrets.ok());
    for (const char* word :
         {"GITHUB_WEBHOOK_SECRET", "--webhook-secret-file"}) {
      EXPECT_TRUE(absl::StrContains(secrets.status().message(), word));
    }
  }
}

TEST_F(SecretsTest, WithoutSignatureNoSecretIsWanted) {
  setenv("GITHUB_WEBHOOK_SECRET", "from env", 1);
  config_.insecure_no_signature = true;
  Open({});
  EXPECT_TRUE(secrets_(now_)->empty());
  EXPECT_EQ(getenv("GITHUB_WEBHOOK_SECRET"), nullptr);
}

TEST_F(SecretsTest, UnusableFilesAreErrorsThatNameOptionAndFile) {
  for (const std::string& file :
       {Path("absent"), directory_.path(), Write("blank", " \r\n\t"),
        Write("empty", ""), Write("lines", "canary\nb\n"),
        Write("mark",
              "\xef\xbb\xbf"
              "canary")}) {
    config_.secret_files = {Write("good", "s"), file};
    const auto secrets = OpenWebhookSecrets(config_);
    ASSERT_EQ(secrets.status().code(), absl::StatusCode::kInvalidArgument);
    for (const std::string& part :
         {std::string("--webhook-secret-file: "), file}) {
      EXPECT_TRUE(absl::StrContains(secrets.status().message(), part));
    }
    EXPECT_FALSE(absl::StrContains(secrets.status().message(), '\n'));
    EXPECT_FALSE(absl::StrContains(secrets.status().message(), "canary"));
  }
}

TEST_F(SecretsTest, ASecretOfTwoLinesInTheEnvironmentIsAnError) {
  setenv("GITHUB_WEBHOOK_SECRET", "one\ntwo", 1);
  const auto secrets = OpenWebhookSecrets(config_);
  ASSERT_FALSE(secrets.ok());
  EXPECT_TRUE(
      absl::StrContains(secrets.status().message(), "GITHUB_WEBHOOK_SECRET"));
}

TEST_F(SecretsTest, ATokenIsReadFromItsFile) {
  EXPECT_TRUE(LoadToken(config_)->empty());
  config_.token_file = Write("token", "farm-token\n");
  EXPECT_EQ(LoadToken(config_)->Reveal(), "farm-token");
  for (const std::string& file : {Path("absent"), Write("two", "a b")}) {
    config_.token_file = file;
    const auto token = LoadToken(config_);
    ASSERT_FALSE(token.ok()) << file;
    EXPECT_TRUE(absl::StrContains(token.status().message(), file));
    EXPECT_TRUE(absl::StrContains(token.status().message(), "--token-file"));
  }
}

}  // namespace
}  // namespace signalbox
