#include "server/identity/issued_token.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace signalbox {
namespace {

IssuedToken Full() {
  IssuedToken token;
  token.caller = "linux-farm";
  token.issuer = std::string(32, '\x7f');
  token.expire_time = absl::FromUnixSeconds(1'796'000'000);
  token.narrowing.repositories = {"acme/*", "acme/app"};
  token.narrowing.contexts = {"ci/\u00e9"};
  token.narrowing.rights = {"report"};
  token.narrowing.sha = std::string(40, 'a');
  token.narrowing.series = "jenkins";
  token.narrowing.attempt = 9'000'000'000'000'000'000;
  return token;
}

TEST(IssuedTokenTest, BytesKeepEverything) {
  for (const IssuedToken& token : {Full(), IssuedToken()}) {
    const auto bytes = BytesOf(token);
    ASSERT_TRUE(bytes.has_value());
    EXPECT_EQ(IssuedTokenOf(*bytes), token);
  }
}

TEST(IssuedTokenTest, OtherBytesAreNoToken) {
  const std::string bytes = *BytesOf(Full());
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(IssuedTokenOf(bytes.substr(0, size)).has_value()) << size;
  }
  EXPECT_FALSE(IssuedTokenOf(bytes + '\0').has_value());
  EXPECT_FALSE(IssuedTokenOf("").has_value());
}

TEST(IssuedTokenTest, WhatDoesNotFitIsNotCut) {
  IssuedToken token = Full();
  token.narrowing.series = std::string(65536, 's');
  EXPECT_FALSE(BytesOf(token).has_value());
  token = Full();
  token.narrowing.contexts.assign(256, "c");
  EXPECT_FALSE(BytesOf(token).has_value());
}

TEST(LettersAndDigitsTest, EveryLengthComesBack) {
  for (size_t size = 0; size < 40; ++size) {
    for (const char byte : {'\0', '\x01', '\x7f', '\xff'}) {
      const std::string bytes(size, byte);
      const std::string text = EncodeLettersAndDigits(bytes);
      for (const char c : text) {
        EXPECT_TRUE(absl::ascii_isalnum(static_cast<unsigned char>(c)));
      }
      EXPECT_EQ(DecodeLettersAndDigits(text), bytes) << size;
    }
  }
  EXPECT_EQ(EncodeLettersAndDigits(std::string(8, '\0')), "00000000000");
}

// Two texts of one token would make a list of revoked ones useless.
TEST(LettersAndDigitsTest, NoSecondTextHasTheSameBytes) {
  // 2^64 and 2^8 are too large for their blocks.
  EXPECT_EQ(DecodeLettersAndDigits("LygHa16AHYF"), std::string(8, '\xff'));
  EXPECT_FALSE(DecodeLettersAndDigits("LygHa16AHYG").has_value());
  EXPECT_FALSE(DecodeLettersAndDigits("zzzzzzzzzzz").has_value());
  EXPECT_EQ(DecodeLettersAndDigits("47"), "\xff");
  EXPECT_FALSE(DecodeLettersAndDigits("48").has_value());
  for (const char* const text :
       {"0", "0000", "00000000", "0-", "0 ", "\xc3\xa9", "000000000000"}) {
    EXPECT_FALSE(DecodeLettersAndDigits(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace signalbox
