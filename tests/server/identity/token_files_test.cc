#include "server/identity/token_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class TokenFilesTest : public testing::Test {
 protected:
  // A digest of 32 such bytes.
  static std::string Digest(char byte) { return std::string(32, byte); }

  std::string Path(const std::string& name) { return dir_.path() + "/" + name; }

  void Write(const std::string& name, const std::string& text) {
    std::ofstream(Path(name)) << text;
  }

  void WriteDigest(const std::string& name, char byte) {
    Write(name, absl::StrCat(absl::BytesToHexString(Digest(byte)), "  -\n"));
  }

  absl::StatusOr<TokenFiles> Open(const std::vector<TokenFiles::Item>& items) {
    return TokenFiles::Open(
        items, &metrics_,
        [this](const std::string& caller, std::vector<CallerToken> tokens) {
          changed_[caller] = std::move(tokens);
        });
  }

  // The callers whose tokens have changed since the last call.
  std::vector<std::string> Refresh(TokenFiles& files) {
    changed_.clear();
    now_.wall += absl::Seconds(1);
    now_.steady += absl::Seconds(1);
    EXPECT_GT(files.RunOnce(now_), now_.wall);
    std::vector<std::string> callers;
    for (const auto& [caller, tokens] : changed_) {
      EXPECT_EQ(tokens.size(), files.TokensOf(caller).size());
      callers.push_back(caller);
    }
    return callers;
  }

  std::string Unusable(const char* caller, const char* token, int value) {
    return absl::StrCat("signalbox_token_file_unusable{caller=\"", caller,
                        "\",token=\"", token, "\"} ", value, "\n");
  }

  TempDir dir_;
  Metrics metrics_;
  std::map<std::string, std::vector<CallerToken>> changed_;
  Moment now_ = {absl::FromUnixSeconds(1'796'000'000),
                 SteadyTime(absl::Hours(1))};
};

TEST_F(TokenFilesTest, ReadsWhatSha256sumPrints) {
  Write("digest",
        "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824  "
        "-\n");
  const auto files = Open({{"farm", Path("digest")}});
  ASSERT_TRUE(files.ok()) << files.status();
  const std::vector<CallerToken> tokens = files->TokensOf("farm");
  ASSERT_EQ(tokens.size(), 1u);
  // Of "hello".
  EXPECT_EQ(absl::BytesToHexString(tokens[0].sha256),
            "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
  EXPECT_EQ(tokens[0].expire_time, absl::InfiniteFuture());
  EXPECT_THAT(files->TokensOf("other"), IsEmpty());
}

TEST_F(TokenFilesTest, WithoutFilesThereIsNothingToDo) {
  auto files = Open({});
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_EQ(files->RunOnce(now_), absl::InfiniteFuture());
}

TEST_F(TokenFilesTest, RefusesAFileThatHoldsSomethingElse) {
  for (const char* const text : {"token", "2cf24dba", "zz", " - "}) {
    Write("digest", text);
    const absl::Status status = Open({{"farm", Path("digest")}}).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << text;
    EXPECT_THAT(std::string(status.message()),
                testing::AllOf(
                    testing::StartsWith(absl::StrCat(Path("digest"), ":1: ")),
                    HasSubstr("`printf %s TOKEN | sha256sum`")));
  }
  Write("digest", "");
  EXPECT_FALSE(Open({{"farm", Path("digest")}}).ok());
  EXPECT_FALSE(Open({{"farm", Path("missing")}}).ok());
}

TEST_F(TokenFilesTest, ReadsAFileAgainWhenItChanges) {
  WriteDigest("old", 'a');
  WriteDigest("new", 'b');
  WriteDigest("other", 'c');
  const absl::Time end = absl::FromUnixSeconds(1'800'000'000);
  auto files = Open({{"farm", Path("old"), end},
                     {"farm", Path("new"), absl::InfiniteFuture()},
                     {"other", Path("other")}});
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_THAT(Refresh(*files), IsEmpty());
  WriteDigest("new", 'd');
  EXPECT_THAT(Refresh(*files), ElementsAre("farm"));
  const std::vector<CallerToken> tokens = changed_.at("farm");
  ASSERT_EQ(tokens.size(), 2u);
  EXPECT_EQ(tokens[0].sha256, Digest('a'));
  EXPECT_EQ(tokens[0].expire_time, end);
  EXPECT_EQ(tokens[1].sha256, Digest('d'));
  EXPECT_EQ(tokens[1].expire_time, absl::InfiniteFuture());
  WriteDigest("old", 'e');
  WriteDigest("new", 'f');
  WriteDigest("other", 'g');
  EXPECT_THAT(Refresh(*files), ElementsAre("farm", "other"));
  EXPECT_THAT(Refresh(*files), IsEmpty());
}

// An editor may have emptied the file before it writes it.
TEST_F(TokenFilesTest, ABrokenFileChangesNothingAndShows) {
  WriteDigest("one", 'a');
  WriteDigest("two", 'b');
  auto files = Open({{"farm", Path("one")}, {"farm", Path("two")}});
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_THAT(metrics_.Text(), HasSubstr(Unusable("farm", "1", 0)));
  EXPECT_THAT(metrics_.Text(), HasSubstr(Unusable("farm", "2", 0)));
  for (const char* const text : {"", "not a digest\n"}) {
    Write("two", text);
    EXPECT_THAT(Refresh(*files), IsEmpty());
    EXPECT_EQ(files->TokensOf("farm")[1].sha256, Digest('b'));
    EXPECT_THAT(metrics_.Text(), HasSubstr(Unusable("farm", "1", 0)));
    EXPECT_THAT(metrics_.Text(), HasSubstr(Unusable("farm", "2", 1)));
  }
  WriteDigest("two", 'c');
  EXPECT_THAT(Refresh(*files), ElementsAre("farm"));
  EXPECT_EQ(files->TokensOf("farm")[1].sha256, Digest('c'));
  EXPECT_THAT(metrics_.Text(), HasSubstr(Unusable("farm", "2", 0)));
}

}  // namespace
}  // namespace signalbox
