#include "server/identity/token_text.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace signalbox {
namespace {

std::string Token(absl::string_view authorization) {
  return TokenIn(authorization).Reveal();
}

std::string Basic(absl::string_view pair) {
  return absl::StrCat("Basic ", absl::Base64Escape(pair));
}

TEST(TokenTextTest, TakesASchemeInAnyCaseOrNone) {
  for (const char* const value :
       {"Bearer t0k_n", "bearer t0k_n", "BEARER  t0k_n", "token t0k_n",
        "Token t0k_n", "TOKEN t0k_n ", "t0k_n", " t0k_n\t"}) {
    EXPECT_EQ(Token(value), "t0k_n") << value;
  }
}

TEST(TokenTextTest, TakesTheTokenOutOfBasic) {
  for (const char* const pair :
       {"anybody:t0k_n", "x-oauth-basic:t0k_n", ":t0k_n",
        "t0k_n:", "t0k_n:x-oauth-basic", "t0k_n"}) {
    EXPECT_EQ(Token(Basic(pair)), "t0k_n") << pair;
    EXPECT_EQ(Token(absl::StrCat("bAsIc ", absl::Base64Escape(pair))), "t0k_n");
  }
  // A password may have a colon.
  EXPECT_EQ(Token(Basic("user:a:b")), "a:b");
}

TEST(TokenTextTest, ASchemeAloneOrBrokenBase64IsNoToken) {
  for (const char* const value : {"", " ", "Bearer ", "token  ", "Basic ",
                                  "Basic !", "Basic a", "Basic dDBrX24=x"}) {
    EXPECT_EQ(Token(value), "") << value;
  }
  for (const char* const pair : {"", ":", ":x-oauth-basic"}) {
    EXPECT_EQ(Token(Basic(pair)), "") << pair;
  }
}

// A token may begin like a scheme.
TEST(TokenTextTest, ASchemeEndsWithASpace) {
  for (const char* const value : {"Bearer", "token", "tokenX", "basic_x"}) {
    EXPECT_EQ(Token(value), value);
  }
}

TEST(TokenTextTest, KnowsTheFormsOfGitHubsTokens) {
  const std::string hex = "6dcb09b5b57875f334f61aebed695e2e4193db5e";
  for (const std::string& token :
       {std::string("ghp_x"), std::string("gho_x"), std::string("ghu_x"),
        std::string("ghs_x"), std::string("ghr_x"), std::string("GHP_x"),
        std::string("github_pat_x"), hex, absl::StrCat("v1.", hex)}) {
    EXPECT_TRUE(LooksLikeGitHubToken(token)) << token;
  }
  for (const std::string& token :
       {std::string(), std::string("ghp"), std::string("xghp_"),
        std::string("farm-token"), hex.substr(1), absl::StrCat(hex, "0"),
        absl::StrCat(hex.substr(1), "g")}) {
    EXPECT_FALSE(LooksLikeGitHubToken(token)) << token;
  }
}

// GitHub gets the whole header, and Basic has room for two tokens.
TEST(TokenTextTest, OnlyTokensOfGitHubsMayGoThere) {
  for (const std::string& value :
       {std::string("token ghp_x"), std::string("ghp_x"), Basic("user:ghp_x"),
        Basic("ghp_x:"), Basic("ghp_x:x-oauth-basic")}) {
    EXPECT_TRUE(MayGoToGitHub(value)) << value;
  }
  for (const std::string& value :
       {std::string(), std::string("token sbt_x"), std::string("bearer sbx_x"),
        Basic("user:sbt_x"), Basic("ghp_x:sbt_x"), Basic("sbt_x:ghp_x"),
        Basic("sbx_x:ghp_x"), std::string("Basic !")}) {
    EXPECT_FALSE(MayGoToGitHub(value)) << value;
  }
}

}  // namespace
}  // namespace signalbox
