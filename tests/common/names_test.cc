#include "common/names.h"

#include <gtest/gtest.h>

#include <string>

namespace signalbox {
namespace {

TEST(NamesTest, AHostIsADnsNameOrAnAddress) {
  for (const std::string& text :
       {std::string("github.com"), std::string("GHE.Example-1.com:8443"),
        std::string("10.0.0.1"), std::string("localhost"),
        std::string(63, 'a')}) {
    EXPECT_TRUE(IsHost(text)) << text;
  }
  for (const std::string& text :
       {std::string(), std::string("a..b"), std::string(".a"),
        std::string("-a"), std::string("a_b"), std::string("a:0"),
        std::string("a:65536"), std::string("a:"), std::string("a:1:1"),
        std::string("[::1]"), std::string(64, 'a')}) {
    EXPECT_FALSE(IsHost(text)) << text;
  }
}

TEST(NamesTest, OwnersAndRepositoriesAreAsGitHubNamesThem) {
  for (const std::string& text :
       {std::string("Acme-1_x"), std::string(39, 'a')}) {
    EXPECT_TRUE(IsOwner(text)) << text;
    EXPECT_TRUE(IsRepositoryName(text)) << text;
  }
  for (const std::string& text :
       {std::string(), std::string("a/b"), std::string("\u00e4"),
        std::string("a b"), std::string(101, 'a')}) {
    EXPECT_FALSE(IsOwner(text)) << text;
    EXPECT_FALSE(IsRepositoryName(text)) << text;
  }
  EXPECT_FALSE(IsOwner("a.b"));
  EXPECT_FALSE(IsOwner(std::string(40, 'a')));
  for (const std::string& text :
       {std::string("a.b"), std::string(".github"), std::string("..."),
        std::string("git"), std::string(100, 'a')}) {
    EXPECT_TRUE(IsRepositoryName(text)) << text;
  }
  for (const char* text : {".", "..", ".git", "a.GIT"}) {
    EXPECT_FALSE(IsRepositoryName(text)) << text;
  }
}

TEST(NamesTest, AShaIsFullAndNamesACommit) {
  for (const size_t size : {40U, 64U}) {
    EXPECT_TRUE(IsSha(std::string(size, 'a')));
    EXPECT_TRUE(IsSha(std::string(size, 'F')));
    EXPECT_FALSE(IsSha(std::string(size, '0')));
    EXPECT_FALSE(IsSha(std::string(size, 'g')));
    EXPECT_FALSE(IsSha(std::string(size - 1, 'a')));
  }
  EXPECT_FALSE(IsSha(""));
}

TEST(NamesTest, AContextIsText) {
  std::string wide;
  while (wide.size() < 3 * 255) wide += "\u20ac";
  for (const std::string& text :
       {std::string("ci/build"), std::string("a (b)"), std::string(255, 'x'),
        wide, std::string("\u00e4"), std::string("\u00a0"),
        std::string("Tests \u00bb Linux"), std::string("\uffff")}) {
    EXPECT_TRUE(IsContext(text)) << text;
  }
  for (const std::string& text :
       {std::string(), std::string(" a"), std::string("a "),
        std::string("a\nb"), std::string(1, '\0'), std::string("\x7f"),
        std::string("\u0080"), std::string("a\u009f"),
        std::string("\U00010000"), std::string("\xe4"),
        std::string("a\xe2\x82"), std::string("\xed\xa0\x80"),
        std::string(256, 'x'), wide + "x"}) {
    EXPECT_FALSE(IsContext(text)) << text;
  }
}

TEST(NamesTest, NamesDifferByMoreThanCase) {
  const std::vector<std::string> names = {"ci/build", "CI/Lint"};
  EXPECT_TRUE(HasName(names, "CI/build"));
  EXPECT_TRUE(HasName(names, "ci/lint"));
  EXPECT_FALSE(HasName(names, "ci"));
  EXPECT_TRUE(HasName({"GR\u00dcN"}, "gr\u00dcn"));
  EXPECT_FALSE(HasName({"GR\u00dcN"}, "gr\u00fcn"));
  EXPECT_FALSE(HasName({}, "ci"));
}

}  // namespace
}  // namespace signalbox
