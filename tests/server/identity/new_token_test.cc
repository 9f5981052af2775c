#include "server/identity/new_token.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "server/config/config.h"
#include "server/identity/token_text.h"

namespace signalbox {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(NewTokenTest, IsOneLongWordUnlikeGitHubs) {
  std::set<std::string> tokens;
  std::set<char> characters;
  for (int i = 0; i < 200; ++i) {
    const auto made = NewToken();
    ASSERT_TRUE(made.ok()) << made.status();
    const std::string& token = made->Reveal();
    EXPECT_THAT(token, StartsWith("sbt_"));
    EXPECT_EQ(token.size(), 47u);
    EXPECT_FALSE(LooksLikeGitHubToken(token));
    EXPECT_EQ(TokenIn("token " + token).Reveal(), token);
    for (const char c : token.substr(4)) {
      EXPECT_TRUE(absl::ascii_isalnum(static_cast<unsigned char>(c))) << token;
      characters.insert(c);
    }
    EXPECT_TRUE(tokens.insert(token).second);
  }
  EXPECT_EQ(characters.size(), 62u);
}

TEST(NewTokenTest, ItsTextIsForTheConfigurationFile) {
  const auto text = NewTokenText("linux-farm", Secret("hello"));
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_THAT(*text, Not(HasSubstr("hello")));
  EXPECT_THAT(*text,
              HasSubstr("echo 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e7"
                        "3043362938b9824 > /etc/signalbox/linux-farm.sha256"));
  const auto config = ParseConfig(*text, "f.yaml");
  ASSERT_TRUE(config.ok()) << config.status();
  ASSERT_EQ(config->callers.size(), 1u);
  const CallerConfig& caller = config->callers[0];
  EXPECT_EQ(caller.name, "linux-farm");
  ASSERT_EQ(caller.tokens.size(), 1u);
  EXPECT_EQ(caller.tokens[0].sha256_file, "/etc/signalbox/linux-farm.sha256");
  EXPECT_THAT(caller.rights, ElementsAre("report", "read"));
}

TEST(NewTokenTest, ANameIsSafeInAPathAndInYaml) {
  for (const std::string& name :
       {std::string(), std::string("a b"), std::string("../x"),
        std::string("a\nb"), std::string("a: b"), std::string(101, 'x')}) {
    const absl::Status refused = NewTokenText(name, Secret("hello")).status();
    EXPECT_TRUE(absl::IsInvalidArgument(refused)) << name;
    EXPECT_THAT(std::string(refused.message()), StartsWith("NAME: \""));
  }
}

}  // namespace
}  // namespace signalbox
