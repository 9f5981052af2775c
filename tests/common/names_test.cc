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

TEST(NamesTest, AContextIsPrintable) {
  for (const std::string& text :
       {std::string("ci/build"), std::string("a (b)"), std::string(255, 'x')}) {
    EXPECT_TRUE(IsContext(text)) << text;
  }
  for (const std::string& text :
       {std::string(), std::string(" a"), std::string("a "),
        std::string("a\nb"), std::string("\u00e4"), std::string(256, 'x')}) {
    EXPECT_FALSE(IsContext(text)) << text;
  }
}

TEST(NamesTest, NamesDifferByMoreThanCase) {
  const std::vector<std::string> names = {"ci/build", "CI/Lint"};
  EXPECT_TRUE(HasName(names, "CI/build"));
  EXPECT_TRUE(HasName(names, "ci/lint"));
  EXPECT_FALSE(HasName(names, "ci"));
  EXPECT_FALSE(HasName({}, "ci"));
}

}  // namespace
}  // namespace signalbox
