#include "server/identity/token_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/error.h"
#include "tests/support/temp_dir.h"

namespace signalbox {
namespace {

using ::testing::HasSubstr;

constexpr absl::Duration kOneDay = absl::Hours(24);

class TokenKeysTest : public testing::Test {
 protected:
  static IssuedToken TokenUntil(absl::Time end) {
    IssuedToken token;
    token.caller = "farm";
    token.issuer = std::string(32, 'i');
    token.expire_time = end;
    token.narrowing.repositories = {"acme/app"};
    return token;
  }

  std::string Issue(TokenKeys& keys) {
    const auto text = keys.Issue(TokenUntil(now_ + absl::Hours(1)), now_);
    EXPECT_TRUE(text.ok()) << text.status();
    return text.value_or("");
  }

  std::string Content() const {
    std::ostringstream text;
    text << std::ifstream(path_).rdbuf();
    return text.str();
  }

  const TempDir dir_;
  const std::string path_ = dir_.Path("issued_token_keys");
  absl::Time now_ = absl::FromUnixSeconds(1'796'000'000);
};

TEST_F(TokenKeysTest, ATokenIsLettersAndDigitsAndSaysWhatItIs) {
  TokenKeys keys(path_);
  ASSERT_TRUE(keys.Load().ok());
  const std::string text = Issue(keys);
  ASSERT_TRUE(absl::StartsWith(text, "sbx_"));
  for (const char c : text.substr(4)) {
    EXPECT_TRUE(absl::ascii_isalnum(static_cast<unsigned char>(c)));
  }
  EXPECT_EQ(keys.Verify(text), TokenUntil(now_ + absl::Hours(1)));
}

TEST_F(TokenKeysTest, EveryOtherTextIsUnknown) {
  TokenKeys keys(path_);
  const std::string text = Issue(keys);
  for (size_t i = 0; i < text.size(); ++i) {
    for (const char c : {'0', 'A', 'z', '_', '\0', '\n'}) {
      std::string changed = text;
      if (changed[i] == c) continue;
      changed[i] = c;
      EXPECT_FALSE(keys.Verify(changed).has_value()) << i;
    }
    EXPECT_FALSE(keys.Verify(text.substr(0, i)).has_value()) << i;
    EXPECT_FALSE(keys.Verify(text.substr(i + 1)).has_value()) << i;
  }
  EXPECT_FALSE(keys.Verify(text + "0").has_value());
  EXPECT_FALSE(keys.Verify(text + "00").has_value());
  EXPECT_FALSE(keys.Verify(text + std::string(5000, '0')).has_value());
  EXPECT_TRUE(keys.Verify(text).has_value());
}

TEST_F(TokenKeysTest, KeysOfAnotherFileDoNotVerify) {
  TokenKeys keys(path_);
  TokenKeys other(dir_.Path("other"));
  const std::string text = Issue(keys);
  EXPECT_FALSE(other.Verify(text).has_value());
  Issue(other);
  EXPECT_FALSE(other.Verify(text).has_value());
}

// A restart must not end tokens.
TEST_F(TokenKeysTest, KeysAreInAFileThatOnlyTheServerCanRead) {
  TokenKeys keys(path_);
  const std::string text = Issue(keys);
  struct stat found;
  ASSERT_EQ(stat(path_.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
  TokenKeys again(path_);
  ASSERT_TRUE(again.Load().ok());
  EXPECT_TRUE(again.Verify(text).has_value());
  const std::string before = Content();
  EXPECT_TRUE(keys.Verify(Issue(again)).has_value());
  EXPECT_EQ(Content(), before);
}

TEST_F(TokenKeysTest, EveryTokenEndsBeforeItsKeyIsGone) {
  TokenKeys keys(path_);
  const absl::Time begin = now_;
  Issue(keys);
  const std::string first_key = Content();
  // The last moment of the first key, for the longest life.
  now_ = begin + 31 * kOneDay - absl::Nanoseconds(1);
  const absl::Time end = now_ + kLongestTokenLife;
  const std::string last = *keys.Issue(TokenUntil(end), now_);
  EXPECT_EQ(Content(), first_key);
  now_ = begin + 31 * kOneDay;
  const std::string by_second = Issue(keys);
  EXPECT_NE(Content(), first_key);
  for (; now_ <= end; now_ += kOneDay) {
    Issue(keys);
    EXPECT_TRUE(keys.Verify(last).has_value()) << now_;
  }
  now_ = begin + 62 * kOneDay;
  Issue(keys);
  EXPECT_FALSE(keys.Verify(last).has_value());
  EXPECT_TRUE(keys.Verify(by_second).has_value());
  EXPECT_EQ(
      keys.Issue(TokenUntil(now_ + kLongestTokenLife + absl::Seconds(1)), now_)
          .status()
          .code(),
      absl::StatusCode::kInternal);
}

// A clock that was years ahead for a moment must not keep its key for years.
TEST_F(TokenKeysTest, AKeyFromTheFutureIsReplaced) {
  TokenKeys keys(path_);
  now_ += 4000 * kOneDay;
  Issue(keys);
  const std::string future = Content();
  now_ -= 4000 * kOneDay;
  const std::string text = Issue(keys);
  EXPECT_NE(Content(), future);
  EXPECT_TRUE(keys.Verify(text).has_value());
}

TEST_F(TokenKeysTest, ATokenHasAtMostWhatClientsAccept) {
  TokenKeys keys(path_);
  IssuedToken token = TokenUntil(now_);
  size_t longest = 0;
  absl::Status refused;
  while (refused.ok() && token.narrowing.contexts.size() < 300) {
    token.narrowing.contexts.push_back(std::string(20, 'c'));
    const auto text = keys.Issue(token, now_);
    refused = text.status();
    if (text.ok()) longest = text->size();
  }
  EXPECT_EQ(ReasonOf(refused), "NARROWING_TOO_LARGE");
  EXPECT_LE(longest, 4096u);
  EXPECT_GT(longest, 4000u);
}

TEST_F(TokenKeysTest, ADamagedFileIsNoReasonToMakeOtherKeys) {
  TokenKeys made(path_);
  Issue(made);
  const std::string line = Content().substr(Content().find('\n') + 1);
  for (const std::string& text :
       {std::string("x\n"), line.substr(0, 20), line + line + line,
        absl::StrCat("x", line), absl::StrCat("1 ", std::string(62, 'a'))}) {
    std::ofstream(path_) << text;
    TokenKeys keys(path_);
    const absl::Status refused = keys.Load();
    EXPECT_EQ(ReasonOf(refused), "INVALID_SECRET_FILE") << text;
    EXPECT_THAT(std::string(refused.message()), HasSubstr(path_));
  }
}

TEST_F(TokenKeysTest, WithoutADiskThereIsNoToken) {
  TokenKeys keys(dir_.Path("none/issued_token_keys"));
  ASSERT_TRUE(keys.Load().ok());
  EXPECT_EQ(keys.Issue(TokenUntil(now_), now_).status().code(),
            absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace signalbox
